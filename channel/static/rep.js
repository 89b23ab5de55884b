// The rep's page: the list lies on the phone, and what is done at a store is kept at once, shown, and sent when it can be.
"use strict";
(() => {
  const page = document.getElementById("visits");
  const words = page.dataset;
  const list = page.querySelector("[data-list]");
  const status = page.querySelector("[data-status]");
  const row = page.querySelector("#act");
  const SIDE = 1280;
  const VAGUE_M = 200; // beyond it a phone cannot say where a store stands
  const TONES = { kept: "good", refused: "bad", waiting: "warn" };
  const LABELS = { "check-in": "checkIn", outcome: "outcome", shelf: "shelf", photo: "photo", pin: "pin" };
  const SAID = { kept: "isKept", refused: "isRefused", waiting: "isWaiting" };

  const { who } = self;
  const cards = () => [...list.querySelectorAll("[data-visit]")];
  let shown = words.day; // which day is on the page

  const shownAct = (one) => self.makeSending.shown(row, one, {
    changed: sending.changed,
    what: words[LABELS[one.kind]],
    how: one.said,
    said: words[SAID[one.state]],
    tone: TONES[one.state],
  });

  // What is done once goes away as soon as it is kept here; what needs scripts is there because they are.
  const dress = (card, mine) => {
    const acts = mine.filter(({ visit }) => visit === card.dataset.visit).reverse();
    const done = (kind) => acts.some((one) => one.kind === kind && one.state !== "refused");
    for (const one of card.querySelectorAll("[data-once]")) one.hidden = done(one.dataset.once);
    for (const one of card.querySelectorAll("form[data-act=check-in] [name=place]")) one.hidden = done("check-in");
    for (const one of card.querySelectorAll("[data-scripted]")) one.hidden = false;
    card.querySelector("[data-acts]").replaceChildren(...acts.map(shownAct));
  };

  // Puts the list that the house told last on the page; a card that somebody is filling in stays as it is.
  const paint = ({ day, html }) => {
    if (!html || (shown && shown !== day)) return;
    const told = new DOMParser().parseFromString(html, "text/html");
    const fresh = [...told.querySelectorAll("[data-visit]")];
    if (!shown || fresh.map(({ id }) => id).join() !== cards().map(({ id }) => id).join()) {
      list.replaceChildren(...told.body.childNodes);
    } else {
      list.querySelector("[data-head]").replaceWith(told.querySelector("[data-head]"));
      for (const card of fresh) {
        const old = document.getElementById(card.id);
        const typing = old.contains(document.activeElement) && document.activeElement.matches("input, select, textarea");
        if ("touched" in old.dataset || typing) continue;
        for (const open of old.querySelectorAll("details[open]")) {
          const same = card.querySelector(`details[data-name=${open.dataset.name}]`);
          if (same) same.open = true;
        }
        old.replaceWith(card);
      }
    }
    shown = day;
  };

  let painted = "";
  const render = async () => {
    const me = who();
    if (!me) {
      if (!words.day) list.replaceChildren();
      status.textContent = words.unknown;
      return;
    }
    const [known, mine] = await Promise.all([self.Outbox.known(me), self.Outbox.list(me)]);
    if (known.html !== painted) paint(known);
    painted = known.html;
    for (const card of cards()) dress(card, mine);
    page.dataset.waiting = mine.filter((one) => one.state === "waiting").length;
    sending.say(status, page.querySelector("[data-door]"), words);
  };

  const sending = self.makeSending({ where: () => shown, render, waiting: () => Number(page.dataset.waiting) });

  const position = () => new Promise((resolve) => {
    if (!("geolocation" in navigator)) return resolve(null);
    navigator.geolocation.getCurrentPosition(({ coords }) => resolve(coords), () => resolve(null), { enableHighAccuracy: true, timeout: 12000, maximumAge: 0 });
  });
  const away = ({ dataset }, { latitude, longitude }) => {
    const rad = Math.PI / 180;
    const [lat, lon] = [Number(dataset.lat), Number(dataset.lon)];
    const half = Math.sin((latitude - lat) * rad / 2) ** 2 + Math.cos(lat * rad) * Math.cos(latitude * rad) * Math.sin((longitude - lon) * rad / 2) ** 2;
    return 2 * 6371009 * Math.asin(Math.sqrt(Math.min(half, 1)));
  };

  // A phone's photo is 5 MB of which the house keeps a tenth: made small here, if this browser can.
  const small = async (file) => {
    try {
      const image = await createImageBitmap(file);
      const scale = Math.min(1, SIDE / Math.max(image.width, image.height));
      const canvas = Object.assign(document.createElement("canvas"), { width: Math.round(image.width * scale), height: Math.round(image.height * scale) });
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      return (await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.85))) || file;
    } catch {
      return file;
    }
  };

  const say = (form, text) => {
    const place = form.querySelector("[role=status]");
    if (place) place.textContent = text;
  };

  // Fills in where the phone is; tells whether that will do.
  const locate = async (form, card, fields) => {
    say(form, words.asking);
    const coords = await position();
    say(form, coords ? "" : words.denied);
    const reason = card.querySelector("[data-name=reason]");
    if (!coords) {
      if (reason && form.dataset.act === "check-in") reason.open = true;
      return false;
    }
    if (form.dataset.act === "pin" && coords.accuracy > VAGUE_M) {
      say(form, words.vague);
      return false;
    }
    if (form.dataset.act === "check-in" && away(card, coords) > Number(card.dataset.near) + Math.min(coords.accuracy, Number(card.dataset.rough))) {
      say(form, words.far);
      if (reason) reason.open = true;
      return false;
    }
    Object.assign(fields, { lat_deg: String(coords.latitude), lon_deg: String(coords.longitude), accuracy_m: String(coords.accuracy) });
    return true;
  };

  const said = (form, fields) => {
    const product = form.querySelector("[name=gtin]");
    const name = product && product.value ? product.selectedOptions[0].textContent : "";
    const numbers = ["stock", "facings", "shelves", "displayed"].filter((one) => fields[one]).map((one) => `${form.querySelector(`[name=${one}]`).labels[0].textContent} ${fields[one]}`);
    return [name, ...numbers].filter(Boolean).join(" · ");
  };

  const take = async (form, button) => {
    const card = form.closest("[data-visit]");
    const me = who();
    if (!me) return;
    const fields = {};
    for (const [name, value] of new FormData(form, button)) {
      if (typeof value === "string" && value && !["csrf_token", "day", "key"].includes(name)) fields[name] = value;
    }
    if (fields.place === "position" && !(await locate(form, card, fields))) return;
    const file = form.querySelector("[type=file]");
    const blob = file ? await small(file.files[0]) : null;
    await sending.add({ who: me, kind: form.dataset.act, visit: card.dataset.visit, fields, said: said(form, fields), blob });
    form.reset();
    delete card.dataset.touched;
  };

  const start = async () => {
    await render(); // fails where this browser keeps nothing: the plain forms go on working
    list.addEventListener("input", ({ target }) => {
      const card = target.closest("[data-visit]");
      if (card) card.dataset.touched = "";
    });
    list.addEventListener("submit", (event) => {
      const form = event.target;
      event.preventDefault();
      if ("busy" in form.dataset) return;
      form.dataset.busy = "";
      form.closest("[data-visit]").dataset.touched = ""; // what it says stays, though the list comes anew meanwhile
      take(form, event.submitter).finally(() => { delete form.dataset.busy; });
    });
    sending.start("/rep/worker.js", "/rep");
    await sending.send();
  };
  start();
})();
