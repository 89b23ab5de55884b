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
  const LONGEST = 2000;

  const { who } = self;
  const today = (at) => new Date(at).toDateString() === new Date().toDateString();
  const tail = (code) => `…${code.replace(/[?#].*$/, "").replace(/\/$/, "").slice(-4)}`;
  const TONES = { recorded: "good", here: "plain", refused: "bad", waiting: "warn" };

  const shown = (one) => self.makeSending.shown(row, one, {
    changed: sending.changed,
    what: one.what || `${words.code} ${tail(one.code || "")}`,
    how: one.how,
    said: one.said || (one.state === "refused" ? words.refused : words.unsent),
    tone: TONES[one.state],
  });

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
    sending.say(status, page.querySelector("[data-door]"), words);
  };

  const sending = self.makeSending({ where: () => choice.value, render, waiting: () => Number(page.dataset.waiting) });

  const add = async (text) => {
    const code = text.trim().slice(0, LONGEST);
    const me = who();
    if (!code || !me || !choice.value) return;
    await sending.add({ who: me, store: choice.value, code });
  };

  const start = async () => {
    await render(); // fails where this browser keeps nothing: the plain form goes on working
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const field = form.elements.namedItem("code");
      add(field.value).then(() => { field.value = ""; field.focus(); });
    });
    choice.addEventListener("change", () => { render(); sending.soon(); });
    sending.start("/keeper/worker.js", "/keeper");
    self.Reader.attach(page.querySelector("[data-scan]"), add);
    await sending.send();
  };
  start();
})();
