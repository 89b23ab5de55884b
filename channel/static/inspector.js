// The inspector's page: filters of chosen batches and the recalls lie on the phone; a code is answered from them first,
// and by the house as soon as there is a network.
"use strict";
(() => {
  const page = document.getElementById("inspection");
  const words = page.dataset;
  const form = page.querySelector("form");
  const offline = page.querySelector("#offline");
  const online = page.querySelector("#online");
  const named = page.querySelector("#named");
  const table = page.querySelector("#carried");
  const row = page.querySelector("#batch");
  const total = page.querySelector("[data-total]");
  const status = page.querySelector("[data-status]");
  const MOST_BYTES = 200e6;

  const { who } = self;
  const today = () => new Date(Date.now() - new Date().getTimezoneOffset() * 60000).toISOString().slice(0, 10);
  const size = (bytes) => (bytes < 1e6
    ? `${Math.ceil(bytes / 1e3)} kB`
    : `${(bytes / 1e6).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 })} MB`);
  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

  let opened = null;
  const database = () => (opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("inspector", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("filters", { keyPath: "name" });
      request.result.createObjectStore("known", { keyPath: "what" });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  }));
  const within = async (store, mode, act) => {
    const change = (await database()).transaction(store, mode);
    const result = await done(act(change.objectStore(store)));
    if (mode === "readwrite") await new Promise((resolve, reject) => { change.oncomplete = resolve; change.onabort = () => reject(change.error); });
    return result;
  };
  const all = (store) => within(store, "readonly", (kinds) => kinds.getAll());
  const put = (store, value) => within(store, "readwrite", (kinds) => kinds.put(value));
  const drop = (name) => within("filters", "readwrite", (kinds) => kinds.delete(name));

  const known = async () => (await all("known"))[0] || null;

  // What is known counts only for whoever it was told to: after somebody else's sign-in the house is asked first.
  const toldMe = async () => {
    const told = await known();
    return told && told.who === who() ? told : null;
  };

  // Brings the list of batches, their states and recalls up to date; those on the phone are always among them.
  const refresh = async () => {
    const mine = await all("filters");
    const query = new URLSearchParams(mine.map(({ batch }) => ["on", batch]));
    if (named.value) query.append("named", named.value.trim());
    const { status: came, told } = await self.ask(`/inspector/batches?${query}`);
    if (came === 401 || came === 403) status.textContent = words.signin;
    if (came !== 200) return;
    await put("known", { what: "batches", ...told });
    for (const batch of told.batches) {
      if (!batch.part && mine.some(({ name }) => name === `${batch.id} recalled`)) await drop(`${batch.id} recalled`);
      const part = mine.find(({ name }) => name === `${batch.id} recalled`);
      if (batch.part && mine.some(({ name }) => name === batch.id) && (!part || part.version !== batch.part)) {
        await load(batch, `${batch.id} recalled`, batch.part);
      }
    }
    status.textContent = "";
  };

  const load = async (batch, name, version) => {
    const answer = await fetch(`/inspector/filters/${encodeURIComponent(batch.id)}${name === batch.id ? "" : "?of=recalled"}`, { credentials: "same-origin", cache: "no-store" });
    if (!answer.ok) throw new Error(`answered ${answer.status}`);
    const blob = await answer.blob();
    await self.Filter.opened(blob);
    await put("filters", { name, batch: batch.id, product: batch.product, gtins: batch.gtins, version, blob });
  };

  const take = async (batch, button) => {
    button.setAttribute("aria-disabled", "true");
    status.textContent = words.loading;
    try {
      await load(batch, batch.id, "");
      if (navigator.storage && navigator.storage.persist) navigator.storage.persist();
      if (batch.part) await load(batch, `${batch.id} recalled`, batch.part);
      status.textContent = "";
    } catch {
      status.textContent = words.failed;
    }
    await list();
  };

  const leave = async (batch) => {
    await drop(batch.id);
    await drop(`${batch.id} recalled`);
    await list();
  };

  const shown = (batch, mine, used) => {
    const item = row.content.firstElementChild.cloneNode(true);
    const text = (name, said) => { item.querySelector(`[data-is=${name}]`).textContent = said; };
    const here = mine.some(({ name }) => name === batch.id);
    text("what", batch.product);
    text("how", [batch.id, batch.counted, size(batch.bytes)].join(" · "));
    text("state", batch.said);
    item.querySelector("[data-is=state]").classList.add(batch.recalled ? "bad" : "plain");
    const button = item.querySelector("button");
    const room = batch.fits && used + batch.bytes <= MOST_BYTES;
    button.textContent = here ? words.leave : room ? words.take : words.full;
    button.setAttribute("aria-label", `${button.textContent}: ${batch.id}`);
    button.setAttribute("aria-disabled", String(!here && !room));
    if (here || room) button.addEventListener("click", () => (here ? leave(batch) : take(batch, button)));
    return item;
  };

  const list = async () => {
    const [told, mine] = await Promise.all([known(), all("filters")]);
    const used = mine.reduce((sum, { blob }) => sum + blob.size, 0);
    total.textContent = words.used.replace("0", mine.filter(({ name, batch }) => name === batch).length).replace("1.5", size(used));
    page.dataset.carried = mine.length;
    table.replaceChildren(...(told ? told.batches : []).map((batch) => shown(batch, mine, used)));
  };

  const answered = (place, tone, heading, lines) => {
    place.hidden = false;
    place.className = `note ${tone}`;
    place.querySelector("h2").textContent = heading;
    place.querySelector("ul").replaceChildren(...lines.filter(Boolean).map((line) => Object.assign(document.createElement("li"), { textContent: line })));
  };

  const offlineAnswer = async (text) => {
    const [told, mine] = await Promise.all([known(), all("filters")]);
    const code = self.Filter.read(text);
    if (!code) return answered(offline, "warn", words.nocode, []);
    const found = [];
    for (const one of mine.filter(({ name, batch }) => name === batch)) {
      const fits = !code.gtin || one.gtins.includes(code.gtin);
      if (fits && (await self.Filter.passes(await self.Filter.opened(one.blob), code.serial))) found.push(one);
    }
    if (!found.length) return answered(offline, "warn", words.none, [words.nonemore]);
    const lines = [];
    let recalled = false;
    for (const one of found) {
      const batch = (told ? told.batches : []).find(({ id }) => id === one.batch);
      const part = mine.find(({ name }) => name === `${one.batch} recalled`);
      const inside = part && (await self.Filter.passes(await self.Filter.opened(part.blob), code.serial));
      lines.push(`${one.product} · ${one.batch}`);
      if (inside || (batch && batch.recalled)) {
        recalled = true;
        lines.push(`${words.recalled} ${batch.why || ""}`.trim());
      } else {
        lines.push(words.sound.replace("DATE", told.as_of));
      }
      if (batch && batch.expires && batch.expires < today()) lines.push(words.expired);
      if (batch && batch.note) lines.push(batch.note);
    }
    return answered(offline, recalled ? "bad" : "", recalled ? words.recalledhead : words.probably, lines);
  };

  const onlineAnswer = async (text) => {
    online.hidden = true;
    try {
      const told = await known();
      const { status: came, told: said } = await self.ask("/inspector/check", {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRF-Token": told.csrf },
        body: JSON.stringify({ code: text }),
      });
      if (came === 401 || came === 403) return answered(online, "warn", words.signin, []);
      if (came !== 200) return answered(online, "warn", said.detail || words.offline, []);
      return answered(online, said.tone, said.heading, said.lines);
    } catch {
      return answered(online, "warn", words.offline, []);
    }
  };

  let last = "";
  const check = async (text) => {
    const code = text.trim().slice(0, 2000);
    if (!code) return;
    last = code;
    page.querySelector("[data-answers]").hidden = false;
    page.querySelector("[data-asked]").textContent = `…${code.replace(/[?#].*$/, "").slice(-4)}`;
    await offlineAnswer(code);
    page.dataset.checked = code;
    await onlineAnswer(code);
  };

  const start = async () => {
    if (who() && !(await toldMe())) await refresh().catch(() => undefined);
    form.hidden = table.closest("section").hidden = !(await toldMe());
    if (form.hidden) {
      status.textContent = words.signin;
      return;
    }
    await list();
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      check(form.elements.namedItem("code").value);
    });
    named.addEventListener("change", () => refresh().then(list).catch(() => undefined));
    addEventListener("online", () => {
      refresh().then(list).catch(() => undefined);
      if (last) onlineAnswer(last);
    });
    if ("serviceWorker" in navigator) navigator.serviceWorker.register("/inspector/worker.js", { scope: "/inspector" });
    self.Reader.attach(page.querySelector("[data-scan]"), (text) => {
      form.elements.namedItem("code").value = text;
      check(text);
    });
    await refresh().catch(() => undefined);
    await list();
  };
  start();
})();
