// How far the refresh is, asked every second; the page is read again when it ends.

const EVERY_MS = 1000;
const box = document.querySelector("[data-progress]");
const step = box.querySelector(".step");
const bar = box.querySelector("progress");
const lines = box.querySelector(".said-lines");

async function look() {
  const answer = await fetch(box.dataset.progress).catch(() => null);
  const said = answer && answer.ok ? await answer.json() : null;
  if (said && said.etat !== "running") { location.reload(); return; }
  if (said) {
    const told = `${said.etape || "Démarrage"}…`;
    if (step.textContent !== told) step.textContent = told;
    bar.value = said.part;
    for (const line of said.lignes.slice(lines.children.length)) {
      lines.appendChild(document.createElement("li")).textContent = line;
    }
  }
  setTimeout(look, EVERY_MS);
}
setTimeout(look, EVERY_MS);
