// What a keeper scanned, kept on the phone until the house has answered. Used by the page and by its worker.
//
// Every arrival is kept first and sent afterwards, under a key of its own: sent twice, or by two windows, it is one.
// All of it belongs to whoever scanned it (`who`): nobody else's session sends it, and nobody else is shown it.
"use strict";
self.Outbox = (() => {
  const AT_ONCE = 50;
  const PATIENCE_MS = 15000;
  const KEPT_MS = 2 * 24 * 3600 * 1000; // how long what was answered stays on the phone

  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const committed = (change) => new Promise((resolve, reject) => {
    change.oncomplete = () => resolve();
    change.onabort = change.onerror = () => reject(change.error);
  });

  let opened = null;
  const database = () => (opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("keeper", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("arrivals", { keyPath: "key" }).createIndex("who", "who");
      request.result.createObjectStore("known", { keyPath: "who" });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  }));
  const write = async (store, act) => {
    const change = (await database()).transaction(store, "readwrite", { durability: "strict" });
    act(change.objectStore(store));
    await committed(change);
  };
  const read = async (store, ask) => done(ask((await database()).transaction(store).objectStore(store)));

  const list = async (who) => (await read("arrivals", (store) => store.index("who").getAll(who))).sort((one, other) => other.at - one.at);
  const known = async (who) => (await read("known", (store) => store.get(who))) || { who, stores: [], store: null, arrivals: {} };
  const add = (arrival) => write("arrivals", (store) => store.add({ ...arrival, state: "waiting" }));
  const drop = (key) => write("arrivals", (store) => store.delete(key));

  // An answer is written over what still waits, never over a later answer.
  const settle = (answers) => write("arrivals", (store) => {
    for (const answer of answers) {
      store.get(answer.key).onsuccess = ({ target }) => {
        if (target.result && target.result.state === "waiting") store.put({ ...target.result, ...answer });
      };
    }
  });
  const tidy = (who, now) => write("arrivals", (store) => {
    store.index("who").openCursor(who).onsuccess = ({ target }) => {
      const cursor = target.result;
      if (!cursor) return;
      const { state, at } = cursor.value;
      if (now - at > KEPT_MS && (state === "recorded" || state === "here")) cursor.delete();
      cursor.continue();
    };
  });

  const ask = async (address, more = {}) => {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), PATIENCE_MS);
    try {
      const headers = { Accept: "application/json", ...more.headers };
      const answer = await fetch(address, { ...more, headers, credentials: "same-origin", cache: "no-store", signal: abort.signal });
      return { status: answer.status, told: await answer.json() };
    } finally {
      clearTimeout(timer);
    }
  };

  const post = (state, store, arrivals) => ask("/keeper/arrivals", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": state.csrf },
    body: JSON.stringify({
      who: state.who,
      store,
      arrivals: arrivals.map(({ key, code, at }) => ({ key, code, age_s: Math.max(0, Math.round((Date.now() - at) / 1000)) })),
    }),
  });

  // Sends some of one store. Where the house refuses the whole, each is sent alone, so that one holds up no other.
  const deliver = async (state, store, arrivals) => {
    const { status, told } = await post(state, store, arrivals);
    if (status === 200) return settle(told.answers);
    if (![400, 404, 413, 415, 422].includes(status)) throw new Error(`answered ${status}`);
    if (arrivals.length === 1) return settle([{ key: arrivals[0].key, state: "refused", note: told.detail }]);
    for (const one of arrivals) await deliver(state, store, [one]);
  };

  // Tells what came of it: "sent", "signed-out" or "offline".
  const send = async (store) => {
    try {
      const { status, told } = await ask(`/keeper/state?store=${encodeURIComponent(store || "")}`);
      if (status === 404 && store) return send(null);
      if (status === 401 || status === 403) return "signed-out";
      if (status !== 200) return "offline";
      const before = await known(told.who);
      const waiting = (await list(told.who)).filter(({ state }) => state === "waiting").reverse();
      for (const place of new Set(waiting.map((one) => one.store))) {
        const there = waiting.filter((one) => one.store === place);
        for (let first = 0; first < there.length; first += AT_ONCE) await deliver(told, place, there.slice(first, first + AT_ONCE));
      }
      const again = waiting.length ? (await ask(`/keeper/state?store=${encodeURIComponent(told.store || "")}`)).told : told;
      const { csrf, ...kept } = again;
      await write("known", (kinds) => kinds.put({ ...kept, arrivals: { ...before.arrivals, [kept.store]: kept.arrivals } }));
      await tidy(told.who, Date.now());
      return "sent";
    } catch {
      return "offline";
    }
  };

  return { add, drop, known, list, send };
})();

// In the worker: a phone that has found a network wakes it up, even after the page was closed.
if ("registration" in self) {
  self.addEventListener("sync", (event) => {
    if (event.tag !== "arrivals") return;
    event.waitUntil(self.Outbox.send(null).then((came) => {
      new BroadcastChannel("keeper").postMessage(came);
      if (came === "offline") throw new Error("no network yet: wake me again");
    }));
  });
}
