// Sends what an outbox keeps: at once, when there is a network again, and ever more rarely while something waits.
"use strict";
self.makeSending = ({ where, render, waiting }) => {
  const others = new BroadcastChannel(self.Outbox.name);
  const SOON_MS = 4000;
  const LATE_MS = 60000;
  let wait = SOON_MS;
  let timer = 0;
  let sending = null;
  let came = "sent"; // of the last try: "sent", "signed-out" or "offline"

  const changed = () => {
    others.postMessage("changed");
    return render();
  };

  // One at a time; while something waits, it is tried again.
  const send = () => (sending ??= self.Outbox.send(where()).then(async (now) => {
    sending = null;
    came = now;
    others.postMessage(came);
    await render();
    clearTimeout(timer);
    if (waiting() && came !== "signed-out") {
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
    if (sync) await sync.register(self.Outbox.box);
  };

  // Keeps something, shows it and sends it as soon as that can be.
  const add = async (one) => {
    await self.Outbox.add({ ...one, key: key(), at: Date.now() });
    if (navigator.storage && navigator.storage.persist) navigator.storage.persist();
    await changed();
    if ("serviceWorker" in navigator) wake().catch(() => undefined);
    soon();
  };
  const key = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

  const start = (worker, scope) => {
    others.addEventListener("message", ({ data }) => {
      if (data !== "changed") came = data;
      render();
    });
    addEventListener("online", soon);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) soon(); });
    if ("serviceWorker" in navigator) navigator.serviceWorker.register(worker, { scope });
  };

  // Says how much waits, and what it waits for.
  const say = (status, door, words) => {
    const count = waiting();
    const out = came === "signed-out";
    const kept = count ? (out ? words.signin : words.left).replace("0", count) : "";
    status.textContent = [came === "offline" ? words.offline : "", kept || (out ? words.unknown : "")].filter(Boolean).join(document.documentElement.lang.startsWith("zh") ? "" : " ");
    door.hidden = !out;
  };

  return { add, changed, say, send, soon, start };
};

// Shows one thing that was done, or is to be: in words, with when, its state, and a button that drops what was refused.
self.makeSending.shown = (row, one, { changed, what, how, said, tone }) => {
  const item = row.content.firstElementChild.cloneNode(true);
  const put = (name, text) => { item.querySelector(`[data-is=${name}]`).textContent = text; };
  const clock = () => new Date(one.at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
  put("what", what);
  put("how", [how, one.clock || clock()].filter(Boolean).join(" · "));
  put("note", one.note || "");
  put("state", said);
  item.querySelector("[data-is=state]").classList.add(tone);
  const away = item.querySelector("button");
  away.hidden = one.state !== "refused";
  away.addEventListener("click", () => self.Outbox.drop(one.key).then(changed));
  return item;
};
