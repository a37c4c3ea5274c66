// The only file that knows Leaflet. A MapView draws outlines, asks the server for the cells of its
// view, and says what was chosen; pages never touch the library.

import { element, number, shape, count } from "./marks.js";

const L = window.L;
const CALM = matchMedia("(prefers-reduced-motion: reduce)").matches;
// Cells are asked for a little beyond the view, so that a small move shows no hole.
const BEYOND_VIEW = 0.15;
// From this zoom on, a group is listed rather than opened further.
const CLOSEST = 18;
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
    const drawn = communes.filter((f) => f.geometry && f.geometry.type !== "Point");
    const renderer = L.svg({ pane: "ground", padding: 0.5 });
    const draw = (list, name) => L.geoJSON({ type: "FeatureCollection", features: list }, {
      renderer, pane: "ground", interactive: false,
      style: (f) => ({ className: `outline ${name} ${f.properties.inside ? "inside" : ""}`, fill: name !== "edge", fillOpacity: 1, weight: 1 }),
      onEachFeature: (f, layer) => { this.bounds[f.properties.code ?? "edge"] = layer; },
    }).addTo(this.map);
    draw(drawn.filter((f) => !f.properties.inside), "");
    draw(drawn.filter((f) => f.properties.inside), "");
    draw(features.filter((f) => f.properties.kind === "edge"), "edge");
    const bare = communes.filter((f) => f.properties.inside && f.geometry?.type === "Point");
    if (bare.length) this.#discs(bare, renderer);
    const inside = communes.filter((f) => f.properties.inside && f.properties.lon !== null);
    this.territory = L.latLngBounds(inside.map((f) => [f.properties.lat, f.properties.lon]));
    const edge = this.bounds.edge?.getBounds() ?? this.territory.pad(0.12);
    if (edge.isValid()) this.territory = edge;
    this.#names(inside.map((f) => f.properties));
  }

  #discs(communes, renderer) {
    for (const { properties: p } of communes) {
      this.bounds[p.code] = L.circle([p.lat, p.lon], { radius: 3200, renderer, pane: "ground", interactive: false, className: "outline disc", fillOpacity: 1, stroke: false }).addTo(this.map);
    }
  }

  #names(communes) {
    communes.sort((a, b) => b.people - a.people);
    const labels = communes.map((p, rank) => {
      const marker = L.marker([p.lat, p.lon], {
        pane: "names", interactive: false, keyboard: false,
        icon: L.divIcon({ className: `place ${rank < 3 ? "town" : ""}`, html: element("span", "", p.name), iconSize: [0, 0] }),
      });
      return { marker, width: p.name.length * (rank < 3 ? 8 : 6.6) * this.scale };
    });
    const arrange = () => this.#arrange(labels);
    this.map.on("zoomend", arrange);
    if (this.map._loaded) arrange(); else this.map.whenReady(arrange);
  }

  /** Show a name where it covers no name of a larger commune. */
  #arrange(labels) {
    const taken = [];
    for (const { marker, width } of labels) {
      const at = this.map.project(marker.getLatLng(), this.map.getZoom());
      const box = [at.x - width / 2, at.y - 9 * this.scale, at.x + width / 2, at.y + 9 * this.scale];
      const free = !taken.some((b) => box[0] < b[2] && box[2] > b[0] && box[1] < b[3] && box[3] > b[1]);
      if (free) { taken.push(box); marker.addTo(this.map); } else marker.remove();
    }
  }

  /** Underline one commune, or none. */
  choose(code) {
    this.host.querySelectorAll(".outline.chosen").forEach((path) => path.classList.remove("chosen"));
    const layer = this.bounds[code];
    const path = layer?.getElement?.() ?? Object.values(layer?._layers ?? {})[0]?.getElement?.();
    if (path) { path.classList.add("chosen"); path.parentNode.append(path); }
  }

  // --- view -------------------------------------------------------------------

  /** Show the territory, a commune, or bounds [west, south, east, north]; padding [left, top, right, bottom]. */
  fit(where, padding = [24, 24, 24, 24], maxZoom = 15) {
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
    this.cells.forEach((marker) => marker.remove());
    this.cells.clear();
    return this.refresh();
  }

  async refresh() {
    if (!this.url || !this.map._loaded) return;
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
    const wanted = new Map(cells.map((cell) => [`${cell[0]},${cell[1]},${cell[2]}`, cell]));
    for (const [key, marker] of this.cells) if (!wanted.has(key)) { marker.remove(); this.cells.delete(key); }
    for (const [key, cell] of wanted) if (!this.cells.has(key)) this.cells.set(key, this.#marker(cell));
    this.host.dataset.cells = cells.length;
  }

  #marker(cell) {
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
    return marker;
  }

  /** Class, content, size in pixels and accessible name of a cell. */
  #look(total, suppliers) {
    if (total === 1 && suppliers.length) {
      const [uid, name, mark] = suppliers[0];
      const listed = this.numbers.get(uid);
      const html = listed ? element("span", "number tabular", String(listed)) : shape(mark, 16 * this.scale);
      return [`one mark-${mark}`, html, 28 * this.scale, listed ? `${listed}. ${name}` : name];
    }
    const size = (24 + Math.min(30, 8 * Math.log10(total + 1))) * this.scale;
    const className = suppliers.length ? "group stack" : "group";
    const label = `${count(total, "fournisseur")}${suppliers.length ? " à cette adresse" : ""}`;
    return [className, element("span", "", number(total)), Math.round(size), label];
  }

  #open(marker, cell) {
    const [lon, lat, total, ...suppliers] = cell;
    if (!suppliers.length && this.map.getZoom() < CLOSEST) {
      this.#tell("moved");
      this.map.setView([lat, lon], Math.min(CLOSEST, this.map.getZoom() + 2), { animate: !CALM });
      this.returnFocus = this.host.contains(document.activeElement);
      return;
    }
    const chosen = new CustomEvent("chosen", { cancelable: true, detail: { uids: suppliers.map((s) => s[0]), total } });
    if (this.dispatchEvent(chosen)) this.popup(marker, total, suppliers);
  }

  /** Who is at this address, with links to their sheets. */
  popup(marker, total, suppliers) {
    const box = element("div");
    if (total > 1) box.append(element("p", "soft", `${count(total, "fournisseur")} à cette adresse`));
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
    } else {
      this.map.attributionControl.addAttribution("Contours : IGN, geo.api.gouv.fr");
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
