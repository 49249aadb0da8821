/* What all pages have: their data, buttons that copy, tables that sort. */
"use strict";

const DATA = JSON.parse(document.getElementById("data").textContent);
const pick = (selector, root = document) => root.querySelector(selector);
const pickAll = (selector, root = document) => [...root.querySelectorAll(selector)];

/* An exact copy's PSNR is null in JSON, and counts as so many dB in a mean or a curve. */
const EXACT = 120;
const decibels = (value) => (value === null || value === undefined ? "exact" : value.toFixed(2));
const whole = (value) => Math.round(value).toLocaleString("en-US");

for (const button of pickAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.copy).textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(document.getElementById(button.dataset.copy)); // the reader copies it
      button.textContent = "Selected";
    }
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
}

/* Sort the rows of a table by a column: by data-value where a cell has one, else by its text. */
function sortBy(table, column, descending) {
  const body = table.tBodies[0];
  const key = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
  const numeric = [...body.rows].every((row) => key(row) === "" || Number.isFinite(Number(key(row))));
  const order = (a, b) => {
    if (key(a) === "" || key(b) === "") return (key(a) === "") - (key(b) === ""); // nothing comes last, either way
    const less = numeric ? Number(key(a)) - Number(key(b)) : key(a).localeCompare(key(b), "en", { numeric: true });
    return descending ? -less : less;
  };
  body.append(...[...body.rows].sort(order));
}

for (const table of pickAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((head, column, heads) => {
    const button = pick("button", head);
    if (!button) return;
    button.addEventListener("click", () => {
      const descending = head.getAttribute("aria-sort") === "ascending" || (!head.hasAttribute("aria-sort") && "down" in head.dataset);
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      sortBy(table, column, descending);
    });
  });
}
