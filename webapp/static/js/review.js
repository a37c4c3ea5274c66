// Links to check: keys for the buttons of the page, the map of both records, the sum on demand.
// Without this file every gesture is a link or a button.

// One letter each, never while typing nor with a modifier.
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, select, textarea, [role=application]")) return;
  const target = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!target) return;
  event.preventDefault();
  target.click();
});

document.querySelector("[data-sum]")?.addEventListener("toggle", async (event) => {
  const box = event.target;
  if (!box.open || box.dataset.asked) return;
  box.dataset.asked = "1";
  const answer = await fetch(box.dataset.sum);
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const sum = page.getElementById("calcul");
  if (sum) box.querySelector("p").replaceWith(sum);
});

const host = document.getElementById("carte");
if (host) {
  const { MapView } = await import("./engine.js");
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
}
