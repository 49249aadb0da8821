/* The page of a batch: how PSNR and size are distributed, and a table of all pictures, a page of it at a time. */
"use strict";

const PAGE = 50;
const DOTS = 1500;

function histogram(root, { ends, counts }, xLabel, log) {
  const middles = counts.map((_, n) => (log ? Math.sqrt(ends[n] * ends[n + 1]) : (ends[n] + ends[n + 1]) / 2));
  drawChart(root, [{ name: "pictures", x: middles, y: counts, bars: true, ends, colour: STOPS[0] }],
    { xLabel, yLabel: "pictures", xLog: log, show: whole, unit: log ? "bits per pixel" : "dB" });
}

/* The rows of the table, deflated in the page: a column for each name. */
async function readTable() {
  const bytes = Uint8Array.from(atob(DATA.table), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const columns = JSON.parse(await new Response(stream).text());
  const size = columns.width.map((width, n) => (width ? width * columns.height[n] : null));
  const failed = columns.error.map((error) => error !== null);
  columns.psnr = columns.psnr.map((value, n) => (failed[n] ? null : (value ?? Infinity))); // an exact copy
  columns.bytes = columns.bytes.map((value, n) => (failed[n] ? null : value));
  return { ...columns, size, failed, bpp: columns.bytes.map((value, n) => (value ? (8 * value) / size[n] : null)) };
}

function bothChart(root, table) {
  const good = table.image.map((_, n) => n).filter((n) => table.bpp[n] !== null && Number.isFinite(table.psnr[n]));
  const every = Math.max(1, Math.ceil(good.length / DOTS));
  const shown = good.filter((_, n) => n % every === 0);
  drawChart(root, [{ name: "pictures", x: shown.map((n) => table.bpp[n]), y: shown.map((n) => table.psnr[n]), loose: true,
    dots: shown.length < 100 || "small", colour: STOPS[1] }], { xLabel: "bits per pixel", yLabel: "PSNR, dB", xLog: true, show: decibels, unit: "bits per pixel" });
}

async function tableOfAll() {
  const table = await readTable();
  const both = pick('[data-chart="both"]');
  if (both) bothChart(both, table);
  const all = table.image.map((_, n) => n);
  const now = { order: all, page: 0, key: null, descending: false };
  const heads = pickAll("#table th[data-key]");

  function less(a, b) {
    const [x, y] = [table[now.key][a], table[now.key][b]];
    if (x === null || y === null) return (x === null) - (y === null); // nothing comes last, either way
    const order = typeof x === "string" ? (x < y ? -1 : Number(x > y)) : x === y ? 0 : x - y;
    return now.descending ? -order : order;
  }

  function arrange() {
    const wanted = pick("#find").value.trim().toLowerCase();
    const has = (text) => text !== null && text.toLowerCase().includes(wanted);
    now.order = wanted ? all.filter((n) => has(table.image[n]) || has(table.error[n])) : [...all];
    if (now.key) now.order.sort(less);
    now.page = 0;
    show();
  }

  function show() {
    const from = now.page * PAGE;
    const part = now.order.slice(from, from + PAGE);
    pick("#rows").replaceChildren(...part.map(rowOf));
    const to = from + part.length;
    pick("#page").textContent = part.length ? `${whole(from + 1)} to ${whole(to)} of ${whole(now.order.length)}` : "none";
    pick("#before").disabled = now.page === 0;
    pick("#after").disabled = to >= now.order.length;
  }

  function rowOf(n) {
    const row = html("tr", {});
    html("th", { className: "words name", scope: "row", textContent: visible(table.image[n]) }, row);
    if (table.failed[n]) {
      html("td", { className: "long bad", colSpan: 6, textContent: visible(table.error[n]) }, row);
      return row;
    }
    const texts = [Number.isFinite(table.psnr[n]) ? table.psnr[n].toFixed(2) : "exact", table.ssim[n]?.toFixed(4) ?? "",
      whole(table.bytes[n]), table.bpp[n].toFixed(2), `${table.width[n]} × ${table.height[n]}`, table.seconds[n].toFixed(1)];
    for (const text of texts) html("td", { textContent: text }, row);
    return row;
  }

  for (const head of heads) {
    pick("button", head).addEventListener("click", () => {
      const again = now.key === head.dataset.key;
      now.descending = again && !now.descending;
      now.key = head.dataset.key;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", now.descending ? "descending" : "ascending");
      arrange();
    });
  }
  pick("#find").addEventListener("input", arrange);
  for (const [id, step] of [["before", -1], ["after", 1]]) {
    pick(`#${id}`).addEventListener("click", () => {
      now.page += step;
      show();
    });
  }
  pick(".pager").hidden = false;
  arrange();
  document.body.dataset.ready = "yes";
}

/* A name without characters that are not seen, or change how the text around them is laid out. */
function visible(text) {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, "\ufffd");
}

for (const root of pickAll('[data-chart="psnr"], [data-chart="bpp"]')) {
  const log = root.dataset.chart === "bpp";
  histogram(root, DATA[root.dataset.chart], log ? "bits per pixel" : "PSNR, dB", log);
}
tableOfAll();
