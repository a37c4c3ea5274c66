// Keeps the meeting's page for a reload without network or server: the page, as a stranger sees it, and
// the files it names; nothing else of the site passes here. Its stops are kept by meeting.js.

const KEPT = "reunion";
const PAGE = registration.scope;
const PATIENCE_MS = 10_000;
const FILES = /(?:href|src)="([^"#]*\/statique\/[^"#]+)/g;

/** The page and its files as they are now; those of another version go. */
async function keep() {
  // Without cookie: nothing of the person who opened it is written on this device.
  const page = await fetch(PAGE, { credentials: "omit", cache: "no-cache" });
  if (!page.ok) return;
  const files = [...(await page.clone().text()).matchAll(FILES)].map(([, path]) => new URL(path, PAGE).href);
  const kept = await caches.open(KEPT);
  const fresh = [...new Set(files)];
  for (const file of fresh) if (!(await kept.match(file))) await kept.add(new Request(file, { credentials: "omit" }));
  await kept.put(PAGE, page);
  for (const { url } of await kept.keys()) {
    if (url.includes("/statique/") && !fresh.includes(url)) await kept.delete(url);
  }
}

async function shown(event) {
  try {
    const answer = await fetch(event.request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.status < 500) {
      event.waitUntil(keep().catch(() => {}));
      return answer;
    }
  } catch { /* no network, or no server */ }
  return (await caches.match(PAGE, { cacheName: KEPT })) ?? Response.error();
}

addEventListener("install", (event) => event.waitUntil(keep()));
addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.mode === "navigate") {
    if (url.origin + url.pathname === PAGE) event.respondWith(shown(event));
  } else if (url.pathname.includes("/statique/")) {
    // Versioned: what is kept is what would be answered.
    event.respondWith(caches.match(url.href.split("#")[0], { cacheName: KEPT }).then((file) => file ?? fetch(event.request)));
  }
});
