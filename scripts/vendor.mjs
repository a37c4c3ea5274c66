// Copies the browser files we serve from node_modules to webapp/static/vendor; nothing is bundled.
import { cp, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const target = join(root, "webapp", "static", "vendor");

const FILES = [
  ["leaflet/dist/leaflet.js", "leaflet/leaflet.js"],
  ["leaflet/dist/leaflet.css", "leaflet/leaflet.css"],
  ["leaflet/dist/images", "leaflet/images"],
  ["leaflet/LICENSE", "leaflet/LICENSE"],
  ["leaflet.markercluster/dist/leaflet.markercluster.js", "leaflet.markercluster/leaflet.markercluster.js"],
  ["leaflet.markercluster/dist/MarkerCluster.css", "leaflet.markercluster/MarkerCluster.css"],
  ["leaflet.markercluster/dist/MarkerCluster.Default.css", "leaflet.markercluster/MarkerCluster.Default.css"],
  ["leaflet.markercluster/MIT-LICENCE.txt", "leaflet.markercluster/LICENSE"],
  ["@fontsource-variable/atkinson-hyperlegible-next/files/atkinson-hyperlegible-next-latin-wght-normal.woff2",
    "fonts/atkinson-hyperlegible-next.woff2"],
  ["@fontsource-variable/atkinson-hyperlegible-next/LICENSE", "fonts/LICENSE"],
];

await rm(target, { recursive: true, force: true });
for (const [from, to] of FILES) {
  const place = join(target, to);
  await mkdir(dirname(place), { recursive: true });
  await cp(join(root, "node_modules", from), place, { recursive: true });
}
console.log(`${FILES.length} vendor files copied to webapp/static/vendor`);
