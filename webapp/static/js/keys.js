// The search page by single keys, told by "?"; none acts while one types, or with Ctrl, Alt or Cmd.

const help = document.getElementById("raccourcis");
const go = (selector) => document.querySelector(selector)?.focus();

function step(by) {
  const titles = [...document.querySelectorAll(".card h2 a")];
  const at = titles.indexOf(document.activeElement?.closest(".card")?.querySelector("h2 a"));
  const next = at < 0 ? (by > 0 ? 0 : titles.length - 1) : at + by;
  titles[next]?.focus();
}

// Ticks the supplier at hand for the basket, then goes on to the next one.
function tick() {
  const box = document.activeElement?.closest(".card")?.querySelector("[name=choisi]");
  if (!box) return;
  box.checked = !box.checked;
  step(1);
}

const KEYS = {
  "/": () => go("#recherche [name=q]"),
  f: () => go("#filtres"),
  r: () => go("#resultats"),
  j: () => step(1),
  k: () => step(-1),
  x: tick,
  b: () => document.querySelector("#panier [value=coches]")?.click(),
  n: () => document.querySelector(".pager [rel=next]")?.click(),
  p: () => document.querySelector(".pager [rel=prev]")?.click(),
  "?": () => help.showModal(),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input:not([type=checkbox]), select, textarea, [contenteditable], .leaflet-container");
  if (typing || help.open || event.ctrlKey || event.altKey || event.metaKey || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});
