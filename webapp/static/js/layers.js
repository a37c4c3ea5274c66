// The layers of the search map, and its tools. What is shown stays in the address, as `calques`.

import { tint } from "./ground.js";
import { element, number } from "./marks.js";

// Layers that are off, or on, unless the address says otherwise.
const OFF = ["communes", "innovation", "qpv"];
const ON = ["noms", "fond"];
const RADIUS_KM = "5";

export class Layers {
  constructor(map, host) {
    Object.assign(this, { map, host, panel: document.querySelector(".layers"), scale: document.querySelector(".map-scale") });
    const wanted = new Set((new URLSearchParams(location.search).get("calques") ?? "").split(","));
    for (const box of this.#boxes()) box.checked = ON.includes(box.value) ? !wanted.has(`sans-${box.value}`) : wanted.has(box.value);
    this.panel.addEventListener("change", (event) => this.#changed(event.target));
    document.addEventListener("click", (event) => { if (!this.panel.contains(event.target)) this.panel.open = false; });
    this.panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      this.panel.open = false;
      this.panel.querySelector("summary").focus();
    });
    this.map.addEventListener("bare", () => { const box = this.#box("fond"); if (box) box.checked = false; });
    if (!this.has("fond") && this.#box("fond")) this.map.background(false);
    this.map.ground.named = this.has("noms");
  }

  /** The ground is known: offer what it has. */
  offer() {
    if (!this.map.ground.quarterCount) return;
    this.#box("qpv").closest("label").hidden = false;
    this.#districts();
  }

  has(name) { return this.#box(name)?.checked ?? false; }

  #boxes() { return this.panel.querySelectorAll("input"); }
  #box(name) { return this.panel.querySelector(`input[value="${name}"]`); }

  /** An address with the layers shown now. */
  keep(url) {
    const kept = new URL(url, location.href);
    const shown = [...OFF.filter((name) => this.has(name)), ...ON.filter((name) => this.#box(name) && !this.has(name)).map((name) => `sans-${name}`)];
    kept.searchParams.delete("calques");
    if (shown.length) kept.searchParams.set("calques", shown.join(","));
    return kept.href;
  }

  #changed(box) {
    history.replaceState(history.state, "", this.keep(location.href));
    if (box.value === "noms") this.map.ground.showNames(box.checked);
    else if (box.value === "fond") this.map.background(box.checked);
    else if (box.value === "qpv") this.#districts();
    else this.follow(this.state, this.numbers);
  }

  #districts() {
    this.map.ground.districts(this.has("qpv") ? this.host.dataset.qpv : "").catch(() => { this.#box("qpv").checked = false; });
  }

  /** Show a search: `state` is its URLSearchParams, `numbers` the uids of the list. */
  async follow(state, numbers) {
    Object.assign(this, { state, numbers });
    const { cells, communes } = this.host.dataset;
    const stars = new URLSearchParams(state);
    stars.set("statut", "innovation");
    this.host.classList.toggle("starred", this.has("innovation"));
    this.map.stars.follow(this.has("innovation") ? `${cells}?${stars}` : "");
    const tail = String(state) && `?${state}`;
    const counts = this.has("communes") ? await this.#counts(communes + tail) : null;
    if (this.state !== state) return;
    this.#legend(this.map.shade(counts), counts);
    await this.map.follow(counts ? "" : cells + tail, numbers);
  }

  async #counts(url) {
    try {
      const answer = await fetch(url);
      return answer.ok ? await answer.json() : null;
    } catch {
      return null;
    }
  }

  /** What the shades mean. */
  #legend(limits, counts) {
    this.scale.hidden = !counts;
    if (!counts) return;
    const values = Object.values(counts);
    const blank = values.filter(([here, serving]) => !here && !serving).length;
    const served = values.filter(([here, serving]) => !here && serving).length;
    const list = element("ul");
    const line = (step, text) => {
      const item = list.appendChild(element("li"));
      const key = element("i");
      key.dataset.step = step;
      item.append(key, element("span", "", text));
    };
    if (blank) line("blank", `Zone blanche : personne (${communes(blank)})`);
    if (served) line("served", `Personne sur place, mais desservie (${communes(served)})`);
    limits.forEach((limit, at) => {
      const next = limits[at + 1];
      const most = Math.max(...values.map(([here]) => here));
      const last = next ? next - 1 : most;
      line(tint(at + 1, limits.length), last > limit ? `${number(limit)} à ${number(last)}` : number(limit));
    });
    this.scale.replaceChildren(element("h3", "", "Fournisseurs par commune"), list);
  }

  /** The tools: a zone drawn by hand, a radius around the middle of the map. `go(changes)` searches, null: nothing changed. */
  tools(go) {
    document.querySelector("[data-draw]").addEventListener("click", async () => {
      const zone = await this.map.zone.draw();
      go(zone ? { zone } : null);
    });
    document.querySelector("[data-around]").addEventListener("click", () => {
      const rayon = document.querySelector("#recherche [name=rayon]").value || RADIUS_KM;
      go({ autour: this.map.centre().join(","), rayon, zone: "" });
    });
    this.map.addEventListener("commune", ({ detail }) => {
      this.#box("communes").checked = false;
      go({ commune: detail.code });
    });
  }
}

const communes = (value) => `${number(value)} commune${value > 1 ? "s" : ""}`;
