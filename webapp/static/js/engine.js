// The only file that knows Leaflet. A MapView draws outlines, asks the server for the cells of its
// view, and says what was chosen; pages never touch the library.

import { element, number, shape, count } from "./marks.js";

const L = window.L;
const CALM = matchMedia("(prefers-reduced-motion: reduce)").matches;
// Cells are asked for a little beyond the view, so that a small move shows no hole.
const BEYOND_VIEW = 0.15;
// From this zoom on, a group is listed rather than opened further.
const CLOSEST = 18;
// Discs nearer than this share of their radii are joined.
const TOUCHING = 0.86;
// Half the side, in pixels, of the square whose suppliers a closest group lists.
const NEIGHBOURS = 40;
// Where a commune's name may slide to, in pixels.
const NUDGES = [0, -14, 14, -26, 26, -36, 36];
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class MapView extends EventTarget {
  /** options: tiles, credit, scale (of cells), still (no interaction), label (of the map). */
  constructor(host, options = {}) {
    super();
    this.host = host;
    this.scale = options.scale ?? 1;
    this.cells = new Map();
    this.numbers = new Map();
    this.bounds = {};
    this.map = L.map(host, {
      zoomControl: false, keyboard: false, minZoom: 6, maxZoom: 19, zoomSnap: 0.5,
      zoomAnimation: !CALM, fadeAnimation: !CALM, markerZoomAnimation: !CALM,
      ...(options.still ? { dragging: false, scrollWheelZoom: false, doubleClickZoom: false, boxZoom: false, touchZoom: false } : {}),
    });
    this.map.attributionControl.setPrefix("");
    if (!options.still) this.#controls();
    this.#tiles(options);
    for (const [pane, index] of [["ground", 250], ["names", 450], ["spots", 640]]) {
      this.map.createPane(pane).style.zIndex = index;
    }
    this.layer = L.layerGroup().addTo(this.map);
    this.map.on("moveend", () => this.refresh());
    this.map.on("dragstart", () => this.#tell("moved"));
    this.#keys(options.label);
  }

  // --- ground: outlines and names -------------------------------------------

  /** Draw the communes and their names; resolves once the view knows where the territory is. */
  async outlines(url) {
    const { features } = await (await fetch(url)).json();
    const communes = features.filter((f) => f.properties.kind === "commune");
    const drawn = communes.filter((f) => f.geometry);
    const renderer = L.svg({ pane: "ground", padding: 0.5 });
    const draw = (list, name) => L.geoJSON({ type: "FeatureCollection", features: list }, {
      renderer, pane: "ground", interactive: false,
      style: (f) => ({ className: `outline ${name} ${f.properties.inside ? "inside" : ""} ${f.properties.approached ? "approached" : ""}`, fill: name !== "edge", fillOpacity: 1, weight: 1 }),
      onEachFeature: (f, layer) => { this.bounds[f.properties.code ?? "edge"] = layer; },
    }).addTo(this.map);
    draw(drawn.filter((f) => !f.properties.inside), "");
    draw(drawn.filter((f) => f.properties.inside), "");
    draw(features.filter((f) => f.properties.kind === "edge"), "edge");
    this.map.attributionControl.addAttribution(drawn.some((f) => f.properties.approached)
      ? "Limites approchées, faute de contours" : "Contours : IGN, geo.api.gouv.fr");
    const inside = communes.filter((f) => f.properties.inside && f.properties.lon !== null);
    this.territory = L.latLngBounds(inside.map((f) => [f.properties.lat, f.properties.lon]));
    const edge = this.bounds.edge?.getBounds() ?? this.territory.pad(0.12);
    if (edge.isValid()) this.territory = edge;
    this.#names(inside.map((f) => f.properties));
  }

  #names(communes) {
    communes.sort((a, b) => b.people - a.people);
    this.labels = communes.map((p, rank) => {
      const marker = L.marker([p.lat, p.lon], {
        pane: "names", interactive: false, keyboard: false,
        icon: L.divIcon({ className: `place ${rank < 3 ? "town" : ""}`, html: element("span", "", p.name), iconSize: [0, 0] }),
      });
      return { marker, half: p.name.length * (rank < 3 ? 4.2 : 3.4) * this.scale };
    });
    this.map.on("zoomend", () => this.#arrange());
    this.map.whenReady(() => this.#arrange());
  }

  /** Put each name where it covers neither a cell nor the name of a larger commune. */
  #arrange() {
    if (!this.labels) return;
    const high = 8 * this.scale;
    const taken = [...this.cells.values()].map(({ marker, size }) => this.#box(marker, size / 2, size / 2, [0, 0]));
    for (const { marker, half } of this.labels) {
      const aside = half + 26 * this.scale;
      const free = [...NUDGES.map((down) => [0, down * this.scale]), [aside, 0], [-aside, 0]].find((nudge) => {
        const box = this.#box(marker, half, high, nudge);
        return !taken.some((b) => box[0] < b[2] && box[2] > b[0] && box[1] < b[3] && box[3] > b[1]);
      });
      if (free === undefined) { marker.remove(); continue; }
      taken.push(this.#box(marker, half, high, free));
      marker.addTo(this.map);
      marker.getElement().firstChild.style.translate = `${free[0]}px ${free[1]}px`;
    }
  }

  /** Left, top, right and bottom of a thing on the screen. */
  #box(marker, halfWidth, halfHeight, [right, down]) {
    const at = this.map.latLngToLayerPoint(marker.getLatLng()).add([right, down]);
    return [at.x - halfWidth, at.y - halfHeight, at.x + halfWidth, at.y + halfHeight];
  }

  /** Underline one commune, or none. */
  choose(code) {
    this.host.querySelectorAll(".outline.chosen").forEach((path) => path.classList.remove("chosen"));
    const layer = this.bounds[code];
    const path = layer?._path;
    if (path) { path.classList.add("chosen"); path.parentNode.append(path); }
  }

  // --- view -------------------------------------------------------------------

  /** Show the territory, a commune, or bounds [west, south, east, north]; padding [left, top, right, bottom]. */
  fit(where, padding = [24, 24, 24, 24], maxZoom = 15) {
    if (!this.host.clientWidth) return; // hidden: resized() will be followed by another fit
    const bounds = Array.isArray(where) ? L.latLngBounds([where[1], where[0]], [where[3], where[2]])
      : where === "territory" ? this.territory : this.bounds[where]?.getBounds() ?? this.territory;
    if (!bounds?.isValid()) { this.map.setView([47.75, -3.37], 10); return; }
    const options = { paddingTopLeft: padding.slice(0, 2), paddingBottomRight: padding.slice(2), maxZoom, animate: !CALM && Boolean(this.map._loaded) };
    if (options.animate) this.map.flyToBounds(bounds, { ...options, duration: 1.2 }); else this.map.fitBounds(bounds, options);
  }

  /** Bring a point into view without changing the zoom more than needed. */
  show(lon, lat, zoom = null) {
    this.map.setView([lat, lon], zoom ?? Math.max(this.map.getZoom(), 14), { animate: !CALM });
  }

  view() {
    const b = this.map.getBounds();
    return [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()].map((v) => v.toFixed(5));
  }

  // --- cells ------------------------------------------------------------------

  /** Follow a search: `url` answers the cells of a view; `numbers` are the uids the list shows. */
  follow(url, numbers = new Map()) {
    this.url = url;
    this.numbers = numbers;
    this.cells.forEach(({ marker }) => marker.remove());
    this.cells.clear();
    return this.refresh();
  }

  async refresh() {
    if (!this.url || !this.map._loaded || !this.host.clientWidth) return;
    this.asked?.abort();
    this.asked = new AbortController();
    const b = this.map.getBounds().pad(BEYOND_VIEW);
    const bbox = [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()].map((v) => v.toFixed(5)).join(",");
    const join = this.url.includes("?") ? "&" : "?";
    try {
      const answer = await fetch(`${this.url}${join}bbox=${bbox}&zoom=${Math.round(this.map.getZoom())}`, { signal: this.asked.signal });
      if (!answer.ok) throw new Error(answer.statusText);
      this.#draw((await answer.json()).cellules);
      this.#tell("ready");
    } catch (error) {
      if (error.name !== "AbortError") this.#tell("failed");
    }
  }

  #draw(cells) {
    const wanted = new Map(this.#apart(cells).map((cell) => [cell.slice(0, 3).join(), cell]));
    for (const [key, { marker }] of this.cells) if (!wanted.has(key)) { marker.remove(); this.cells.delete(key); }
    for (const [key, cell] of wanted) if (!this.cells.has(key)) this.cells.set(key, this.#cell(cell));
    this.host.dataset.drawn = this.cells.size;
    this.#arrange();
  }

  /** The server's squares have no gap: join the cells whose discs would overlap, largest first. */
  #apart(cells) {
    const kept = [];
    for (const cell of [...cells].sort((a, b) => b[2] - a[2])) {
      const at = this.map.latLngToLayerPoint([cell[1], cell[0]]);
      const size = this.#look(cell[2], cell.slice(3))[2];
      const over = kept.find((k) => k.at.distanceTo(at) < TOUCHING * (k.size + size) / 2);
      if (over) over.cell = [over.cell[0], over.cell[1], over.cell[2] + cell[2]];
      else kept.push({ cell, at, size });
    }
    return kept.map((k) => k.cell);
  }

  /** A marker and its size in pixels. */
  #cell(cell) {
    const [lon, lat, total, ...suppliers] = cell;
    const [className, html, size, label] = this.#look(total, suppliers);
    const marker = L.marker([lat, lon], {
      keyboard: false, riseOnHover: true,
      icon: L.divIcon({ className: `cell ${className}`, html, iconSize: [size, size] }),
    }).addTo(this.layer);
    const node = marker.getElement();
    node.setAttribute("role", "button");
    node.setAttribute("aria-label", label);
    node.tabIndex = -1;
    marker.on("click", () => this.#open(marker, cell));
    const uids = suppliers.map((s) => s[0]);
    marker.on("mouseover", () => this.#tell("over", { uids }));
    marker.on("mouseout", () => this.#tell("over", { uids: [] }));
    return { marker, size };
  }

  /** Class, content, size in pixels and accessible name of a cell. */
  #look(total, suppliers) {
    if (total === 1 && suppliers.length) {
      const [uid, name, mark] = suppliers[0];
      const listed = this.numbers.get(uid);
      const html = listed ? element("span", "number", String(listed)) : shape(mark, 16 * this.scale);
      return [`one mark-${mark}`, html, 28 * this.scale, listed ? `${listed}. ${name}` : name];
    }
    const size = (24 + Math.min(30, 8 * Math.log10(total + 1))) * this.scale;
    const className = suppliers.length ? "group stack" : "group";
    const label = `${count(total, "fournisseur")}${suppliers.length ? " à cette adresse" : " : agrandir"}`;
    return [className, element("span", "", number(total)), Math.round(size), label];
  }

  async #open(marker, cell) {
    const [lon, lat, total, ...suppliers] = cell;
    if (!suppliers.length && this.map.getZoom() < CLOSEST) {
      this.#tell("moved");
      this.map.setView([lat, lon], Math.min(CLOSEST, this.map.getZoom() + 2), { animate: !CALM });
      return;
    }
    const chosen = new CustomEvent("chosen", { cancelable: true, detail: { uids: suppliers.map((s) => s[0]), total } });
    if (!this.dispatchEvent(chosen)) return;
    const here = suppliers.length ? suppliers : await this.#here(marker);
    this.#popup(marker, total, here);
  }

  /** Who the cells under this marker are: neighbours too close for any zoom to part. */
  async #here(marker) {
    const at = this.map.latLngToContainerPoint(marker.getLatLng());
    const corner = (by) => this.map.containerPointToLatLng(at.add([by, -by]));
    const [from, to] = [corner(-NEIGHBOURS), corner(NEIGHBOURS)];
    const url = this.url.replace(this.host.dataset.cells, this.host.dataset.here);
    const bbox = [from.lng, from.lat, to.lng, to.lat].map((v) => v.toFixed(6)).join(",");
    const answer = await fetch(`${url}${url.includes("?") ? "&" : "?"}bbox=${bbox}`);
    return answer.ok ? (await answer.json()).fournisseurs : [];
  }

  /** Names with links to their sheets. */
  #popup(marker, total, suppliers) {
    const box = element("div");
    if (total > 1) box.append(element("p", "soft", `${count(total, "fournisseur")} ici`));
    const list = box.appendChild(element("ul"));
    for (const [uid, name, mark] of suppliers) {
      const item = list.appendChild(element("li", `mark-${mark}`));
      const link = element("a", "", name);
      link.href = `/fournisseurs/${encodeURIComponent(uid)}`;
      item.append(shape(mark, 14), link);
    }
    if (total > suppliers.length) box.append(element("p", "soft", `et ${number(total - suppliers.length)} de plus : affiner la recherche`));
    const popup = L.popup({ maxWidth: 320, closeButton: true }).setLatLng(marker.getLatLng()).setContent(box).openOn(this.map);
    popup.getElement().querySelector(".leaflet-popup-close-button")?.setAttribute("aria-label", "Fermer");
    list.querySelector("a")?.focus({ preventScroll: true });
    popup.on("remove", () => this.host.focus({ preventScroll: true }));
  }

  /** Ring a point of the map, with its number in the list; nothing when it is null. */
  spot(point) {
    this.ring?.remove();
    this.ring = null;
    if (!point) return;
    const html = point.number ? element("b", "", String(point.number)) : "";
    this.ring = L.marker([point.lat, point.lon], {
      pane: "spots", interactive: false, keyboard: false,
      icon: L.divIcon({ className: "spot", html, iconSize: [0, 0] }),
    }).addTo(this.map);
  }

  /** Ring a point that stays, under its name. */
  pin(point) {
    L.marker([point.lat, point.lon], {
      pane: "spots", interactive: false, keyboard: false,
      icon: L.divIcon({ className: "spot", html: element("b", "", point.name), iconSize: [0, 0] }),
    }).addTo(this.map);
  }

  /** Draw the circle of a search around a point; nothing without a radius. */
  around(lon, lat, radiusKm) {
    this.circle?.remove();
    this.circle = null;
    if (!radiusKm) return;
    this.circle = L.circle([lat, lon], { radius: radiusKm * 1000, pane: "ground", interactive: false, className: "outline around" }).addTo(this.map);
    const bounds = L.latLng(lat, lon).toBounds(radiusKm * 2000);
    this.bounds.circle = { getBounds: () => bounds };
  }

  /** The host has another size. */
  resized() {
    this.map.invalidateSize();
  }

  destroy() {
    this.asked?.abort();
    this.map.remove();
  }

  // --- controls and keyboard ----------------------------------------------------

  #controls() {
    L.control.zoom({ position: "topright", zoomInTitle: "Zoomer", zoomOutTitle: "Dézoomer" }).addTo(this.map);
    L.control.scale({ imperial: false, position: "bottomright" }).addTo(this.map);
  }

  #tiles({ tiles, credit }) {
    if (tiles) {
      this.host.classList.add("with-tiles");
      L.tileLayer(tiles, { maxZoom: 19, attribution: credit }).addTo(this.map);
    }
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

  #tell(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
