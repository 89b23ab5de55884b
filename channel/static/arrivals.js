// The keeper's outbox: codes that arrived at a store, sent store by store.
"use strict";
self.Outbox = (() => {
  const AT_ONCE = 50;

  const post = (state, store, arrivals) => self.ask("/keeper/arrivals", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": state.csrf },
    body: JSON.stringify({
      who: state.who,
      store,
      arrivals: arrivals.map(({ key, code, at }) => ({ key, code, age_s: self.secondsSince(at) })),
    }),
  });

  const deliver = async (state, waiting, settle) => {
    for (const place of new Set(waiting.map((one) => one.store))) {
      const there = waiting.filter((one) => one.store === place);
      for (let first = 0; first < there.length; first += AT_ONCE) {
        await self.deliverSome((some) => post(state, place, some), there.slice(first, first + AT_ONCE), settle);
      }
    }
  };

  return self.makeOutbox({
    name: "keeper",
    box: "arrivals",
    address: (store) => `/keeper/state?store=${encodeURIComponent(store || "")}`,
    here: (told) => told.store,
    deliver,
    keep: ({ csrf, ...told }, before) => ({ ...told, arrivals: { ...before.arrivals, [told.store]: told.arrivals } }),
    empty: { stores: [], store: null, arrivals: {} },
  });
})();
