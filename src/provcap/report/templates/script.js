"use strict";
(() => {
  for (const tools of document.querySelectorAll("[data-zoom]")) {
    const drawing = document.getElementById(tools.dataset.zoom);
    let scale = 0;
    tools.hidden = false;
    tools.addEventListener("click", (event) => {
      const by = Number(event.target.dataset.by ?? NaN);
      if (Number.isNaN(by)) return;
      const now = drawing.getBoundingClientRect().width;
      scale = by === 0 ? 0 : Math.min(Math.max(now * by, 200), 8000);
      drawing.style.width = scale ? `${scale}px` : "";
      drawing.style.maxWidth = scale ? "none" : "";
      drawing.style.minWidth = scale ? "0" : "";
    });
  }
  for (const button of document.querySelectorAll("[data-copy]")) {
    const text = document.getElementById(button.dataset.copy);
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(text);
        button.textContent = "Selected: press Ctrl+C";
      }
    });
  }
  for (const input of document.querySelectorAll("[data-filter]")) {
    const rows = [...document.getElementById(input.dataset.filter).tBodies[0].rows];
    const status = input.closest(".search").querySelector("[role=status]");
    input.closest(".search").hidden = false;
    input.addEventListener("input", () => {
      const wanted = input.value.toLowerCase();
      for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
      status.textContent = wanted ? `${rows.filter((row) => !row.hidden).length} of ${rows.length}` : "";
    });
  }
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target instanceof HTMLDetailsElement) target.open = true;
  };
  addEventListener("hashchange", reveal);
  reveal();
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const details of closed) details.open = true;
  });
  addEventListener("afterprint", () => closed.forEach((details) => { details.open = false; }));
})();
