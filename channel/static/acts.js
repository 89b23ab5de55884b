// The rep's outbox: what was done at stores, one after the other in the order of its doing; photos go one by one.
"use strict";
self.Outbox = (() => {
  const AT_ONCE = 20;
  const PHOTO_MS = 60000;

  const post = (state, acts) => self.ask("/rep/acts", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": state.csrf },
    body: JSON.stringify({
      who: state.who,
      acts: acts.map(({ key, kind, visit, fields, at }) => ({ key, kind, visit, fields, age_s: self.secondsSince(at) })),
    }),
  });

  const photo = (state, { key, visit, fields, at, blob }) => {
    const body = new FormData();
    const told = { csrf_token: state.csrf, who: state.who, key, visit, age_s: self.secondsSince(at), ...fields };
    for (const [name, value] of Object.entries(told)) body.append(name, value);
    body.append("photo", blob, "photo.jpg");
    return self.ask("/rep/photos", { method: "POST", body, patience: PHOTO_MS });
  };

  const answered = (answer) => ({ ...answer, blob: null });
  const deliver = async (state, waiting, settle) => {
    const acts = waiting.filter(({ kind }) => kind !== "photo");
    for (let first = 0; first < acts.length; first += AT_ONCE) {
      await self.deliverSome((group) => post(state, group), acts.slice(first, first + AT_ONCE), settle, answered);
    }
    for (const one of waiting.filter(({ kind }) => kind === "photo")) {
      await self.deliverSome(() => photo(state, one), [one], settle, answered);
    }
  };

  return self.makeOutbox({
    name: "rep",
    box: "acts",
    address: (day) => `/rep/state?day=${encodeURIComponent(day || "")}`,
    here: (told) => told.day,
    deliver,
    keep: ({ csrf, ...told }, before) => (told.is_today ? told : before),
    empty: { day: "", html: "" },
  });
})();
