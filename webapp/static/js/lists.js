// The dry run follows every change of the columns; without this script, a button asks for it.

const form = document.querySelector("form[data-try]");
const DELAY_MS = 300;
let timer = 0;
let asked = 0;

async function retry() {
  const number = ++asked;
  const box = form.querySelector(".trial");
  box.setAttribute("aria-busy", "true");
  const answer = await fetch(form.dataset.try, { method: "POST", body: new FormData(form) });
  if (number !== asked) return;
  if (answer.ok) box.innerHTML = await answer.text();
  box.removeAttribute("aria-busy");
}

form?.addEventListener("change", (event) => {
  if (!event.target.matches("select, #departement")) return;
  event.target.classList.toggle("unused", event.target.value === "");
  clearTimeout(timer);
  timer = setTimeout(retry, DELAY_MS);
});
