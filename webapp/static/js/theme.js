// Before the first paint: the look chosen on this device, over what the system asks for.

(() => {
  const KEY = "affichage";
  const root = document.documentElement;
  const stored = () => { try { return localStorage.getItem(KEY) ?? ""; } catch { return ""; } };

  function apply(look) {
    if (look) root.dataset.theme = look; else delete root.dataset.theme;
    const strong = { "": "(prefers-contrast: more)", contraste: "all" }[look] ?? "not all";
    document.getElementById("contraste").media = strong;
  }

  apply(stored());
  document.addEventListener("DOMContentLoaded", () => {
    for (const radio of document.querySelectorAll("[name=affichage]")) radio.checked = radio.value === stored();
  });
  document.addEventListener("change", ({ target }) => {
    if (target.name !== "affichage") return;
    apply(target.value);
    try { localStorage.setItem(KEY, target.value); } catch { /* private window: for this page only */ }
  });
})();
