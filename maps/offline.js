// The map in one file: names of suppliers only ever enter the page as text.
"use strict";

function drawSuppliers(map, page) {
  const { communes, territory, suppliers: data } = JSON.parse(page.getElementById("donnees").textContent);
  const UNIT = 1e-5, LISTED = 100;
  // Clusters are this wide on the screen; discs nearer than a share of their radii are joined.
  const SQUARE = 64, TOUCHING = 0.9;
  // As Intl writes them in French, without the time it takes to be made.
  const number = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, "\u202f");
  const $ = (selector) => page.querySelector(selector);
  const count = (n, word) => `${number(n)} ${word}${n > 1 ? "s" : ""}`;
  const element = (tag, text = "", className = "") => {
    const made = page.createElement(tag);
    if (text) made.textContent = text;
    if (className) made.className = className;
    return made;
  };

  // --- looks: one colour and one shape per status ---
  const SVG = "http://www.w3.org/2000/svg";
  function shape(look, size) {
    const svg = page.createElementNS(SVG, "svg");
    for (const [name, value] of [["viewBox", "-1 -1 18 18"], ["width", size], ["height", size], ["aria-hidden", "true"]]) {
      svg.setAttribute(name, value);
    }
    const path = page.createElementNS(SVG, "path");
    path.setAttribute("d", data.looks[look][3]);
    path.setAttribute("fill", data.looks[look][2]);
    path.setAttribute("stroke", "#fff");
    path.setAttribute("stroke-width", "1.5");
    path.setAttribute("paint-order", "stroke");
    svg.append(path);
    return svg;
  }

  // --- ground: outlines and names, without any tile ---
  const ground = L.geoJSON(communes, {
    interactive: false,
    style: { color: "#8fa5aa", weight: 1, fillColor: "#fbfcfa", fillOpacity: 1 },
    pointToLayer: (_, at) => L.circleMarker(at, { radius: 2, color: "#75868d", interactive: false }),
  }).addTo(map);
  L.geoJSON(territory, { interactive: false, style: { color: "#0b5c70", weight: 2.5, fill: false } }).addTo(map);
  // Names lie between the ground and the suppliers; those that would overlap wait for a closer view.
  map.createPane("names").style.zIndex = 450;
  const names_shown = communes.features.filter(({ properties }) => properties.name).map(({ properties }) =>
    L.tooltip({ permanent: true, direction: "center", className: "commune-nom", interactive: false, pane: "names" })
      .setLatLng(properties.at).setContent(element("span", properties.name)).addTo(map));
  const NUDGES = [0, -24, 24, -34, 34, -44, 44];
  /** Each name where it covers neither suppliers nor another name; hidden when there is no such place. */
  function untangle() {
    const kept = [...page.querySelectorAll(".amas, .pin")].map((node) => node.getBoundingClientRect());
    for (const label of names_shown) {
      const box = label.getElement(), text = box.firstElementChild;
      text.style.translate = "";
      const { left, right, top, bottom } = box.getBoundingClientRect();
      const free = NUDGES.find((down) => !kept.some((other) =>
        left < other.right && right > other.left && top + down < other.bottom && bottom + down > other.top));
      box.style.visibility = free === undefined ? "hidden" : "";
      if (free === undefined) continue;
      text.style.translate = `0 ${free}px`;
      kept.push({ left, right, top: top + free, bottom: bottom + free });
    }
  }
  map.on("popupopen", ({ popup }) => popup.getElement().querySelector(".leaflet-popup-close-button")?.setAttribute("aria-label", "Fermer"));
  L.control.zoom({ position: "topright", zoomInTitle: "Rapprocher", zoomOutTitle: "Éloigner" }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  map.attributionControl.setPrefix(false);
  if (communes.features.some(({ geometry }) => geometry.type !== "Point")) map.attributionControl.addAttribution("Contours : IGN, geo.api.gouv.fr");

  // --- suppliers ---
  const all = data.x.map((_, i) => i);
  // Where each is in the world at zoom 0, in pixels: projected once, however often the map moves.
  const world = all.map((i) => map.project([data.y[i] * UNIT, data.x[i] * UNIT], 0));
  const spots = L.layerGroup().addTo(map);
  /** The suppliers shown, by squares of the screen fixed to the ground; close discs are joined. */
  function groups() {
    const zoom = Math.round(map.getZoom()), wide = SQUARE / 2 ** zoom, held = new Map();
    const view = map.getPixelBounds(undefined, map.getZoom()), near = 2 ** -map.getZoom();
    const [left, right, top, bottom] = [view.min.x - SQUARE, view.max.x + SQUARE, view.min.y - SQUARE, view.max.y + SQUARE].map((edge) => edge * near);
    for (const i of shown) {
      const { x, y } = world[i];
      if (x < left || x > right || y < top || y > bottom) continue;
      const key = Math.floor(x / wide) * 2 ** 24 + Math.floor(y / wide);
      if (held.has(key)) held.get(key).push(i); else held.set(key, [i]);
    }
    const kept = [];
    for (const members of [...held.values()].sort((a, b) => b.length - a.length)) {
      const point = L.point(mean(members, "x"), mean(members, "y")).divideBy(near), size = width(members.length);
      const over = kept.find((k) => k.point.distanceTo(point) < TOUCHING * (k.size + size) / 2);
      if (over) over.members = over.members.concat(members); else kept.push({ members, point, size });
    }
    return kept;
  }
  const mean = (members, axis) => members.reduce((sum, i) => sum + world[i][axis], 0) / members.length;
  const width = (n) => (n < 2 ? 22 : n < 10 ? 30 : n < 100 ? 34 : n < 1000 ? 42 : 50);
  function draw() {
    spots.clearLayers();
    for (const { members, point } of groups()) {
      const [first] = members, n = members.length;
      const size = width(n);
      const html = n > 1 ? element("span", number(n)) : shape(data.look[first], 22);
      const label = n > 1 ? count(n, "fournisseur") : data.name[first];
      L.marker(map.unproject(point), {
        icon: L.divIcon({ className: n > 1 ? "amas" : "pin", html, iconSize: [size, size] }), alt: label, title: n > 1 ? "" : label,
      }).addTo(spots).on("click", () => open(members)).getElement().setAttribute("aria-label", label);
    }
    untangle();
  }
  function around(members) {
    const [xs, ys] = [data.x, data.y].map((axis) => members.map((i) => axis[i]));
    const edge = (values, pick) => values.reduce((one, other) => pick(one, other), values[0]) * UNIT;
    return members.length ? L.latLngBounds([edge(ys, Math.min), edge(xs, Math.min)], [edge(ys, Math.max), edge(xs, Math.max)]) : L.latLngBounds([]);
  }
  function open(members) {
    const bounds = around(members);
    const isOnePlace = bounds.getNorthEast().equals(bounds.getSouthWest(), UNIT);
    if (isOnePlace || map.getZoom() === map.getMaxZoom()) show(members);
    else map.fitBounds(bounds.pad(0.1));
  }

  const at = (i) => [data.y[i] * UNIT, data.x[i] * UNIT];
  const popup = L.popup({ maxWidth: 320, minWidth: 220 });
  function show(found) {
    const box = element("div", "", "popup");
    if (found.length === 1) sheet(box, found[0]);
    else {
      box.append(element("h3", `${count(found.length, "fournisseur")} à cette adresse`));
      const list = element("ul");
      for (const i of found.slice(0, LISTED)) {
        const item = element("li"), button = element("button", data.name[i]);
        button.type = "button";
        button.addEventListener("click", (event) => { event.stopPropagation(); show([i]); });
        item.append(button);
        list.append(item);
      }
      box.append(list);
    }
    popup.setLatLng(at(found[0])).setContent(box).openOn(map);
  }
  function sheet(box, i) {
    box.append(element("h3", data.name[i]));
    const held = data.statuses.filter(([bit]) => data.status[i] & bit).map(([, label]) => label);
    if (held.length) box.append(element("p", held.join(", ")));
    box.append(element("p", [data.address[i], data.towns[data.town[i]]].filter(Boolean).join(", ")));
    if (data.siret[i]) box.append(element("p", `SIRET ${data.siret[i].replace(/^(...)(...)(...)(.*)$/, "$1 $2 $3 $4")}`));
    if (data.segments[i].length) {
      const list = element("ul");
      for (const segment of data.segments[i]) list.append(element("li", data.segmentNames[segment]));
      box.append(list);
    }
  }

  // --- filters: the legend is one ---
  const fold = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  let names = null;
  const chosen = { looks: new Set(), statuses: 0, segment: "", name: "" };
  let shown = all;

  const legend = $(".legende");
  const perLook = new Array(data.looks.length).fill(0);
  for (const look of data.look) perLook[look] += 1;
  data.looks.forEach(([, label], look) => {
    if (perLook[look]) legend.append(option(label, perLook[look], shape(look, 20), (isOn) => {
      isOn ? chosen.looks.add(look) : chosen.looks.delete(look);
    }));
  });
  const more = element("details");
  more.append(element("summary", "Plus de statuts"));
  for (const [bit, label] of data.statuses) {
    const n = data.status.reduce((sum, bits) => sum + (bits & bit ? 1 : 0), 0);
    if (n) more.append(option(label, n, null, (isOn) => { chosen.statuses = isOn ? chosen.statuses | bit : chosen.statuses & ~bit; }));
  }
  legend.append(more);
  function option(label, n, picture, toggle) {
    const line = element("label"), box = element("input");
    box.type = "checkbox";
    box.addEventListener("change", () => { toggle(box.checked); refresh(); });
    line.append(box, ...(picture ? [picture] : []), element("span", label), element("span", number(n), "n"));
    return line;
  }
  const perSegment = new Array(data.segmentNames.length).fill(0);
  for (const held of data.segments) for (const segment of held) perSegment[segment] += 1;
  data.segmentNames.map((name, segment) => [name, segment]).sort(([a], [b]) => a.localeCompare(b, "fr"))
    .forEach(([name, segment]) => {
      const choice = element("option", `${name} (${number(perSegment[segment])})`);
      choice.value = segment;
      $(".segment").append(choice);
    });
  $(".segment").addEventListener("change", (event) => { chosen.segment = event.target.value; refresh(); });
  let typing = 0;
  $(".nom").addEventListener("input", (event) => {
    chosen.name = fold(event.target.value.trim());
    clearTimeout(typing);
    typing = setTimeout(refresh, 150);
  });
  $(".vider").addEventListener("click", () => {
    for (const box of page.querySelectorAll(".legende input")) box.checked = false;
    $(".nom").value = $(".segment").value = "";
    chosen.looks.clear();
    Object.assign(chosen, { statuses: 0, segment: "", name: "" });
    refresh();
  });
  const panel = $(".panneau"), fold_button = $(".replier");
  const unfold = (isOpen) => { panel.classList.toggle("replie", !isOpen); fold_button.setAttribute("aria-expanded", isOpen); };
  fold_button.addEventListener("click", () => unfold(panel.classList.contains("replie")));
  unfold(!window.matchMedia("(max-width: 48rem)").matches);

  function keeps(i) {
    if (chosen.looks.size && !chosen.looks.has(data.look[i])) return false;
    if (chosen.statuses && !(data.status[i] & chosen.statuses)) return false;
    if (chosen.segment !== "" && !data.segments[i].includes(+chosen.segment)) return false;
    return !chosen.name || names[i].includes(chosen.name);
  }
  function refresh() {
    if (chosen.name) names ??= data.name.map(fold);
    shown = all.filter(keeps);
    map.closePopup();
    draw();
    const unplaced = data.unplaced && shown.length === all.length ? `, et ${number(data.unplaced)} sans position connue` : "";
    $(".compte").textContent = count(shown.length, "fournisseur") + unplaced;
    list();
  }
  function list() {
    const view = map.getBounds(), units = (value) => value / UNIT;
    const [west, south, east, north] = [view.getWest(), view.getSouth(), view.getEast(), view.getNorth()].map(units);
    const here = shown.filter((i) => data.x[i] >= west && data.x[i] <= east && data.y[i] >= south && data.y[i] <= north);
    $(".liste").replaceChildren(...here.slice(0, LISTED).map(line));
    $(".suite").textContent = here.length > LISTED ? `et ${number(here.length - LISTED)} autres : rapprocher la carte.`
      : here.length ? "" : "Aucun fournisseur dans cette partie de la carte.";
  }
  function line(i) {
    const item = element("li"), button = element("button"), text = element("span", data.name[i]);
    button.type = "button";
    text.append(element("small", data.towns[data.town[i]]));
    button.append(shape(data.look[i], 16), text);
    button.addEventListener("click", () => { map.setView(at(i), Math.max(map.getZoom(), 15)); show([i]); });
    item.append(button);
    return item;
  }

  const frame = ground.getBounds().isValid() ? ground.getBounds() : around(shown);
  if (frame.isValid()) map.fitBounds(frame.pad(0.02), { animate: false });
  refresh();
  map.on("moveend", () => { draw(); list(); });
  page.documentElement.dataset.ready = "1";
}
