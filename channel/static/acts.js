// The rep's outbox: what was done at stores, one after the other in the order of its doing; photos go one by one.
"use strict";
self.Outbox = (() => {
  const AT_ONCE = 20;
  const PHOTO_MS = 60000;
  const REFUSED = [400, 404, 413, 415, 422];

  const age = (at) => Math.max(0, Math.round((Date.now() - at) / 1000));
  const refused = (acts, told) => acts.map(({ key }) => ({ key, state: "refused", note: told.detail }));

  const post = (state, acts) => self.ask("/rep/acts", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": state.csrf },
    body: JSON.stringify({
      who: state.who,
      acts: acts.map(({ key, kind, visit, fields, at }) => ({ key, kind, visit, fields, age_s: age(at) })),
    }),
  });

  const photo = (state, { key, visit, fields, at, blob }) => {
    const body = new FormData();
    const told = { csrf_token: state.csrf, who: state.who, key, visit, age_s: age(at), ...fields };
    for (const [name, value] of Object.entries(told)) body.append(name, value);
    body.append("photo", blob, "photo.jpg");
    return self.ask("/rep/photos", { method: "POST", body, patience: PHOTO_MS });
  };

  const some = async (send, acts, settle) => {
    const { status, told } = await send(acts);
    if (status === 200) return settle(told.answers.map((answer) => ({ ...answer, blob: null })));
    if (!REFUSED.includes(status)) throw new Error(`answered ${status}`);
    if (acts.length === 1) return settle(refused(acts, told));
    for (const one of acts) await some(send, [one], settle);
  };

  const deliver = async (state, waiting, settle) => {
    const acts = waiting.filter(({ kind }) => kind !== "photo");
    for (let first = 0; first < acts.length; first += AT_ONCE) {
      await some((group) => post(state, group), acts.slice(first, first + AT_ONCE), settle);
    }
    for (const one of waiting.filter(({ kind }) => kind === "photo")) await some(() => photo(state, one), [one], settle);
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
