// Links to check: keys for the buttons of the page, the sum on demand.
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
