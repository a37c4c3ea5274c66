// The search page: the map beside the list, and pages swapped in place. Without this file everything
// still works by links and forms.

import "./keys.js";
import { MapView } from "./engine.js";
import { Layers } from "./layers.js";
import { count } from "./marks.js";

const PARTS = ["hints", "facets", "results", "legend"];
const part = (name, from = document) => from.querySelector(`[data-part="${name}"]`);
const host = document.getElementById("carte");
const form = document.getElementById("recherche");
const announce = document.getElementById("annonce");
const here = document.querySelector(".map-here");
const note = document.querySelector(".map-told");
const root = document.documentElement;
let lost = "", answered = { unplaced: 0, shown: 1 };
root.classList.add("js");

// --- map ------------------------------------------------------------------------

const { tiles, credit, territory } = host.dataset;
const map = new MapView(host, { tiles, credit, territory: territory?.split(",").map(Number) });
const layers = new Layers(map, host);

function listed() {
  return new Map([...document.querySelectorAll(".card")].map((card) => [card.dataset.uid, card.dataset.number]));
}

/** The search of the address, as the map asks for it. */
function asked() {
  const state = new URLSearchParams(location.search);
  for (const name of ["page", "tri", "calques"]) state.delete(name);
  return state;
}

function frame({ move = true } = {}) {
  const zone = new URLSearchParams(location.search).get("zone")?.split(",").map(Number);
  const isZone = zone?.length >= 4 && zone.every(Number.isFinite);
  const { near, radius } = part("results").dataset;
  map.around(...(near ?? "0,0").split(",").map(Number), near ? Number(radius) : 0);
  map.zone.show(isZone ? zone : null);
  if (!move) return;
  if (isZone) map.fit(box(zone), zone.length === 4 ? [0, 0, 0, 0] : [24, 56, 24, 24], 19);
  else map.fit(near && radius ? "circle" : "territory");
}

/** The rectangle around an outline's corners; a rectangle is its own. */
function box(values) {
  if (values.length === 4) return values;
  const [lons, lats] = [0, 1].map((odd) => values.filter((_, at) => at % 2 === odd));
  return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
}

const card = (uid) => document.getElementById(`f-${uid}`);
function activate(uids) {
  document.querySelectorAll(".card.active").forEach((c) => c.classList.remove("active"));
  uids.forEach((uid) => card(uid)?.classList.add("active"));
}

map.addEventListener("over", (event) => activate(event.detail.uids));
map.addEventListener("moved", () => { here.hidden = false; });
map.addEventListener("failed", () => failure("La carte n’a pas pu être mise à jour. La liste reste juste."));
map.addEventListener("ready", ({ detail }) => { failure(""); answered = detail; tell(); });
map.addEventListener("bare", () => { lost = "Le fond de carte ne répond pas : la carte continue sans lui."; tell(); });
map.addEventListener("chosen", (event) => {
  const found = event.detail.total === 1 && card(event.detail.uids[0]);
  if (!found || root.classList.contains("map-view")) return;
  event.preventDefault();
  activate(event.detail.uids);
  found.scrollIntoView({ block: "center" });
  found.querySelector("a").focus({ preventScroll: true });
});

function failure(sentence) {
  const box = document.querySelector(".map-state");
  box.textContent = sentence;
  box.hidden = !sentence;
}

/** What the map cannot show: its background once lost, and some of a result. */
function tell() {
  const { unplaced, shown } = answered;
  const total = Number(part("results").dataset.total);
  const sentences = lost ? [lost] : [];
  if (total > unplaced && !shown) sentences.push("Aucun résultat dans cette partie de la carte.");
  if (unplaced) sentences.push(`${count(unplaced, "fournisseur")} sans position connue : dans la liste seulement.`);
  note.textContent = sentences.join(" ");
  note.hidden = !sentences.length;
}

/** The search of the address with other values; "" takes one away. */
function go(changes, options) {
  const state = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries({ ...changes, page: "" })) {
    if (value) state.set(name, value); else state.delete(name);
  }
  here.hidden = true;
  return swap(`${location.pathname}?${state}`, options);
}

here.addEventListener("click", () => go({ zone: map.view().join(",") }, { keepView: true }));
layers.tools((changes) => (changes ? go(changes, { keepView: Boolean(changes.zone) }) : frame({ move: false })));

function point(target) {
  const at = target.closest?.(".card[data-lon]");
  map.spot(at ? { lon: +at.dataset.lon, lat: +at.dataset.lat, number: at.dataset.number } : null);
}
document.addEventListener("mouseover", (event) => { if (event.target.closest(".list, .map-side")) point(event.target); });
document.addEventListener("focusin", (event) => point(event.target));

// --- swapping pages -----------------------------------------------------------------

let pending = null;

/** Replace the parts of the page that depend on the search by those of another address. */
async function swap(url, { push = true, keepView = false, focus = "" } = {}) {
  pending?.abort();
  pending = new AbortController();
  root.classList.add("loading");
  try {
    const answer = await fetch(url, { signal: pending.signal, headers: { Accept: "text/html" } });
    if (!answer.ok || !part("results", document)) { location.assign(url); return; }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const active = document.activeElement?.closest?.("[data-part]") ? signature(document.activeElement) : "";
    const open = new Set([...document.querySelectorAll(".facet:has(details[open])")].map((f) => f.dataset.facet));
    for (const name of PARTS) part(name).replaceWith(document.importNode(part(name, page), true));
    for (const facet of document.querySelectorAll(".facet details")) facet.open = open.has(facet.closest(".facet").dataset.facet);
    document.querySelector(".facets-close").textContent = page.querySelector(".facets-close").textContent;
    document.title = page.title;
    if (push) history.pushState(null, "", layers.keep(answer.url || url));
    restore(page);
    if (focus) document.querySelector(focus)?.focus();
    else if (active) document.querySelector(active)?.focus({ preventScroll: true });
    announce.textContent = part("results").querySelector("h1").textContent;
    here.hidden = true;
    frame({ move: !keepView });
    await layers.follow(asked(), listed());
  } catch (error) {
    if (error.name !== "AbortError") location.assign(url);
  } finally {
    root.classList.remove("loading");
  }
}

/** How to find the same control again in the new page. */
function signature(node) {
  if (node.name && node.value) return `[name="${CSS.escape(node.name)}"][value="${CSS.escape(node.value)}"]`;
  if (node.name) return `[name="${CSS.escape(node.name)}"]`;
  return "#resultats";
}

/** Put the new page's words, place and radius in the form, which is not replaced. */
function restore(page) {
  for (const name of ["q", "autour", "rayon"]) {
    const fresh = page.querySelector(`#recherche [name="${name}"]`);
    form.elements[name].value = fresh.value ?? "";
    if (name === "q") form.elements.q.defaultValue = fresh.value;
  }
}

function address() {
  const values = [...new FormData(form)].filter(([, value]) => value !== "");
  const state = new URLSearchParams(values);
  return `${form.getAttribute("action")}${values.length ? `?${state}` : ""}`;
}

/** Where the browser says one is, asked by the button only; 20 km unless a radius is chosen. */
function position({ coords }) {
  form.elements.autour.value = `${coords.latitude.toFixed(4)},${coords.longitude.toFixed(4)}`;
  if (!form.elements.rayon.value) form.elements.rayon.value = "20";
  swap(address());
}
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-position]")) return;
  navigator.geolocation.getCurrentPosition(position, () => failure("Le navigateur ne donne pas votre position : taper une commune ou une adresse."));
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  // Other words are understood afresh.
  if (form.elements.q.value !== form.elements.q.defaultValue) form.querySelectorAll("[name=sans], [name=avec]").forEach((input) => input.remove());
  swap(address());
});
document.addEventListener("change", (event) => {
  if (event.target.form === form && event.target.matches(".option input, select")) swap(address());
});
document.addEventListener("click", (event) => {
  const link = event.target.closest(".chips a, .legend a, .pager a, .note a, .clear");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || link.pathname !== location.pathname) return;
  event.preventDefault();
  swap(link.href, { focus: "#resultats" });
  if (link.closest(".pager")) part("results").scrollIntoView();
});
addEventListener("popstate", () => swap(location.href, { push: false }));

// --- narrow screens: the drawer, and list or map -------------------------------------

const drawer = document.getElementById("filtres");
function openDrawer(isOpen) {
  drawer.classList.toggle("open", isOpen);
  (isOpen ? drawer : document.getElementById("resultats")).focus();
}
document.addEventListener("click", (event) => {
  if (event.target.closest(".facets-open")) { event.preventDefault(); openDrawer(true); }
  else if (event.target.closest(".facets-close")) { event.preventDefault(); openDrawer(false); }
  else if (drawer.classList.contains("open") && !event.target.closest(".facets")) openDrawer(false);
  document.querySelectorAll("details.export[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (drawer.classList.contains("open")) openDrawer(false);
  const menu = document.querySelector("details.export[open]");
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
});
for (const button of document.querySelectorAll(".views button")) {
  button.addEventListener("click", () => {
    root.classList.toggle("map-view", button.dataset.view === "carte");
    document.querySelectorAll(".views button").forEach((b) => b.setAttribute("aria-pressed", b === button));
    map.resized();
    if (button.dataset.view === "carte") {
      document.querySelector(".views").scrollIntoView();
      if (here.hidden) frame();
    }
  });
}

// --- start ------------------------------------------------------------------------------

// Cells are asked for before the ground is drawn: the server works meanwhile.
frame();
const cells = layers.follow(asked(), listed());
try {
  await map.outlines(host.dataset.outlines);
  layers.offer();
} catch {
  failure("Les contours des communes n’ont pas pu être chargés.");
}
await cells;
root.dataset.map = "ready";
