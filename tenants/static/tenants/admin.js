// The few things that Charla's own pages in the administration do in the browser. No inline script: the
// Content-Security-Policy allows none.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) event.target.form.submit();
});

document.addEventListener("keydown", (event) => {
  const wantsToSend = event.key === "Enter" && !event.shiftKey && !event.isComposing;
  if (!wantsToSend || !event.target.matches("[data-sends]")) return;
  event.preventDefault();
  if (event.target.value.trim() || !event.target.required) event.target.form.requestSubmit();
});

// Files that are chosen are named below the field, and a message may then have no words. On the way down, because
// django-unfold's own listener on each file input wants a text field around it.
const attached = (event) => {
  if (!event.target.matches("[data-attaches]")) return;
  event.stopPropagation();
  const names = [...event.target.files].map((file) => file.name);
  const shown = document.querySelector(event.target.dataset.attaches);
  shown.textContent = names.join(" · ");
  shown.hidden = !names.length;
  event.target.form.querySelector("[data-sends]").required = !names.length;
};
document.addEventListener("change", attached, { capture: true });

document.addEventListener("submit", (event) => {
  if (!event.target.matches(".ch-reply")) return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "1";
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copies]");
  if (!button) return;
  await navigator.clipboard.writeText(document.querySelector(button.dataset.copies).textContent);
  button.textContent = button.dataset.copied;
});

const nearEnd = (box) => box.scrollHeight - box.scrollTop - box.clientHeight < 160;
let follows = true;

document.addEventListener("DOMContentLoaded", () => {
  const box = document.querySelector("[data-scrolls]");
  if (box?.matches("[data-to-end]")) box.scrollTop = box.scrollHeight;
});
document.addEventListener("htmx:beforeSwap", () => {
  const box = document.querySelector("[data-scrolls]");
  follows = box ? nearEnd(box) : false;
});
document.addEventListener("htmx:afterSettle", () => {
  const box = document.querySelector("[data-scrolls]");
  if (box && follows) box.scrollTop = box.scrollHeight;
});
