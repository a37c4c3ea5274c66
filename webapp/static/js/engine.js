// The map's adapter: a MapView shows the ground, a search's cells and what is drawn on it, and says
// what was chosen. Only this file and its parts (cells, ground, zone) know Leaflet; pages never touch it.

import { CellLayer } from "./cells.js";
import { Ground } from "./ground.js";
import * as L from "./leaflet.js";
import { element } from "./marks.js";
import { Zone } from "./zone.js";

const CALM = matchMedia("(prefers-reduced-motion: reduce)").matches;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
// So many tiles failing in a row: the background is away, our own ground takes its place.
const MOST_FAILED = 4;

export class MapView extends EventTarget {
  /** options: tiles, credit, scale (of cells), still (no interaction), label (of the map), territory (its bounds). */
  constructor(host, options = {}) {
    super();
    this.host = host;
    this.territory = options.territory;
    // On a wall screen marks grow with the type (base.css).
    this.scale = options.scale ?? parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    this.map = L.map(host, {
      zoomControl: false, keyboard: false, minZoom: 6, maxZoom: 19, zoomSnap: 0.5,
      zoomAnimation: !CALM, fadeAnimation: !CALM, markerZoomAnimation: !CALM,
      ...(options.still ? { dragging: false, scrollWheelZoom: false, doubleClickZoom: false, boxZoom: false, touchZoom: false } : {}),
    });
    this.map.attributionControl.setPrefix("");
    if (!options.still) this.#controls();
    if (options.tiles) this.#background(options);
    const tell = (type, detail) => this.#tell(type, detail);
    const marks = () => [this.cells, this.stars].flatMap((layer) => (layer ? [...layer.drawn.values()] : []));
    this.ground = new Ground(this.map, host, this.scale, tell, marks);
    this.zone = new Zone(this.map, host);
    this.map.createPane("spots").style.zIndex = 650;
    this.cells = new CellLayer(this.map, host, { scale: this.scale, tell: (type, detail) => {
      if (type === "ready") this.ground.arrange();
      return this.#tell(type, detail);
    } });
    this.stars = new CellLayer(this.map, host, { scale: this.scale, star: true, tell: (type, detail) => {
      if (type === "ready") { this.ground.arrange(); return true; }
      return this.#tell(type, detail);
    } });
    this.map.on("dragstart", () => this.#tell("moved"));
    this.#keys(options.label);
  }

  // --- ground ---------------------------------------------------------------------

  /** Draw the communes and their names. */
  outlines(url) { return this.ground.load(url); }

  /** Underline one commune, or none. */
  choose(code) { this.ground.choose(code); }

  /** Shade the communes by {code: [there, serving it]} and hide the cells; null: cells again. Answers the steps' limits. */
  shade(counts) { return this.ground.shade(counts); }

  #background({ tiles, credit }) {
    let failed = 0;
    this.tiles = L.tileLayer(tiles, { maxZoom: 19, attribution: credit });
    this.tiles.on("tileload", () => { failed = 0; this.host.classList.add("with-tiles"); });
    this.tiles.on("tileerror", () => {
      failed += 1;
      if (failed >= MOST_FAILED && this.map.hasLayer(this.tiles)) { failed = 0; this.background(false); this.#tell("bare"); }
    });
    this.background(true);
  }

  /** Show the tiles, or our own ground alone. */
  background(wanted) {
    if (wanted) this.tiles.addTo(this.map);
    else this.tiles.remove();
    if (!wanted) this.host.classList.remove("with-tiles");
  }

  // --- view -------------------------------------------------------------------------

  /** Show the territory, the circle, or bounds [west, south, east, north]; padding [left, top, right, bottom]. */
  fit(where, padding = [24, 24, 24, 24], maxZoom = 15) {
    if (!this.host.clientWidth) return; // hidden: resized() will be followed by another fit
    const bounds = Array.isArray(where) ? box(where) : this.#bounds(where);
    if (!bounds?.isValid()) { this.map.setView([47.75, -3.37], 10); return; }
    const options = { paddingTopLeft: padding.slice(0, 2), paddingBottomRight: padding.slice(2), maxZoom, animate: !CALM && Boolean(this.map._loaded) };
    if (options.animate) this.map.flyToBounds(bounds, { ...options, duration: 1.2 }); else this.map.fitBounds(bounds, options);
  }

  #bounds(name) {
    if (name === "circle") return this.ringed;
    return this.territory && box(this.territory);
  }

  /** Bring a point into view without changing the zoom more than needed. */
  show(lon, lat, zoom = null) {
    this.map.setView([lat, lon], zoom ?? Math.max(this.map.getZoom(), 14), { animate: !CALM });
  }

  view() {
    const b = this.map.getBounds();
    return [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()].map((v) => v.toFixed(5));
  }

  centre() {
    const { lat, lng } = this.map.getCenter();
    return [lat.toFixed(4), lng.toFixed(4)];
  }

  // --- suppliers -----------------------------------------------------------------------

  /** Follow a search: `url` answers the cells of a view; `numbers` are the uids the list shows. */
  follow(url, numbers) {
    const shown = this.cells.follow(url, numbers);
    if (!url) this.ground.arrange();
    return shown;
  }

  /** Ring a point of the map, with its number in the list; nothing when it is null. */
  spot(point) {
    this.ring?.remove();
    this.ring = point && this.#ringed(point, point.number ? element("b", "", String(point.number)) : "");
  }

  /** Ring a point that stays, under its name. */
  pin(point) { this.#ringed(point, element("b", "", point.name)); }

  #ringed({ lon, lat }, html) {
    const icon = L.divIcon({ className: "spot", html, iconSize: [0, 0] });
    return L.marker([lat, lon], { pane: "spots", interactive: false, keyboard: false, icon }).addTo(this.map);
  }

  /** Draw the circle of a search around a point; nothing without a radius. */
  around(lon, lat, radiusKm) {
    this.circle?.remove();
    this.circle = null;
    if (!radiusKm) return;
    this.circle = L.circle([lat, lon], { radius: radiusKm * 1000, pane: "zone", renderer: this.zone.renderer, interactive: false, className: "around" }).addTo(this.map);
    this.ringed = L.latLng(lat, lon).toBounds(radiusKm * 2000);
  }

  /** The host has another size. */
  resized() {
    this.map.invalidateSize();
  }

  destroy() {
    this.cells.stop();
    this.stars.stop();
    this.map.remove();
  }

  // --- controls and keyboard ----------------------------------------------------

  #controls() {
    L.control.zoom({ position: "topright", zoomInTitle: "Zoomer", zoomOutTitle: "Dézoomer" }).addTo(this.map);
    L.control.scale({ imperial: false, position: "bottomright" }).addTo(this.map);
  }

  /** One tab stop: arrows go to the nearest cell that way, or move the map; + and - zoom. */
  #keys(label) {
    this.host.tabIndex = 0;
    this.host.setAttribute("role", "application");
    this.host.setAttribute("aria-label", label ?? "Carte. Flèches : aller d’un point à l’autre. Entrée : ouvrir. Plus et moins : zoomer.");
    this.host.addEventListener("keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      const from = event.target.closest(".cell");
      if (event.key in ARROWS && (from || event.target === this.host)) this.#step(from, ARROWS[event.key]);
      else if ((event.key === "Enter" || event.key === " ") && from) from.click();
      else if (event.key === "+" || event.key === "=") this.map.zoomIn();
      else if (event.key === "-") this.map.zoomOut();
      else if (event.key === "Escape" && from) this.host.focus();
      else return;
      event.preventDefault();
    });
  }

  #step(from, [dx, dy]) {
    const frame = this.host.getBoundingClientRect();
    const centre = (node) => { const r = node.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; };
    const [x, y] = from ? centre(from) : [frame.x + frame.width / 2, frame.y + frame.height / 2];
    let best = null;
    let least = Infinity;
    for (const node of this.host.querySelectorAll(".cell")) {
      const [cx, cy] = centre(node);
      if (node === from || cx < frame.left || cx > frame.right || cy < frame.top || cy > frame.bottom) continue;
      const along = (cx - x) * dx + (cy - y) * dy;
      const aside = Math.abs((cx - x) * dy) + Math.abs((cy - y) * dx);
      if (along > 2 && along + 2 * aside < least) { least = along + 2 * aside; best = node; }
    }
    if (best) best.focus({ preventScroll: true });
    else { this.map.panBy([dx * 120, dy * 120], { animate: !CALM }); this.#tell("moved"); }
  }

  /** Say what happened; answers whether the page lets it go on. */
  #tell(type, detail = {}) {
    return this.dispatchEvent(new CustomEvent(type, { detail, cancelable: true }));
  }
}

const box = ([west, south, east, north]) => L.latLngBounds([south, west], [north, east]);
