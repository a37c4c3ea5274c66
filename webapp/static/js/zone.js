// A zone drawn on the map: corners by clicks, or by keys at the middle of the view.

import * as L from "./leaflet.js";
import { element } from "./marks.js";

// The server reads at most this many corners.
const MOST_CORNERS = 100;
// A click this near the first corner, in pixels, closes the zone.
const CLOSE = 14;

export class Zone {
  constructor(map, host) {
    Object.assign(this, { map, host });
    map.createPane("zone").style.zIndex = 640;
    this.renderer = L.svg({ pane: "zone", padding: 0.5 });
  }

  /** Show the zone of a search, [lon, lat…] or [west, south, east, north]; null: none. */
  show(values) {
    this.shown?.remove();
    this.shown = null;
    if (!values) return;
    const [w, s, e, n] = values;
    const outline = values.length === 4 ? [[s, w], [s, e], [n, e], [n, w]]
      : Array.from({ length: values.length / 2 }, (_, i) => [values[2 * i + 1], values[2 * i]]);
    this.shown = L.polygon(outline, { pane: "zone", renderer: this.renderer, interactive: false, className: "zone", weight: 3, fillOpacity: 1 }).addTo(this.map);
  }

  /** Draw a zone; resolves to its "lon,lat,…", or "" when it was given up. */
  draw() {
    this.end?.("");
    this.show(null);
    return new Promise((resolve) => {
      this.corners = [];
      this.line = L.polyline([], { pane: "zone", renderer: this.renderer, interactive: false, className: "zone open", weight: 3 }).addTo(this.map);
      this.dots = L.layerGroup().addTo(this.map);
      const bar = this.#bar();
      const add = ({ latlng }) => this.#add(latlng);
      const follow = ({ latlng }) => this.line.setLatLngs([...this.corners, latlng]);
      const keys = (event) => this.#key(event);
      this.end = (value) => {
        this.end = null;
        this.map.off("click", add).off("mousemove", follow);
        this.map.doubleClickZoom.enable();
        document.removeEventListener("keydown", keys, true);
        this.line.remove();
        this.dots.remove();
        bar.remove();
        this.host.classList.remove("drawing");
        resolve(value);
      };
      this.map.on("click", add).on("mousemove", follow);
      this.map.doubleClickZoom.disable();
      document.addEventListener("keydown", keys, true);
      this.host.classList.add("drawing");
      this.#changed();
      bar.querySelector("button").focus();
    });
  }

  #bar() {
    const bar = element("div", "zone-bar");
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", "Dessin d’une zone");
    this.told = element("p");
    this.told.setAttribute("role", "status");
    const button = (text, act, className = "button quiet small") => {
      const made = element("button", className, text);
      made.type = "button";
      made.addEventListener("click", (event) => { event.stopPropagation(); act(); });
      return made;
    };
    this.back = button("Retirer le dernier", () => this.#undo());
    this.done = button("Terminer", () => this.#finish(), "button small");
    bar.append(this.told, button("Point au centre", () => this.#add(this.map.getCenter())), this.back, this.done, button("Annuler", () => this.end("")));
    L.DomEvent.disableClickPropagation(bar);
    L.DomEvent.disableScrollPropagation(bar);
    this.host.append(bar);
    return bar;
  }

  #key(event) {
    const act = { Escape: () => this.end(""), Backspace: () => this.#undo() }[event.key];
    if (!act || event.target.matches?.("input, textarea")) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  #add(latlng) {
    const at = this.map.latLngToContainerPoint(latlng);
    const first = this.corners[0];
    const last = this.corners.at(-1);
    if (this.corners.length > 2 && this.map.latLngToContainerPoint(first).distanceTo(at) < CLOSE) { this.#finish(); return; }
    if (last?.equals(latlng) || this.corners.length === MOST_CORNERS) return;
    this.corners.push(latlng);
    this.#changed();
  }

  #undo() {
    this.corners.pop();
    this.#changed();
  }

  #changed() {
    const left = 3 - this.corners.length;
    this.told.textContent = left > 0 ? `Cliquer les sommets de la zone : encore ${left} au moins.`
      : "Cliquer le premier sommet, ou « Terminer », pour fermer la zone.";
    this.done.disabled = left > 0;
    this.back.disabled = !this.corners.length;
    this.line.setLatLngs(this.corners);
    this.dots.clearLayers();
    for (const [place, corner] of this.corners.entries()) {
      L.circleMarker(corner, { pane: "zone", renderer: this.renderer, interactive: false, radius: place ? 4 : 7, className: "corner", weight: 2, fillOpacity: 1 }).addTo(this.dots);
    }
  }

  #finish() {
    if (this.corners.length < 3) return;
    this.end(this.corners.flatMap(({ lng, lat }) => [lng.toFixed(5), lat.toFixed(5)]).join(","));
  }
}
