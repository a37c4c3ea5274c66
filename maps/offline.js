// The map in one file: names of suppliers only ever enter the page as text.
"use strict";

function drawSuppliers(map, page) {
  const { communes, territory, suppliers: data } = JSON.parse(page.getElementById("donnees").textContent);
  const UNIT = 1e-5, LISTED = 100;
  const number = new Intl.NumberFormat("fr-FR");
  const $ = (selector) => page.querySelector(selector);
  const count = (n, word) => `${number.format(n)} ${word}${n > 1 ? "s" : ""}`;
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
  const icons = data.looks.map((_, look) => L.divIcon({ className: "pin", html: shape(look, 22), iconSize: [22, 22] }));
  // Leaflet moves one node between markers: each marker needs its own.
  icons.forEach((icon, look) => { icon.createIcon = () => {
    const pin = element("div", "", "pin leaflet-marker-icon");
    pin.style.cssText = "width:22px;height:22px;margin:-11px 0 0 -11px";
    pin.append(shape(look, 22));
    return pin;
  }; });

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
  map.on("moveend", () => requestAnimationFrame(untangle));
  map.on("popupopen", ({ popup }) => popup.getElement().querySelector(".leaflet-popup-close-button")?.setAttribute("aria-label", "Fermer"));
  L.control.zoom({ position: "topright", zoomInTitle: "Rapprocher", zoomOutTitle: "Éloigner" }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  map.attributionControl.setPrefix(false);

  // --- suppliers ---
  const all = data.x.map((_, i) => i);
  const markers = all.map((i) => L.marker([data.y[i] * UNIT, data.x[i] * UNIT], {
    icon: icons[data.look[i]], supplier: i, alt: data.name[i], title: data.name[i],
  }));
  const clusters = L.markerClusterGroup({
    chunkedLoading: false, maxClusterRadius: 60, showCoverageOnHover: false, animate: false,
    spiderfyOnMaxZoom: false, zoomToBoundsOnClick: false, removeOutsideVisibleBounds: true,
    iconCreateFunction: (cluster) => {
      const n = cluster.getChildCount(), size = n < 10 ? 30 : n < 100 ? 34 : n < 1000 ? 42 : 50;
      return L.divIcon({ className: "amas", html: element("span", number.format(n)), iconSize: [size, size] });
    },
  }).addTo(map);
  clusters.on("click", (event) => show([event.layer.options.supplier]));
  clusters.on("clusterclick", ({ layer }) => {
    const bounds = layer.getBounds();
    const isOnePlace = bounds.getNorthEast().equals(bounds.getSouthWest());
    if (isOnePlace || map.getZoom() === map.getMaxZoom()) {
      show(layer.getAllChildMarkers().map((marker) => marker.options.supplier));
    } else {
      map.fitBounds(bounds.pad(0.1));
    }
  });

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
    line.append(box, ...(picture ? [picture] : []), element("span", label), element("span", number.format(n), "n"));
    return line;
  }
  const perSegment = new Array(data.segmentNames.length).fill(0);
  for (const held of data.segments) for (const segment of held) perSegment[segment] += 1;
  data.segmentNames.map((name, segment) => [name, segment]).sort(([a], [b]) => a.localeCompare(b, "fr"))
    .forEach(([name, segment]) => {
      const choice = element("option", `${name} (${number.format(perSegment[segment])})`);
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
    clusters.clearLayers();
    clusters.addLayers(shown.map((i) => markers[i]));
    const unplaced = data.unplaced && shown.length === all.length ? `, et ${number.format(data.unplaced)} sans position connue` : "";
    $(".compte").textContent = count(shown.length, "fournisseur") + unplaced;
    list();
    untangle();
  }
  function list() {
    const view = map.getBounds();
    const here = shown.filter((i) => view.contains(at(i)));
    $(".liste").replaceChildren(...here.slice(0, LISTED).map(line));
    $(".suite").textContent = here.length > LISTED ? `et ${number.format(here.length - LISTED)} autres : rapprocher la carte.`
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

  const bounds = L.latLngBounds(shown.map(at));
  const frame = ground.getBounds().isValid() ? ground.getBounds() : bounds;
  if (frame.isValid()) map.fitBounds(frame.pad(0.02), { animate: false });
  refresh();
  map.on("moveend", list);
  page.documentElement.dataset.ready = "1";
}
