// Makes what browsers get from node_modules and our own files: packages' files and the typeface in
// webapp/static/vendor; in webapp/static/built, the scripts and styles of pages with a map and of those
// a stranger opens first, in one piece with the parts of Leaflet they use, each beside its brotli.
import { cp, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import { build } from "esbuild";
import subset from "subset-font";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const packages = join(root, "node_modules");
const site = join(root, "webapp", "static");
const [vendor, built] = [join(site, "vendor"), join(site, "built")];

const FILES = [
  // The map in one file is made of the whole of it.
  ["leaflet/dist/leaflet.js", "leaflet/leaflet.js"],
  ["leaflet/dist/leaflet.css", "leaflet/leaflet.css"],
  ["leaflet/LICENSE", "leaflet/LICENSE"],
  // folium's own, measured beside ours.
  ["leaflet.markercluster/dist/leaflet.markercluster.js", "leaflet.markercluster/leaflet.markercluster.js"],
  ["leaflet.markercluster/dist/MarkerCluster.css", "leaflet.markercluster/MarkerCluster.css"],
  ["leaflet.markercluster/dist/MarkerCluster.Default.css", "leaflet.markercluster/MarkerCluster.Default.css"],
  ["leaflet.markercluster/MIT-LICENCE.txt", "leaflet.markercluster/LICENSE"],
  ["@fontsource-variable/atkinson-hyperlegible-next/LICENSE", "fonts/LICENSE"],
];
const FONT = "@fontsource-variable/atkinson-hyperlegible-next/files/atkinson-hyperlegible-next-latin-wght-normal.woff2";
// What French is written with, and its neighbours' letters; another falls to the system's typeface.
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, at) => String.fromCodePoint(from + at)).join("");
const LETTERS = `${range(0x20, 0x7e)}${range(0xc0, 0xff)}ŒœŸ«»‹›‘’‚“”„–—…•·×÷°²³½€£§©®±¿¡\u00a0\u00ad\u2009\u200a\u202f\u2011\u2212←↑→↓`;
// The styles go no further: each side of the axis is half of the file.
const WEIGHTS = { min: 400, max: 700 };

async function put(place, content) {
  await mkdir(dirname(place), { recursive: true });
  await writeFile(place, content);
}

for (const folder of [vendor, built]) await rm(folder, { recursive: true, force: true });
for (const [from, to] of FILES) {
  await mkdir(dirname(join(vendor, to)), { recursive: true });
  await cp(join(packages, from), join(vendor, to));
}
const typeface = await subset(await readFile(join(packages, FONT)), LETTERS, { targetFormat: "woff2", noHinting: true, keepFeatures: ["kern", "tnum"], variationAxes: { wght: WEIGHTS } });
await put(join(vendor, "fonts", "atkinson-hyperlegible-next.woff2"), typeface);

// Of Leaflet, what Internet Explorer, marks dragged by hand and its own pin ask for is left out; so are
// tiles, for sites that ask nobody for a background.
const SPARE = {
  "SVG.VML": "export const vmlMixin = {}; export const vmlCreate = null;",
  "Marker.Drag": "export const MarkerDrag = null;",
  "Icon.Default": 'export { Icon as IconDefault } from "./Icon.js";',
  TileLayer: "export const tileLayer = null;",
};
const without = (...names) => ({
  name: "without",
  setup: (bundle) => bundle.onLoad({ filter: /leaflet\/src\/layer\/.*\.js$/ }, ({ path }) => {
    const name = basename(path, ".js");
    return names.includes(name) ? { contents: SPARE[name], resolveDir: dirname(path) } : undefined;
  }),
});
const made = { outdir: built, entryNames: "[name]", bundle: true, minify: true, format: "esm", target: "es2022", external: ["*.png", "*.woff2"], legalComments: "none", logLevel: "warning" };
const from = (...paths) => paths.map((path) => join(site, path));
for (const [tail, ...more] of [["", "TileLayer"], ["-tiled"]]) {
  await build({
    ...made, entryPoints: from("js/search.js", "js/sheet.js", "js/case.js"), splitting: true, nodePaths: [packages],
    entryNames: `[name]${tail}`, chunkNames: `map${tail}`, plugins: [without("SVG.VML", "Marker.Drag", "Icon.Default", ...more)],
  });
}
await build({ ...made, entryPoints: from("js/registration.js", "css/map.css", "css/search.css", "css/registration.css"), nodePaths: [packages] });
for (const name of await readdir(built)) await writeFile(join(built, `${name}.br`), brotliCompressSync(await readFile(join(built, name))));
// Whoever is older than its sources is made again (Makefile, tests/conftest.py).
await put(join(built, ".made"), "");
console.log("webapp/static/vendor and webapp/static/built are made");
