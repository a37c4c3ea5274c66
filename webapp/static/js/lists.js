// The dry run follows every change of the columns, and the page every change of how the file is
// read; without this script, buttons ask for both.

const DELAY_MS = 300;
let timer = 0;
let asked = 0;

async function retry(form) {
  const number = ++asked;
  const box = form.querySelector(".trial");
  box.setAttribute("aria-busy", "true");
  const answer = await fetch(form.dataset.try, { method: "POST", body: new FormData(form) });
  if (number !== asked) return;
  if (answer.ok) box.innerHTML = await answer.text();
  box.removeAttribute("aria-busy");
}

async function reread(form) {
  const number = ++asked;
  const address = `${location.pathname}?${new URLSearchParams(new FormData(form))}`;
  const shown = document.querySelector("#lu");
  shown.setAttribute("aria-busy", "true");
  const answer = await fetch(address);
  if (number !== asked) return;
  if (!answer.ok) return form.submit();
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of ["#lu", "h1", ".page-head .lead"]) {
    document.querySelector(part).replaceWith(page.querySelector(part));
  }
  // The lines among which the header is chosen depend on the rest; the focus stays where it is.
  const header = document.querySelector("#entete");
  const lines = page.querySelector("#entete");
  if (header && lines && header !== document.activeElement) header.replaceWith(lines);
  history.replaceState(null, "", address);
}

document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (form?.matches(".reading")) reread(form);
  if (!form?.matches("[data-try]") || !event.target.matches("select, #departement")) return;
  event.target.classList.toggle("unused", event.target.value === "");
  clearTimeout(timer);
  timer = setTimeout(retry, DELAY_MS, form);
});
