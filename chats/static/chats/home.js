/** The front page's own script: the live diagram, the copy button, the health line. */
(() => {
  "use strict";
  const $ = (selector) => document.querySelector(selector);

  /** Marks a step of the diagram as reached, with the time since the visitor's message. */
  let began = 0;
  function reach(step) {
    const item = $(`[data-step="${step}"]`);
    if (!item || !began || item.classList.contains("on")) return;
    const seconds = (performance.now() - began) / 1000;
    const shown = seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;
    const time = item.querySelector(".time");
    item.classList.add("on");
    time.textContent = step === "written" ? "0 ms" : `+${shown}`;
    time.hidden = false;
  }

  function begin({ entry }) {
    if (entry.state !== "sending" || entry.watched) return;
    entry.watched = true;
    began = performance.now();
    document.querySelectorAll("[data-step].on").forEach((item) => item.classList.remove("on"));
    document.querySelectorAll("[data-step] .time").forEach((time) => (time.hidden = true));
    reach("written");
  }

  function arrived({ message, isNew }) {
    if (!isNew) return;
    if (message.sender === "user") return reach("stored");
    ["taken", "answering", "answered"].forEach(reach);
    began = 0;
  }

  function watch(charla) {
    charla.on("unsent", begin);
    charla.on("message", arrived);
    charla.on("typing", ({ on }) => on && reach("taken"));
    charla.on("reply", () => ["taken", "answering"].forEach(reach));
  }

  if (window.Charla) watch(window.Charla);
  else addEventListener("charla:ready", ({ detail }) => watch(detail), { once: true });

  const copy = $(".copy");
  if (copy && navigator.clipboard) {
    const label = copy.textContent;
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText($("#snippet").textContent);
      copy.textContent = copy.dataset.done;
      setTimeout(() => (copy.textContent = label), 2000);
    });
  }

  const health = $("#health");
  fetch("/readyz", { credentials: "omit" }).then(
    ({ ok }) => {
      health.textContent = ok ? health.dataset.good : health.dataset.bad;
      health.className = ok ? "good" : "bad";
    },
    () => undefined, // offline: the sentence stays as it is
  );
})();
