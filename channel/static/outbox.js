// What somebody did on a page, kept on the phone until the house has answered. Used by the page and by its worker.
//
// Everything is kept first and sent afterwards, under a key of its own: sent twice, or by two windows, it is one.
// All of it belongs to whoever did it (`who`): nobody else's session sends it, and nobody else is shown it.
"use strict";
self.secondsSince = (at) => Math.max(0, Math.round((Date.now() - at) / 1000));

// Sends some together. Where the house refuses the whole, each is sent alone, so that one holds up no other.
self.deliverSome = async (send, ones, settle, answered = (answer) => answer) => {
  const { status, told } = await send(ones);
  if (status === 200) return settle(told.answers.map(answered));
  if (![400, 404, 413, 415, 422].includes(status)) throw new Error(`answered ${status}`);
  if (ones.length === 1) return settle([{ key: ones[0].key, state: "refused", note: told.detail }]);
  for (const one of ones) await self.deliverSome(send, [one], settle, answered);
};

self.makeOutbox = ({ name, box, address, here, deliver, keep, empty }) => {
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
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(box, { keyPath: "key" }).createIndex("who", "who");
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

  const list = async (who) => (await read(box, (store) => store.index("who").getAll(who))).sort((one, other) => other.at - one.at);
  const known = async (who) => (await read("known", (store) => store.get(who))) || { who, ...empty };
  const add = (one) => write(box, (store) => store.add({ ...one, state: "waiting" }));
  const drop = (key) => write(box, (store) => store.delete(key));

  // An answer is written over what still waits, never over a later answer.
  const settle = (answers) => write(box, (store) => {
    for (const answer of answers) {
      store.get(answer.key).onsuccess = ({ target }) => {
        if (target.result && target.result.state === "waiting") store.put({ ...target.result, ...answer });
      };
    }
  });
  const tidy = (who, now) => write(box, (store) => {
    store.index("who").openCursor(who).onsuccess = ({ target }) => {
      const cursor = target.result;
      if (!cursor) return;
      const { state, at } = cursor.value;
      if (now - at > KEPT_MS && state !== "waiting" && state !== "refused") cursor.delete();
      cursor.continue();
    };
  });

  // Tells what came of it: "sent", "signed-out" or "offline".
  const send = async (where) => {
    try {
      const { status, told } = await self.ask(address(where));
      if (status === 404 && where) return send(null);
      if (status === 401 || status === 403) return "signed-out";
      if (status !== 200) return "offline";
      const before = await known(told.who);
      const waiting = (await list(told.who)).filter(({ state }) => state === "waiting").reverse();
      await deliver(told, waiting, settle);
      const again = waiting.length ? (await self.ask(address(here(told)))).told : told;
      await write("known", (kinds) => kinds.put(keep(again, before)));
      await tidy(told.who, Date.now());
      return "sent";
    } catch {
      return "offline";
    }
  };

  return { name, box, add, drop, known, list, send };
};

// In the worker: a phone that has found a network wakes it up, even after the page was closed.
if ("registration" in self) {
  self.addEventListener("sync", (event) => {
    if (event.tag !== self.Outbox.box) return;
    event.waitUntil(self.Outbox.send(null).then((came) => {
      new BroadcastChannel(self.Outbox.name).postMessage(came);
      if (came === "offline") throw new Error("no network yet: wake me again");
    }));
  });
}
