// Help while filling the form: who the siret is, categories from one's own words, a draft kept on
// this device, and the work that tells a person's browser from a robot.

import { element } from "./marks.js";

const DELAY_MS = 350;
const DRAFTS = "inscription:";
const DRAFT_LASTS_MS = 24 * 3600 * 1000;
// Never kept on the device: what identifies a person, tokens, and health.
const NOT_KEPT = new Set(["email", "phone", "csrf_token", "opened", "altcha", "surname", "proposed", "tih", "tih_consent", "via"]);
const PATIENCE_MS = 8000;
const SITE_PATIENCE_MS = 60_000;
const RETRY_MS = 1500;

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

  const communes = form.querySelector("[data-communes]");
  const onZone = () => { communes.hidden = form.elements.zone.value !== "communes"; };
  form.elements.zone.addEventListener("change", onZone);
  keepDraft(form, propose, onZone);
  onZone();
}

// --- the draft --------------------------------------------------------------------

function keepDraft(form, ...after) {
  const key = DRAFTS + form.dataset.draft;
  const said = form.querySelector("[data-draft-said]");
  const kept = read(key);
  // Not over answers sent back for correction, nor over a sheet being corrected.
  if (kept && !document.getElementById("erreurs") && !form.elements.activity.value) {
    restore(form, kept);
    said.hidden = false;
    after.forEach((run) => run());
  }
  form.querySelector("[data-draft-forget]").addEventListener("click", () => {
    localStorage.removeItem(key);
    form.reset();
    said.hidden = true;
    after.forEach((run) => run());
  });
  form.addEventListener("input", later(() => {
    const values = [...new FormData(form)].filter(([name, value]) => !NOT_KEPT.has(name) && value !== "");
    localStorage.setItem(key, JSON.stringify({ at: Date.now(), values }));
  }));
}

function read(key) {
  try {
    const kept = JSON.parse(localStorage.getItem(key));
    if (kept && Date.now() - kept.at < DRAFT_LASTS_MS) return kept.values;
  } catch { /* not ours, or storage is off: no draft */ }
  localStorage.removeItem(key);
  return null;
}

function restore(form, values) {
  for (const [name, value] of values) {
    for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (field.type !== "checkbox") field.value = value;
      else if (field.value === value) field.checked = true;
      else continue;
      const folded = field.closest("details");
      if (folded) folded.open = true;
    }
  }
}

if (document.querySelector("[data-draft-sent]")) {
  Object.keys(localStorage).filter((key) => key.startsWith(DRAFTS)).forEach((key) => localStorage.removeItem(key));
}

// --- the work ---------------------------------------------------------------------

const worked = document.querySelector("[data-challenge]");
// Digests need https (or this very machine); without them the form goes as without a script.
if (worked && window.isSecureContext) {
  const field = worked.elements.altcha;
  const said = worked.querySelector("[data-send-said]");
  let work = null;
  const begin = () => {
    work ??= fetch(worked.dataset.challenge).then((answer) => answer.json()).then((asked) => new Promise((done) => {
      const worker = new Worker(new URL("../js/proof.js", import.meta.url), { type: "module" });
      worker.onmessage = ({ data }) => { worker.terminate(); done(data); };
      worker.onerror = () => done("");
      worker.postMessage(asked);
    })).catch(() => "");
    return work;
  };
  worked.addEventListener("focusin", begin, { once: true });
  worked.addEventListener("submit", async (event) => {
    if (field.value || event.submitter?.name) return;
    event.preventDefault();
    said.textContent = "Envoi en cours…";
    const patience = new Promise((done) => { setTimeout(done, PATIENCE_MS, ""); });
    field.value = await Promise.race([begin(), patience]);
    if (!field.value) field.remove();
    await siteAnswers(worked.dataset.challenge, said);
    worked.submit();
  });
}

// A form sent to a site that starts again would be an error page: it waits here instead. Sent
// twice all the same, it is the same registration.
async function siteAnswers(address, said) {
  for (const end = Date.now() + SITE_PATIENCE_MS; Date.now() < end;) {
    try {
      if ((await fetch(address, { cache: "no-store" })).ok) return;
    } catch { /* nobody answers yet */ }
    said.textContent = "Le site ne répond pas. Vos réponses sont gardées ici, et partiront dès qu’il répond…";
    await new Promise((done) => { setTimeout(done, RETRY_MS); });
  }
}

document.getElementById("erreurs")?.focus();
