// The map of a link to check: where the list and the base say the supplier is.

import { MapView } from "./engine.js";

const host = document.getElementById("carte");
const points = JSON.parse(host.dataset.points);
const { tiles, credit, outlines } = host.dataset;
const map = new MapView(host, { tiles, credit, label: "Carte des deux positions, A la liste et B la base. Plus et moins : zoomer." });
const [, lon, lat, how] = points[0];
map.map.setView([lat, lon], how === "commune" ? 11 : 13);
for (const [letter, east, north] of points) map.pin({ lon: east, lat: north, name: letter });
if (points.length > 1) {
  const [east, north] = [points.map((p) => p[1]), points.map((p) => p[2])];
  map.fit([Math.min(...east), Math.min(...north), Math.max(...east), Math.max(...north)], [40, 40, 40, 40], 15);
}
await map.outlines(outlines).catch(() => {});
host.dataset.ready = "1";
