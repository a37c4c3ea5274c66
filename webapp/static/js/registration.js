// Help while filling the form: who the siret is, and categories from one's own words.

import { element } from "./marks.js";

const DELAY_MS = 350;
function later(run) {
  let timer = 0;
  return (...args) => { clearTimeout(timer); timer = setTimeout(run, DELAY_MS, ...args); };
}

// --- the siret ---------------------------------------------------------------------

const start = document.querySelector("[data-register]");
if (start) {
  const field = start.elements.siret;
  const box = start.querySelector(".found");
  const look = later(async () => {
    box.replaceChildren();
    box.hidden = true;
    if (field.value.replace(/\D/g, "").length !== 14) return;
    const answer = await fetch(`${start.dataset.register}?siret=${encodeURIComponent(field.value)}`);
    if (answer.ok) tell(await answer.json());
  });
  const tell = (found) => {
    const note = box.appendChild(element("div", found.erreur ? "note bad" : found.connu ? "note good" : "note"));
    const text = note.appendChild(element("div"));
    if (found.erreur) text.append(element("p", "", found.erreur));
    else if (!found.connu) text.append(element("p", "", "Ce SIRET n’est pas encore dans notre base. Vous pouvez continuer."));
    else {
      text.append(element("p", "", "C’est bien vous ?"));
      text.append(element("b", "", found.nom || "Structure en diffusion partielle"));
      text.append(element("p", "soft", found.adresse));
      if (found.ferme) text.append(element("p", "", "Le répertoire Sirene dit cet établissement fermé."));
    }
    box.hidden = false;
  };
  field.addEventListener("input", look);
}

// --- the categories ---------------------------------------------------------------

const form = document.querySelector("[data-categories]");
if (form) {
  const choices = form.querySelector("[data-choices]");
  const said = form.querySelector("[data-choices-said]");
  form.querySelector("[name=proposer]").hidden = true;
  const propose = later(async () => {
    const text = form.elements.activity.value.trim();
    if (text.length < 4) return;
    const answer = await fetch(`${form.dataset.categories}?texte=${encodeURIComponent(text)}`);
    if (answer.ok) show(await answer.json());
  });
  const show = (proposals) => {
    const kept = [...choices.querySelectorAll("label")].filter((label) => label.querySelector("input").checked);
    const codes = new Set(kept.map((label) => label.querySelector("input").value));
    choices.replaceChildren(...kept, ...proposals.filter((p) => !codes.has(p.code)).map(option));
    form.elements.proposed.value = proposals.length ? "1" : "";
    said.textContent = `${proposals.length} catégories proposées`;
  };
  const option = ({ code, libelle, famille }) => {
    const label = element("label", "check");
    const box = label.appendChild(element("input"));
    Object.assign(box, { type: "checkbox", name: "segments", value: code });
    const text = label.appendChild(element("span", "", libelle));
    text.append(document.createElement("br"), element("span", "soft small", famille));
    return label;
  };
  form.elements.activity.addEventListener("input", propose);
  if (form.elements.activity.value && !choices.children.length) propose();
}

document.getElementById("erreurs")?.focus();
