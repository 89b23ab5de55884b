// Opens a page without a network. KEPT says which page, which shell and which files; nothing else is ever kept.
"use strict";
const { page, shell, name, files } = self.KEPT;
const SLOW_MS = 4000; // a network that takes longer is as good as none

const fresh = () => new Request(shell, { credentials: "omit", cache: "no-store" });

const keepShell = async () => {
  const answer = await fetch(fresh());
  if (answer.ok) await (await caches.open(name)).put(shell, answer);
};

const install = async () => {
  const cache = await caches.open(name);
  await cache.addAll([...files, fresh()]);
  await self.skipWaiting();
};

const activate = async () => {
  for (const other of await caches.keys()) {
    if (other !== name && other.split(" ")[0] === name.split(" ")[0]) await caches.delete(other);
  }
  const cache = await caches.open(name);
  for (const kept of await cache.keys()) {
    const path = kept.url.slice(self.location.origin.length);
    if (path !== shell && !files.includes(path)) await cache.delete(kept);
  }
  await self.clients.claim();
};

const open = async (event) => {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), SLOW_MS);
  try {
    const answer = await fetch(event.request, { signal: abort.signal });
    event.waitUntil(keepShell().catch(() => undefined));
    return answer;
  } catch {
    return (await caches.match(shell, { cacheName: name })) || Response.error();
  } finally {
    clearTimeout(timer);
  }
};

const file = async (request) => (await caches.match(request, { cacheName: name })) || fetch(request);

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
  const { pathname, search } = new URL(event.request.url);
  if (event.request.mode === "navigate") {
    if (event.request.method === "GET" && pathname === page) event.respondWith(open(event));
  } else if (files.includes(pathname + search)) {
    event.respondWith(file(event.request));
  }
});
