// A layer of cells: the suppliers of a search as the server clusters them for the view.

import * as L from "./leaflet.js";
import { element, number, shape, count } from "./marks.js";

const CALM = matchMedia("(prefers-reduced-motion: reduce)").matches;
// Cells are asked for a little beyond the view, so that a small move shows no hole.
const BEYOND_VIEW = 0.15;
// From this zoom on, a group is listed rather than opened further.
const CLOSEST = 18;
// Discs nearer than this share of their radii are joined.
const TOUCHING = 0.86;
// Half the side, in pixels, of the square whose suppliers a closest group lists.
const NEIGHBOURS = 40;
// Half the side, in degrees, of an address.
const ADDRESS = 0.00001;

export class CellLayer {
  /** tell(type, detail) says what happens, and answers whether the page lets it go on. */
  constructor(map, host, { scale = 1, tell = () => true, star = false } = {}) {
    Object.assign(this, { map, host, scale, tell, star, drawn: new Map(), numbers: new Map() });
    this.layer = L.layerGroup().addTo(map);
    map.on("moveend", () => this.refresh());
  }

  /** Follow a search: `url` answers the cells of a view, "" shows none; `numbers`: uid -> number in the list. */
  follow(url, numbers = new Map()) {
    this.url = url;
    this.numbers = numbers;
    this.#change(() => { this.layer.clearLayers(); this.drawn.clear(); });
    return this.refresh();
  }

  async refresh() {
    if (!this.url || !this.map._loaded || !this.host.clientWidth) return;
    this.asked?.abort();
    this.asked = new AbortController();
    const view = this.map.getBounds().pad(BEYOND_VIEW);
    try {
      const answer = await fetch(this.#address(this.url, view, `&zoom=${Math.round(this.map.getZoom())}`), { signal: this.asked.signal });
      if (!answer.ok) throw new Error(answer.statusText);
      const { cellules, sans_position } = await answer.json();
      this.#draw(cellules);
      this.tell("ready", { unplaced: sans_position, shown: cellules.length });
    } catch (error) {
      if (error.name !== "AbortError") this.tell("failed");
    }
  }

  stop() { this.asked?.abort(); }

  #address(url, box, more = "", decimals = 5) {
    const bbox = [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()].map((v) => v.toFixed(decimals));
    return `${url}${url.includes("?") ? "&" : "?"}bbox=${bbox.join(",")}${more}`;
  }

  #draw(cells) {
    const wanted = new Map(this.#apart(cells).map((cell) => [cell.slice(0, 3).join(), cell]));
    this.#change(() => {
      for (const [key, { marker }] of this.drawn) if (!wanted.has(key)) { marker.remove(); this.drawn.delete(key); }
      for (const [key, cell] of wanted) if (!this.drawn.has(key)) this.drawn.set(key, this.#cell(cell));
    });
    if (!this.star) this.host.dataset.drawn = this.drawn.size;
  }

  /** Whoever was on a cell that leaves goes on from the map, not from the top of the page. */
  #change(redraw) {
    const wasHere = this.host.contains(document.activeElement);
    redraw();
    if (wasHere && !this.host.contains(document.activeElement)) this.host.focus({ preventScroll: true });
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
      keyboard: false, riseOnHover: true, zIndexOffset: this.star ? 500 : 0,
      icon: L.divIcon({ className: `cell ${className}`, html, iconSize: [size, size] }),
    }).addTo(this.layer);
    const node = marker.getElement();
    node.setAttribute("role", "button");
    node.setAttribute("aria-label", label);
    node.tabIndex = -1;
    marker.on("click", () => this.#open(marker, cell));
    const uids = suppliers.map((s) => s[0]);
    marker.on("mouseover", () => this.tell("over", { uids }));
    marker.on("mouseout", () => this.tell("over", { uids: [] }));
    return { marker, size };
  }

  /** Class, content, size in pixels and accessible name of a cell. */
  #look(total, suppliers) {
    const [uid, name, mark] = suppliers[0] ?? [];
    if (this.star) {
      const html = shape("innovation", 24 * this.scale);
      const label = total === 1 && name ? name : `${count(total, "entreprise innovante", "entreprises innovantes")}`;
      if (total === 1) return ["star mark-innovation", html, 26 * this.scale, label];
      const box = element("span", "stars");
      box.append(html, element("b", "", number(total)));
      return ["star mark-innovation", box, 26 * this.scale, label];
    }
    if (total === 1 && name !== undefined) {
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
      this.tell("moved");
      this.map.setView([lat, lon], Math.min(CLOSEST, this.map.getZoom() + 2), { animate: !CALM });
      return;
    }
    if (!this.tell("chosen", { uids: suppliers.map((s) => s[0]), total })) return;
    const box = suppliers.length ? L.latLngBounds([lat - ADDRESS, lon - ADDRESS], [lat + ADDRESS, lon + ADDRESS]) : this.#around(marker);
    const here = suppliers.length < total ? await this.#here(box) : suppliers;
    this.#popup(marker, total, here.length ? here : suppliers, box);
  }

  /** The neighbours under this marker, too close for any zoom to part. */
  #around(marker) {
    const at = this.map.latLngToContainerPoint(marker.getLatLng());
    const corner = (by) => this.map.containerPointToLatLng(at.add([by, -by]));
    return L.latLngBounds(corner(-NEIGHBOURS), corner(NEIGHBOURS));
  }

  /** Who is in a box. */
  async #here(box) {
    const url = this.url.replace(this.host.dataset.cells, this.host.dataset.here);
    try {
      const answer = await fetch(this.#address(url, box, "", 6));
      return answer.ok ? (await answer.json()).fournisseurs : [];
    } catch {
      this.tell("failed");
      return [];
    }
  }

  /** Names with links to their sheets; the whole list when they are many. */
  #popup(marker, total, suppliers, place) {
    const box = element("div");
    if (total > 1) box.append(element("p", "soft", `${count(total, "fournisseur")} ici`));
    const list = box.appendChild(element("ul"));
    for (const [uid, name, mark] of suppliers) {
      const item = list.appendChild(element("li", `mark-${mark}`));
      const link = element("a", "", name);
      link.href = `/fournisseurs/${encodeURIComponent(uid)}`;
      item.append(shape(mark, 14), link);
    }
    if (total > 1 && this.host.dataset.search) box.append(this.#whole(total, suppliers.length, place));
    const popup = L.popup({ maxWidth: 320, closeButton: true }).setLatLng(marker.getLatLng()).setContent(box).openOn(this.map);
    popup.getElement().querySelector(".leaflet-popup-close-button")?.setAttribute("aria-label", "Fermer");
    list.querySelector("a")?.focus({ preventScroll: true });
    popup.on("remove", () => this.host.focus({ preventScroll: true }));
  }

  #whole(total, given, place) {
    const state = new URLSearchParams(this.url.split("?")[1] ?? "");
    state.set("zone", [place.getWest(), place.getSouth(), place.getEast(), place.getNorth()].map((v) => v.toFixed(6)).join(","));
    const line = element("p", "whole");
    const link = element("a", "", total > given ? `et ${number(total - given)} de plus : tous dans la liste` : "Tous dans la liste");
    link.href = `${this.host.dataset.search}?${state}`;
    line.append(link);
    return line;
  }
}
