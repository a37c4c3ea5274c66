// The meeting: a tour that runs by itself, stops at a touch, survives a lost network and a reload.

import { MapView } from "./engine.js";
import { element, number, shape } from "./marks.js";

const STOP_SECONDS = 12;
const TOUCH_SECONDS = 60;
const RETRY_SECONDS = 15;
const KINDS = { territoire: "Le territoire", famille: "Ce qui s’achète", commune: "Commune" };
const host = document.getElementById("carte");
const stage = document.querySelector(".stage");
const at = (name) => document.querySelector(`[data-${name}]`);
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
const wide = () => matchMedia("(width >= 56rem) and (orientation: landscape)").matches;

const rem = () => parseFloat(getComputedStyle(document.documentElement).fontSize);
const map = new MapView(host, {
  tiles: host.dataset.tiles, credit: host.dataset.credit, scale: Math.max(1, rem() / 17),
  label: "Carte de l’étape. Flèches : étapes. Espace : pause.",
});
let stops = [];
let place = Number(host.dataset.number) - 1;
let timer = 0;
// Nobody asked for movement who asked the system for calm.
let paused = sessionStorage.getItem("pause") ? sessionStorage.getItem("pause") === "1" : calm;
const seen = new Map();

async function ask(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.json();
}

/** What a stop shows; the last known answer when the network is away. */
async function details(stop) {
  const key = `${stop.genre}/${stop.valeur}`;
  try {
    const state = new URLSearchParams({ genre: stop.genre, valeur: stop.valeur });
    seen.set(key, await ask(`${host.dataset.stop}?${state}`));
    say(paused ? "En pause" : "");
  } catch {
    say("Hors ligne : dernières données connues");
  }
  return seen.get(key);
}

function say(sentence) { at("state").textContent = sentence; }

async function show(next) {
  place = (next + stops.length) % stops.length;
  const stop = stops[place];
  stage.classList.add("changing");
  const found = await details(stop);
  if (stops[place] !== stop) return;
  if (found) fill(stop, found);
  stage.classList.remove("changing");
  history.replaceState(null, "", `?etape=${place + 1}`);
  schedule(STOP_SECONDS);
}

function fill(stop, found) {
  at("kind").textContent = KINDS[stop.genre];
  at("title").textContent = found.titre;
  at("total").textContent = number(found.total);
  at("total-word").textContent = found.total > 1 ? "fournisseurs" : "fournisseur";
  at("counters").replaceChildren(...found.compteurs.map(counter));
  at("names").replaceChildren(...found.noms.map(name));
  at("where").textContent = `${place + 1} / ${stops.length}`;
  document.title = `${found.titre} – Réunion – Sourcing territorial`;
  map.follow(`${host.dataset.cells}?${found.recherche}`);
  const left = wide() ? document.querySelector(".board").offsetWidth * 0.9 : 24;
  const below = wide() ? document.querySelector(".bar").offsetHeight + 24 : 24;
  map.fit(found.commune || "territory", [left, 24, 40, below], found.commune ? 13 : 15);
  map.choose(found.commune);
}

function counter({ nombre, libelle, marque }) {
  const item = element("li", `mark-${marque}${nombre ? "" : " none"}`);
  const mark = shape(marque, 16);
  mark.setAttribute("class", "icon mark");
  item.append(mark, element("b", "", number(nombre)), element("span", "", libelle));
  return item;
}

function name({ nom, commune, marque }) {
  const item = element("li", `mark-${marque}`);
  item.append(element("b", "", nom), " ", element("span", "", commune));
  return item;
}

// --- time ---------------------------------------------------------------------------

function schedule(seconds) {
  clearTimeout(timer);
  stage.classList.remove("running");
  if (paused) return;
  stage.offsetWidth; // restarts the bar's animation
  stage.classList.add("running");
  timer = setTimeout(() => show(place + 1), seconds * 1000);
}

function pause(value) {
  paused = value;
  sessionStorage.setItem("pause", value ? "1" : "0");
  const button = at("pause");
  button.setAttribute("aria-pressed", String(value));
  button.querySelector("use").setAttribute("href", button.querySelector("use").getAttribute("href").replace(/#.*/, value ? "#play" : "#pause"));
  at("pause-word").textContent = value ? "Reprendre" : "Pause";
  say(value ? "En pause" : "");
  schedule(STOP_SECONDS);
}

/** Someone touches the map: it is hers for a minute. */
function touched() {
  if (paused) return;
  clearTimeout(timer);
  stage.classList.remove("running");
  say("Visite suspendue une minute");
  timer = setTimeout(() => { say(""); show(place + 1); }, TOUCH_SECONDS * 1000);
}

const go = (step) => show(place + step);
host.addEventListener("pointerdown", touched);
host.addEventListener("wheel", touched, { passive: true });
at("pause").addEventListener("click", () => pause(!paused));
for (const link of document.querySelectorAll("[data-go]")) {
  link.addEventListener("click", (event) => { event.preventDefault(); go(Number(link.dataset.go)); });
}
at("full").addEventListener("click", () => {
  if (document.fullscreenElement) document.exitFullscreen(); else document.documentElement.requestFullscreen();
});
document.addEventListener("keydown", (event) => {
  if (event.target.closest("a, button") && [" ", "Enter"].includes(event.key)) return;
  const act = { " ": () => pause(!paused), ArrowRight: () => go(1), ArrowLeft: () => go(-1), PageDown: () => go(1), PageUp: () => go(-1), f: () => at("full").click() }[event.key];
  if (!act || event.target.closest(".cell")) return;
  event.preventDefault();
  event.stopPropagation();
  act();
}, true);

/** The screen stays lit where the browser allows it. */
async function stayLit() {
  try { await navigator.wakeLock?.request("screen"); } catch { /* refused: the room's own settings decide */ }
}
document.addEventListener("visibilitychange", () => { if (!document.hidden) stayLit(); });

async function begin() {
  try {
    stops = await ask(host.dataset.stops);
    await map.outlines(host.dataset.outlines);
    pause(paused);
    await show(place);
    host.dataset.ready = "1";
  } catch {
    say("Le serveur ne répond pas ; nouvel essai dans un instant");
    setTimeout(begin, RETRY_SECONDS * 1000);
  }
}
stayLit();
begin();
