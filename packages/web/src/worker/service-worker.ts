/**
 * Keeps the worker's page itself on the device, so that a reload without the network opens it; answers and cards are in
 * IndexedDB already. Nothing of the API passes through here.
 */
declare const shell: { readonly version: string; readonly files: readonly string[] };

// The types of workers and of pages exclude each other in one project; these few are all it needs.
interface LifeEvent extends Event {
  waitUntil(done: Promise<unknown>): void;
}
interface FetchEvent extends LifeEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
const worker = globalThis as unknown as EventTarget & {
  skipWaiting(): Promise<void>;
  readonly clients: { claim(): Promise<void> };
};
const cacheName = `assay-${shell.version}`;

worker.addEventListener('install', (event) => {
  const filled = caches.open(cacheName).then((cache) => cache.addAll([...shell.files]));
  (event as LifeEvent).waitUntil(filled.then(() => worker.skipWaiting()));
});

worker.addEventListener('activate', (event) => {
  const cleaned = caches.keys().then((names) => {
    return Promise.all(names.filter((name) => name !== cacheName).map((name) => caches.delete(name)));
  });
  (event as LifeEvent).waitUntil(cleaned.then(() => worker.clients.claim()));
});

worker.addEventListener('fetch', (event) => {
  const { request } = event as FetchEvent;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== location.origin || !shell.files.includes(pathname)) return;
  (event as FetchEvent).respondWith(pathname === '/join' ? networkFirst(request) : cacheFirst(request));
});

/** The page: as new as can be, else as it was. */
async function networkFirst(request: Request): Promise<Response> {
  try {
    const response = await fetch(request);
    if (response.status < 500) return response;
  } catch {
    // Without the network the kept page does.
  }
  return (await caches.match('/join')) ?? Response.error();
}

/** Files whose names change with their contents. */
async function cacheFirst(request: Request): Promise<Response> {
  return (await caches.match(request)) ?? fetch(request);
}
