"use strict";
(() => {
  const one = (selector) => document.querySelector(selector);
  const rows = [...document.querySelectorAll("tbody tr")];
  const texts = rows.map((row) => row.cells[0].textContent.toLowerCase());
  const fields = {};
  for (const name of ["revision", "layer", "level", "requirement", "text", "show"]) {
    fields[name] = one(`#f-${name}`);
  }
  const details = [...document.querySelectorAll("details[data-case]")];

  const filter = () => {
    const words = fields.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = fields.requirement.value.trim().toUpperCase();
    const shown = new Set();
    let count = 0;
    rows.forEach((row, index) => {
      const data = row.dataset;
      const visible =
        (!fields.revision.value || data.revision === fields.revision.value) &&
        (!fields.layer.value || data.layer === fields.layer.value) &&
        (!fields.level.value || data.level === fields.level.value) &&
        (!wanted || data.requirements.split(" ").some((word) => word.startsWith(wanted))) &&
        (fields.show.value === "all" || fields.show.value in data) &&
        words.every((word) => texts[index].includes(word));
      row.hidden = !visible;
      if (visible) {
        count += 1;
        shown.add(data.case);
      }
    });
    for (const detail of details) {
      detail.hidden = !shown.has(detail.dataset.case);
    }
    one("#count").textContent = `${count} of ${rows.length} cases shown`;
  };

  const reveal = () => {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (target && target.matches("details")) {
      target.hidden = false;
      target.open = true;
      target.scrollIntoView();
    }
  };

  for (const field of Object.values(fields)) {
    field.addEventListener("input", filter);
  }
  one("#filters").addEventListener("submit", (event) => event.preventDefault());
  one("#filters").addEventListener("reset", () => setTimeout(filter));
  addEventListener("hashchange", reveal);
  // A person comes for what is not as it should be; where nothing is, the page would be empty.
  if (rows.some((row) => "fails" in row.dataset)) {
    fields.show.value = "fails";
  }
  one("#filters").hidden = false;
  filter();
  reveal();
})();
