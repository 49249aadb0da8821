/* The page of a fit: a picture with a slider over its grades and a line to the original, and the fit's figures. */
"use strict";

const GRADES = DATA.grades.length;
const gradeSeries = (name, x, y) => DATA.spectrum.grades.map((grade) => ({
  name: `grade ${grade.grade}${name}`, x, y: y(grade), colour: gradeColour(grade.grade, GRADES),
}));

for (const swatch of pickAll("[data-grade]")) swatch.style.background = gradeColour(Number(swatch.dataset.grade), GRADES);

const CHARTS = {
  rate(root) {
    const classical = DATA.classical;
    const grades = { name: "this file, grade by grade", x: DATA.grades.map((row) => row.bytes_so_far),
      y: DATA.grades.map((row) => row.psnr_db), colour: STOPS[0], dots: true };
    const jpeg = (classical.jpeg_tried || []).filter((one) => one.psnr_db !== null);
    const others = jpeg.length ? [{ name: "JPEG", x: jpeg.map((one) => one.bytes), y: jpeg.map((one) => one.psnr_db),
      colour: DISTINCT[1], dots: "small" }] : [];
    drawChart(root, [grades, ...others], { xLabel: "bytes", yLabel: "PSNR, dB", xLog: true, show: decibels, unit: "bytes",
      showX: whole, marks: classical.png_bytes ? [{ x: classical.png_bytes, label: "PNG, lossless" }] : [] });
  },
  seconds(root) {
    const curve = { name: "training pixels", x: DATA.curve.map((point) => point[0]), y: DATA.curve.map((point) => (point[1] < EXACT ? point[1] : null)),
      colour: STOPS[0] };
    drawChart(root, [curve], { xLabel: "seconds of training", yLabel: "PSNR, dB", xLog: true, show: decibels, unit: "s" });
  },
  error(root) {
    drawChart(root, gradeSeries("", DATA.spectrum.frequency, (grade) => grade.error), { xLabel: "cycles per pixel",
      yLabel: "relative error", xLog: true, yLog: true, unit: "cycles per pixel",
      marks: [{ x: DATA.spectrum.nyquist, label: "Nyquist" }] });
  },
  adds(root) {
    const { frequency, count, target } = DATA.spectrum;
    const least = 1e-7 * Math.max(...target.map((power, n) => power / count[n])); // below is rounding, not picture
    const mean = (powers) => powers.map((power, n) => (power / count[n] > least ? power / count[n] : null));
    const source = { name: "the source", x: frequency, y: mean(target), colour: "var(--soft)", dash: "2 3" };
    drawChart(root, [source, ...gradeSeries(" adds", frequency, (grade) => mean(grade.contribution))], {
      xLabel: "cycles per pixel", yLabel: "power", xLog: true, yLog: true, unit: "cycles per pixel" });
  },
};
for (const root of pickAll("[data-chart]")) CHARTS[root.dataset.chart](root);

/* The stage: what of it is shown is `now`; maps of errors are kept until another part, or factor, is chosen. */
async function stage() {
  const parts = await Promise.all(pickAll(".stills").map(async (stills) => ({
    step: Number(stills.dataset.step), left: Number(stills.dataset.left), top: Number(stills.dataset.top),
    pictures: await Promise.all(pickAll("img", stills).map(loadPicture)),
  })));
  const now = { part: parts[0], grade: GRADES, mode: "picture", factor: 1, line: 0.5 };
  const maps = new Map();
  const size = () => [now.part.pictures[0].shown.width, now.part.pictures[0].shown.height];
  const camera = new Camera(...size());
  const defaults = { error: 1, change: 1 };

  function choosePart(index) {
    now.part = parts[index];
    const [source, ...grades] = now.part.pictures.map((picture) => picture.data);

    // The first grade's largest errors are beyond the brightest colour, so that the last one's are seen.
    defaults.error = defaults.change = Math.min(128, 2 * amplification(source, grades[0]));
    maps.clear();
    camera.resize(...size());
  }

  function shown() {
    const { part, grade, mode, factor } = now;
    const [source, before, own] = [part.pictures[0], part.pictures[grade - 1], part.pictures[grade]];
    if (mode === "picture") return own.shown;
    const key = `${mode} ${grade} ${factor}`;
    if (!maps.has(key)) {
      maps.set(key, mode === "error" ? errorMap(...size(), source.data, own.data, factor)
        : changeMap(...size(), grade > 1 ? before.data : null, own.data, factor));
    }
    return maps.get(key);
  }

  function paint(pane) {
    pane.layer(now.part.pictures[0].shown, 0, now.line);
    pane.layer(shown(), now.line, 1);
  }

  function say() {
    const row = DATA.grades[now.grade - 1];
    const what = { picture: "", error: "error left by ", change: "added by " }[now.mode];
    pick("#grade-text").textContent = `${now.grade} of ${GRADES}: ${decibels(row.psnr_db)} dB, ${whole(row.bytes_so_far)} bytes`;
    pick("#shown").textContent = `${what}grade ${now.grade}`;
    pick("#canvas").setAttribute("aria-label",
      `Left of the line the original, right of it ${what}grade ${now.grade}, ${decibels(row.psnr_db)} dB`);
    pick("#amplify").hidden = now.mode === "picture";
    pick("#factor").value = Math.log2(now.factor);
    pick("#factor-text").textContent = `× ${now.factor}`;
    for (const key of pickAll("[data-for]")) key.hidden = key.dataset.for !== now.mode;
    const level = Math.max(1, Math.round(255 / now.factor));
    pick('[data-for="error"] [data-key="most"]').textContent = `${level} of 255 levels or more`;
    pick('[data-for="change"] [data-key="least"]').textContent = `darker by ${level}`;
    pick('[data-for="change"] [data-key="most"]').textContent = `brighter by ${level} levels${now.grade === 1 ? " than mid-grey" : ""}`;
    pane.redraw();
  }

  function inspect(x, y) {
    const { part } = now;
    const at = 4 * (y * size()[0] + x);
    const place = (value, start) => (part.step > 1 ? `${start + value * part.step}…` : String(start + value));
    pick("#where").textContent = `pixel ${place(x, part.left)}, ${place(y, part.top)}`;
    pick("#pixel").replaceChildren(...part.pictures.map((picture, n) => pixelRow(picture, part.pictures[0], at, n)));
  }

  function pixelRow(picture, source, at, n) {
    const count = DATA.image.channels;
    const values = [...picture.data.slice(at, at + 4)];
    const told = { 1: [values[0]], 2: [values[0], values[3]], 3: values.slice(0, 3), 4: values }[count];
    const row = html("tr", {});
    const name = html("th", { className: "words", scope: "row" }, row);
    html("span", { className: "swatch" }, name).style.background = `rgb(${values.slice(0, 3).join(" ")} / ${values[3] / 255})`;
    name.append(picture.title);
    html("td", { textContent: told.join(" ") }, row);
    html("td", { textContent: n ? errorAt(source.data, picture.data, at).toFixed(0) : "" }, row);
    return row;
  }

  document.body.classList.add("drawn");
  pick(".stage").hidden = false;
  paintRamps(document);
  const pane = new Pane(pick("#canvas"), camera, paint, inspect);
  zoomButtons(pick(".stage"), pane);
  dividingLine(pick(".line"), (share) => {
    now.line = share;
    pane.redraw();
  });
  pick("#grade").addEventListener("input", (event) => {
    now.grade = Number(event.target.value);
    say();
  });
  pick("#factor").addEventListener("input", (event) => {
    now.factor = 2 ** Number(event.target.value);
    say();
  });
  for (const choice of pickAll('[name="mode"]')) {
    choice.addEventListener("change", () => {
      if (now.mode === "picture") now.factor = defaults[choice.value] || 1;
      now.mode = choice.value;
      say();
    });
  }
  pick("#view")?.addEventListener("change", (event) => {
    choosePart(Number(event.target.value));
    inspect(0, 0);
    say();
  });
  choosePart(0);
  say();
  inspect(Math.floor(size()[0] / 2), Math.floor(size()[1] / 2));
  document.body.dataset.ready = "yes";
}

stage();
