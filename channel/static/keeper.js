// The keeper's page: what is scanned is kept on the phone at once, shown, and sent when there is a network.
"use strict";
(() => {
  const page = document.getElementById("arrivals");
  const form = page.querySelector("form");
  const list = page.querySelector("#arrived");
  const status = page.querySelector("[data-status]");
  const choice = form.elements.namedItem("store");
  const row = page.querySelector("#arrival");
  const words = page.dataset;
  const others = new BroadcastChannel("keeper");
  const LONGEST = 2000;
  const SOON_MS = 4000;
  const LATE_MS = 60000;
  let wait = SOON_MS;
  let timer = 0;
  let sending = null;
  let came = "sent"; // of the last try: "sent", "signed-out" or "offline"

  const who = () => (document.cookie.match(/(?:^|; )who=([0-9a-f]+)/) || [])[1] || "";
  const today = (at) => new Date(at).toDateString() === new Date().toDateString();
  const random = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const tail = (code) => `…${code.replace(/[?#].*$/, "").replace(/\/$/, "").slice(-4)}`;
  const clock = (at) => new Date(at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
  const TONES = { recorded: "good", here: "plain", refused: "bad", waiting: "warn" };

  const shown = (one) => {
    const item = row.content.firstElementChild.cloneNode(true);
    const put = (name, text) => { item.querySelector(`[data-is=${name}]`).textContent = text; };
    put("what", one.what || `${words.code} ${tail(one.code || "")}`);
    put("how", [one.how, one.clock || clock(one.at)].filter(Boolean).join(" · "));
    put("note", one.note || "");
    put("state", one.said || (one.state === "refused" ? words.refused : words.unsent));
    item.querySelector("[data-is=state]").classList.add(TONES[one.state]);
    const away = item.querySelector("button");
    away.hidden = one.state !== "refused";
    away.addEventListener("click", () => self.Outbox.drop(one.key).then(changed));
    return item;
  };

  const stores = (known) => {
    const before = choice.value || known.store;
    if (!known.stores.length) return;
    choice.replaceChildren(...known.stores.map(({ id, name }) => new Option(name, id, false, id === before)));
    choice.closest("[data-choice]").hidden = known.stores.length < 2;
    page.querySelector("[data-store]").textContent = (known.stores.find(({ id }) => id === choice.value) || known.stores[0]).name;
  };

  const render = async () => {
    const me = who();
    form.hidden = page.querySelector("[data-scan]").inert = !me;
    if (!me) {
      list.replaceChildren();
      status.textContent = words.unknown;
      return;
    }
    const [known, mine] = await Promise.all([self.Outbox.known(me), self.Outbox.list(me)]);
    stores(known);
    const here = mine.filter((one) => one.state === "waiting" || one.state === "refused" || (one.store === choice.value && today(one.at)));
    const told = new Set(mine.map((one) => one.arrival));
    const more = (known.arrivals[choice.value] || []).filter((one) => !told.has(one.arrival));
    list.replaceChildren(...[...here, ...more].map(shown));
    page.querySelector("[data-empty]").hidden = list.children.length > 0;
    const waiting = mine.filter((one) => one.state === "waiting").length;
    page.dataset.waiting = waiting;
    say(waiting);
  };

  const say = (waiting) => {
    const out = came === "signed-out";
    const kept = waiting ? (out ? words.signin : words.left).replace("0", waiting) : "";
    status.textContent = [came === "offline" ? words.offline : "", kept || (out ? words.unknown : "")].filter(Boolean).join(" ");
    page.querySelector("[data-door]").hidden = !out;
  };

  const changed = () => {
    others.postMessage("changed");
    return render();
  };

  // One at a time; while something waits, it is tried again, ever more rarely.
  const send = () => (sending ??= self.Outbox.send(choice.value).then(async (now) => {
    sending = null;
    came = now;
    others.postMessage(came);
    await render();
    const waiting = Number(page.dataset.waiting);
    clearTimeout(timer);
    if (waiting && came !== "signed-out") {
      timer = setTimeout(send, wait);
      wait = Math.min(2 * wait, LATE_MS);
    }
  }));
  const soon = () => {
    wait = SOON_MS;
    return send();
  };

  const wake = async () => {
    const { sync } = await navigator.serviceWorker.ready;
    if (sync) await sync.register("arrivals");
  };

  const add = async (text) => {
    const code = text.trim().slice(0, LONGEST);
    const me = who();
    if (!code || !me || !choice.value) return;
    await self.Outbox.add({ key: random(), who: me, store: choice.value, code, at: Date.now() });
    if (navigator.storage && navigator.storage.persist) navigator.storage.persist();
    await changed();
    if ("serviceWorker" in navigator) wake().catch(() => undefined);
    soon();
  };

  const start = async () => {
    await render(); // fails where this browser keeps nothing: the plain form goes on working
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const field = form.elements.namedItem("code");
      add(field.value).then(() => { field.value = ""; field.focus(); });
    });
    choice.addEventListener("change", () => { render(); soon(); });
    others.addEventListener("message", ({ data }) => {
      if (data !== "changed") came = data;
      render();
    });
    addEventListener("online", soon);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) soon(); });
    if ("serviceWorker" in navigator) navigator.serviceWorker.register("/keeper/worker.js", { scope: "/keeper" });
    self.Reader.attach(page.querySelector("[data-scan]"), add);
    await send();
  };
  start();
})();
