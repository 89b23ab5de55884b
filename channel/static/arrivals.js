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
      arrivals: arrivals.map(({ key, code, at }) => ({ key, code, age_s: Math.max(0, Math.round((Date.now() - at) / 1000)) })),
    }),
  });

  // Sends some of one store. Where the house refuses the whole, each is sent alone, so that one holds up no other.
  const some = async (state, store, arrivals, settle) => {
    const { status, told } = await post(state, store, arrivals);
    if (status === 200) return settle(told.answers);
    if (![400, 404, 413, 415, 422].includes(status)) throw new Error(`answered ${status}`);
    if (arrivals.length === 1) return settle([{ key: arrivals[0].key, state: "refused", note: told.detail }]);
    for (const one of arrivals) await some(state, store, [one], settle);
  };

  const deliver = async (state, waiting, settle) => {
    for (const place of new Set(waiting.map((one) => one.store))) {
      const there = waiting.filter((one) => one.store === place);
      for (let first = 0; first < there.length; first += AT_ONCE) await some(state, place, there.slice(first, first + AT_ONCE), settle);
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
