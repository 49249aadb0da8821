/* The page of a comparison: curves of all methods, and their pictures side by side, looked at together. */
"use strict";

const nameOf = (row) => `${row.contender}, ${row.variant}`;
const styles = new Map(DATA.rows.map((row, n) => [nameOf(row), distinctStyle(n)]));

const CHARTS = {
  seconds(root) {
    const series = DATA.rows.map((row, n) => ({ name: nameOf(row), ...styles.get(nameOf(row)),
      x: DATA.curves[n].map((point) => point[0]), y: DATA.curves[n].map((point) => (point[1] < EXACT ? point[1] : null)) }));
    drawChart(root, series.filter((one) => one.x.length), { xLabel: "seconds of training", yLabel: "PSNR, dB", xLog: true,
      show: decibels, unit: "s" });
  },
  bytes(root) {
    const rows = DATA.rows.filter((row) => row.psnr_db);
    const series = rows.map((row) => ({ name: nameOf(row), x: [row.bytes], y: [row.psnr_db], dots: true,
      ...styles.get(nameOf(row)) }));
    drawChart(root, series, { xLabel: "bytes", yLabel: "PSNR, dB", xLog: true, show: decibels, showX: whole, unit: "bytes" });
  },
  error(root) {
    const series = DATA.spectra.map((one) => ({ name: nameOf(one), x: one.frequency, y: one.error, ...styles.get(nameOf(one)) }));
    drawChart(root, series, { xLabel: "cycles per pixel", yLabel: "relative error", xLog: true, yLog: true,
      unit: "cycles per pixel", marks: DATA.spectra.length ? [{ x: DATA.spectra[0].nyquist, label: "Nyquist" }] : [] });
  },
};
for (const root of pickAll("[data-chart]")) CHARTS[root.dataset.chart](root);

const SHOWN_AT_FIRST = 6;

async function sideBySide() {
  const loaded = new Map(); // a picture's parts are decoded when they are first looked at
  const now = { mode: "picture", factor: 1, point: null, pictures: [], size: [1, 1] };
  const camera = new Camera(1, 1);
  const maps = new Map();
  let tiles = [];

  async function choose(view) {
    const stills = pick(`.stills[data-view="${view}"]`);
    if (!loaded.has(view)) loaded.set(view, Promise.all(pickAll("img", stills).map(loadPicture)));
    now.pictures = await loaded.get(view);
    now.psnr = pickAll("img", stills).map((img) => img.dataset.psnr);
    now.size = [now.pictures[0].shown.width, now.pictures[0].shown.height];
    now.point = null;
    const [source, ...others] = now.pictures;
    const factors = others.map((other) => amplification(source.data, other.data)).sort((a, b) => a - b);
    now.factor = factors[Math.floor(factors.length / 2)] ?? 1; // that of the middle method shows the others too
    maps.clear();
    build("alpha" in stills.dataset);
    camera.resize(...now.size);
    say();
  }

  function build(alpha) {
    camera.watchers.length = 0;
    const picks = pick("#picks");
    const before = new Map(pickAll("input", picks).map((box) => [box.value, box.checked]));
    picks.replaceChildren();
    pick("#tiles").replaceChildren();
    tiles = now.pictures.map((picture, n) => {
      const label = html("label", {}, picks);
      const box = html("input", { type: "checkbox", value: picture.title, checked: before.get(picture.title) ?? n < SHOWN_AT_FIRST }, label);
      label.append(picture.title);
      const figure = html("figure", { hidden: !box.checked }, pick("#tiles"));
      const canvas = html("canvas", {}, html("div", { className: `pane${alpha ? " alpha" : ""}` }, figure));
      canvas.setAttribute("role", "img");
      const caption = html("figcaption", {}, figure);
      html("b", { textContent: picture.title }, caption);
      const value = html("span", {}, caption);
      box.addEventListener("change", () => (figure.hidden = !box.checked));
      const pane = new Pane(canvas, camera, (own) => paint(own, n), inspect);
      return { pane, value, canvas };
    });
  }

  function shown(n) {
    const [source, first] = now.pictures;
    const own = now.pictures[n];
    if (!n || now.mode === "picture" || (n === 1 && now.mode === "against")) return own.shown;
    const key = `${now.mode} ${n} ${now.factor}`;
    if (!maps.has(key)) {
      maps.set(key, now.mode === "error" ? errorMap(...now.size, source.data, own.data, now.factor)
        : againstMap(...now.size, source.data, first.data, own.data, now.factor));
    }
    return maps.get(key);
  }

  function paint(pane, n) {
    pane.layer(shown(n));
    if (!now.point) return;
    const [x, y] = now.point.map((value, axis) => pane.canvas[axis ? "height" : "width"] / 2
      + (value + 0.5 - (axis ? camera.y : camera.x)) * pane.scale * (pane.canvas.width / pane.wide));
    pane.context.globalCompositeOperation = "difference";
    pane.context.fillStyle = "#888";
    pane.context.fillRect(x - 9, y - 0.75, 18, 1.5);
    pane.context.fillRect(x - 0.75, y - 9, 1.5, 18);
    pane.context.globalCompositeOperation = "source-over";
  }

  function inspect(x, y) {
    now.point = [x, y];
    say();
  }

  function say() {
    const at = now.point && 4 * (now.point[1] * now.size[0] + now.point[0]);
    tiles.forEach(({ pane, value, canvas }, n) => {
      const picture = now.pictures[n];
      const psnr = now.psnr[n];
      value.textContent = at === null ? psnr
        : [...picture.data.slice(at, at + 3)].join(" ") + (n ? `, off by ${errorAt(now.pictures[0].data, picture.data, at).toFixed(0)}` : "");
      const what = { picture: "", error: "error of ", against: "beside the first, " }[n ? now.mode : "picture"];
      canvas.setAttribute("aria-label", `${what}${picture.title} ${psnr}`);
      pane.redraw();
    });
    pick("#amplify").hidden = now.mode === "picture";
    pick("#factor").value = Math.log2(now.factor);
    pick("#factor-text").textContent = `× ${now.factor}`;
    for (const key of pickAll("[data-for]")) key.hidden = key.dataset.for !== now.mode;
    pick('[data-for="error"] [data-key="most"]').textContent = `${Math.max(1, Math.round(255 / now.factor))} of 255 levels or more`;
  }

  document.body.classList.add("drawn");
  pick(".stage").hidden = false;
  paintRamps(document);
  await choose("0-0");
  zoomButtons(pick(".stage"), { camera, get scale() { return tiles[0].pane.scale; } });
  pick("#view").addEventListener("change", (event) => choose(event.target.value));
  pick("#factor").addEventListener("input", (event) => {
    now.factor = 2 ** Number(event.target.value);
    say();
  });
  for (const choice of pickAll('[name="mode"]')) {
    choice.addEventListener("change", () => {
      now.mode = choice.value;
      say();
    });
  }
  document.body.dataset.ready = "yes";
}

sideBySide();
