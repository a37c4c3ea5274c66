// The small map of a sheet: where the supplier is, as precisely as it is known.

import { MapView } from "./engine.js";

const host = document.getElementById("carte");
const { lon, lat, precision, outlines, tiles, credit } = host.dataset;
const map = new MapView(host, { tiles, credit, label: "Carte de la position. Plus et moins : zoomer." });
map.map.setView([+lat, +lon], precision === "commune" ? 11 : 13);
map.spot({ lon: +lon, lat: +lat });
await map.outlines(outlines).catch(() => {});
host.dataset.ready = "1";

// Back to the very search the person came from.
const back = document.querySelector("[data-back]");
if (back && document.referrer.startsWith(`${location.origin}${back.pathname}?`)) back.href = document.referrer;
