// What lies under the suppliers: outlines, names, counts per commune, priority districts.

import * as L from "./leaflet.js";
import { element, number } from "./marks.js";

// Where a commune's name may slide to, in pixels; the largest towns look further.
const NUDGES = [0, -14, 14, -26, 26, -36, 36];
const FURTHER = [-46, 46, -58, 58];
const TOWNS = 3;
// Names around the territory show from this zoom on, those of towns of so many people sooner.
const NAMES_AROUND = 11;
const TOWN_AROUND = 10_000;
const STEPS = 5;
// Half of a letter's mean width, in pixels.
const LETTER = 3.4;

/** Corners as [lat, lon], from a shape's steps. */
function corners(ring, parts) {
  let [x, y] = [0, 0];
  const found = [];
  for (let i = 0; i < ring.length; i += 2) {
    x += ring[i];
    y += ring[i + 1];
    found.push([y / parts, x / parts]);
  }
  return found;
}

export class Ground {
  /** taken() gives the marks on the map, each with its size in pixels. */
  constructor(map, host, scale, tell, taken) {
    Object.assign(this, { map, host, scale, tell, taken, bounds: {}, labels: [], shaded: false, named: true });
    for (const [pane, index] of [["ground", 250], ["districts", 260], ["names", 450]]) map.createPane(pane).style.zIndex = index;
    this.renderer = L.svg({ pane: "ground", padding: 0.25 });
    map.on("zoomend", () => this.arrange());
  }

  /** Draw the communes and their names. */
  async load(url) {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(answer.statusText);
    const drawn = await answer.json();
    this.quarterCount = drawn.qpv;
    this.#draw(drawn);
  }

  #draw({ communes, edge, parts, approached }) {
    const draw = (shape, name, options = {}) => L.polygon(shape.map((polygon) => polygon.map((ring) => corners(ring, parts))), {
      renderer: this.renderer, pane: "ground", fillOpacity: 1, weight: 1,
      className: `outline ${name} ${approached ? "approached" : ""}`, ...options,
    }).addTo(this.map);
    const inside = communes.filter((c) => c.code);
    // The neighbours are one drawing: nobody points at them.
    const around = communes.flatMap((c) => (c.code ? [] : c.shape ?? []));
    if (around.length) draw(around, "", { interactive: false });
    for (const c of inside) if (c.shape) this.#commune(c, draw(c.shape, "inside"));
    if (edge.length) this.bounds.edge = draw(edge, "edge", { fill: false, interactive: false });
    if (communes.some((c) => c.shape)) this.map.attributionControl.addAttribution(approached ? "Limites approchées, faute de contours" : "Contours : IGN, geo.api.gouv.fr");
    this.#names(communes.filter((c) => c.lon !== null));
    if (this.shaded) this.shade(this.counts);
  }

  #commune(commune, layer) {
    this.bounds[commune.code] = layer;
    layer.on("click", () => this.shaded && this.tell("commune", { code: commune.code }));
    // Only shaded communes are under the pointer (map.css).
    layer.once("mouseover", ({ latlng }) => layer.bindTooltip(() => this.#told(commune), { sticky: true, className: "told" }).openTooltip(latlng));
  }

  #told({ code, name }) {
    const [here, serving] = this.counts?.[code] ?? [0, 0];
    const box = element("span");
    box.append(element("b", "", name), ` : ${here ? `${number(here)} sur place` : "aucun sur place"}`);
    if (serving) box.append(`, ${number(serving)} qui y intervien${serving > 1 ? "nent" : "t"}`);
    return box;
  }

  // --- names ----------------------------------------------------------------------

  #names(communes) {
    communes.sort((a, b) => Boolean(b.code) - Boolean(a.code) || b.people - a.people);
    this.labels = communes.map((commune, rank) => {
      const town = rank < TOWNS;
      const marker = L.marker([commune.lat, commune.lon], {
        pane: "names", interactive: false, keyboard: false,
        icon: L.divIcon({ className: `place ${town ? "town" : ""} ${commune.code ? "" : "around"}`, html: element("span", "", commune.name), iconSize: [0, 0] }),
      });
      return { marker, town, ...commune, half: commune.name.length * (town ? 1.24 : 1) * LETTER * this.scale };
    });
    this.map.whenReady(() => this.arrange());
  }

  /** Put each name where it covers neither a mark nor the name of a larger commune. */
  arrange() {
    if (!this.map._loaded) return;
    const view = this.map.getBounds().pad(0.1);
    const zoom = this.map.getZoom();
    const high = 8 * this.scale;
    const boxes = this.taken().map(({ marker, size }) => this.#box(marker, size / 2, size / 2, [0, 0]));
    for (const label of this.labels) {
      const { marker } = label;
      const half = label.half + (this.shaded ? this.#countWidth(label) : 0);
      const wanted = this.named && (label.code || zoom >= NAMES_AROUND || label.people >= TOWN_AROUND) && view.contains(marker.getLatLng());
      const free = wanted && this.#nudges(label).find((nudge) => {
        const box = this.#box(marker, half, high, nudge);
        return !boxes.some((b) => box[0] < b[2] && box[2] > b[0] && box[1] < b[3] && box[3] > b[1]);
      });
      if (!free) { marker.remove(); continue; }
      boxes.push(this.#box(marker, half, high, free));
      marker.addTo(this.map);
      marker.getElement().firstChild.style.translate = `${free[0]}px ${free[1]}px`;
      this.#count(label);
    }
  }

  #nudges({ code, town, half }) {
    if (!code) return [[0, 0]];
    const aside = half + 26 * this.scale;
    const down = (by) => [0, by * this.scale];
    const beside = [[aside, 0], [-aside, 0]];
    return [...NUDGES.map(down), ...beside, ...(town ? FURTHER.map(down) : [])];
  }

  /** Left, top, right and bottom of a thing on the screen. */
  #box(marker, halfWidth, halfHeight, [right, down]) {
    const at = this.map.latLngToLayerPoint(marker.getLatLng()).add([right, down]);
    return [at.x - halfWidth, at.y - halfHeight, at.x + halfWidth, at.y + halfHeight];
  }

  showNames(named) {
    this.named = named;
    this.arrange();
  }

  /** Underline one commune, or none. */
  choose(code) {
    this.host.querySelectorAll(".outline.chosen").forEach((path) => path.classList.remove("chosen"));
    const path = this.bounds[code]?._path;
    if (path) { path.classList.add("chosen"); path.parentNode.append(path); }
  }

  // --- counts per commune --------------------------------------------------------------

  /** Shade the communes by {code: [there, serving it]}; null: no more. Answers the limits of the steps. */
  shade(counts) {
    this.counts = counts;
    this.shaded = Boolean(counts);
    this.host.classList.toggle("shaded", this.shaded);
    const limits = counts ? steps(Object.values(counts).map(([here]) => here)) : [];
    // A hidden map has no paths yet.
    this.map.whenReady(() => this.#paint(limits));
    return limits;
  }

  #paint(limits) {
    if (this.counts) this.#hatch();
    for (const [code, layer] of Object.entries(this.bounds)) {
      const path = layer._path;
      if (!path || code === "edge") continue;
      path.removeAttribute("data-step");
      if (this.counts?.[code]) path.dataset.step = step(this.counts[code], limits);
    }
    this.arrange();
  }

  /** Half of what the count beside a name adds to its width. */
  #countWidth({ code }) { return this.counts[code] ? (number(this.counts[code][0]).length + 1) * LETTER * this.scale : 0; }

  #count(label) {
    const text = label.marker.getElement().firstChild;
    text.querySelector("b")?.remove();
    if (this.shaded && this.counts[label.code]) text.append(element("b", "", number(this.counts[label.code][0])));
  }

  /** Where nobody answers is hatched: a pattern reads in black and white too. */
  #hatch() {
    const svg = this.renderer._container;
    if (!svg || svg.querySelector("#hachures")) return;
    const holder = document.getElementById("hachures-modele");
    if (holder) svg.prepend(holder.content.cloneNode(true));
  }

  // --- priority districts -----------------------------------------------------------------

  async districts(url) {
    this.quarters?.remove();
    this.quarters = null;
    if (!url) return 0;
    const { quartiers, parts } = await (await fetch(url)).json();
    this.quarters = L.layerGroup(quartiers.map(({ name, shape }) =>
      L.polygon(shape.map((polygon) => polygon.map((ring) => corners(ring, parts))), { pane: "districts", renderer: this.#overlay(), className: "qpv", weight: 2, fillOpacity: 1 })
        .bindTooltip(element("span", "", `Quartier prioritaire : ${name}`), { sticky: true, className: "told" }))).addTo(this.map);
    return quartiers.length;
  }

  #overlay() {
    this.above ??= L.svg({ pane: "districts", padding: 0.5 });
    return this.above;
  }
}

/** The lower limits of up to five steps, each a round number of suppliers. */
export function steps(values) {
  const most = Math.max(0, ...values);
  if (!most) return [];
  const limits = [1];
  for (let i = 1; i < STEPS; i += 1) {
    const exact = most ** (i / STEPS);
    const unit = 10 ** Math.floor(Math.log10(exact));
    const limit = Math.ceil(exact / unit) * unit;
    if (limit > limits.at(-1) && limit <= most) limits.push(limit);
  }
  return limits;
}

/** "blank" where nobody is nor says to work, "served" where some say to, else the step. */
function step([here, serving], limits) {
  if (!here) return serving ? "served" : "blank";
  return tint(limits.filter((limit) => here >= limit).length, limits.length);
}

/** The tint of a step among so many: few steps are still told apart at a glance. */
export function tint(place, among) {
  return among === 1 ? 3 : 1 + Math.round(((place - 1) * (STEPS - 1)) / (among - 1));
}
