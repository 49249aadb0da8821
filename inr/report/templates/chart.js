/* Curves and bars from data, as SVG: sized to the page, readable by pointer and by arrow keys, told in words. */
"use strict";

const STOPS = ["#4c5fd5", "#1f9aa6", "#4fa84a", "#e2a02c", "#d8504a"];
const DISTINCT = ["#2f74b8", "#d9622b", "#2a9670", "#c05a99", "#8a6d3b", "#7a68c8", "#3fa7c9", "#8b8f97"];
const DASHES = ["", "7 3", "2 3", "8 3 2 3"];

/* The colour of grade k of n, from the first, blue, to the last, red. */
function gradeColour(k, n) {
  const place = n > 1 ? ((k - 1) / (n - 1)) * (STOPS.length - 1) : 1;
  const low = Math.min(Math.floor(place), STOPS.length - 2);
  return `color-mix(in srgb, ${STOPS[low + 1]} ${Math.round(100 * (place - low))}%, ${STOPS[low]})`;
}

const distinctStyle = (n) => ({
  colour: DISTINCT[n % DISTINCT.length],
  dash: DASHES[Math.floor(n / DISTINCT.length) % DASHES.length],
});

function svg(name, attributes, parent, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  if (parent) parent.append(element);
  return element;
}

function html(name, properties, parent) {
  const element = Object.assign(document.createElement(name), properties);
  if (parent) parent.append(element);
  return element;
}

/* A number with about three digits, without an exponent where that is short. */
function short(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e9 || size < 1e-4) return value.toExponential(1).replace(".0e", "e");
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (size >= 1e4) return `${Number((value / 1e3).toPrecision(3))}k`;
  return String(Number(value.toPrecision(size >= 100 ? 4 : 3)));
}

/* What maps numbers to 0..1, and its ticks. */
function axisOf(values, log, count, padded) {
  let low = Math.min(...values);
  let high = Math.max(...values);
  if (log) {
    const span = Math.log(high / low) || 1;
    low *= Math.exp(-0.03 * span);
    high *= Math.exp(0.03 * span);
    const at = (value) => Math.log(value / low) / Math.log(high / low);
    const decades = Math.log10(high / low) || 1;
    const parts = decades > count / 2 ? [1] : decades > count / 3 ? [1, 3] : [1, 2, 5];
    const every = Math.max(1, Math.ceil(decades / count));
    const ticks = [];
    for (let power = every * Math.floor(Math.log10(low) / every); power <= Math.log10(high); power += every) {
      for (const part of parts) ticks.push(part * 10 ** power);
    }
    const inside = ticks.filter((tick) => tick >= low && tick <= high);
    return { at, ticks: inside.length > 1 ? inside : evenTicks(low, high, count) };
  }
  const margin = padded ? 0.05 * (high - low) || 0.5 : 0;
  low -= margin;
  high += margin;
  if (high === low) high = low + 1;
  return { at: (value) => (value - low) / (high - low), ticks: evenTicks(low, high, count) };
}

function evenTicks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
  const ticks = [];
  for (let n = Math.ceil(low / step); n * step <= high + 1e-9 * step; n++) ticks.push(Number((n * step).toPrecision(12)));
  return ticks;
}

/* A chart in `root` of `series` ({name, x, y, colour, dash, dots, bars}); null and what a logarithm has not are left out.
   Options: xLabel, yLabel, xLog, yLog, marks ([{x, label}]), show (number -> text), unit. */
function drawChart(root, series, options) {
  const hidden = new Set();
  const chart = svg("svg", { role: "img", tabindex: 0 }, root);
  const read = html("div", { className: "read", hidden: true }, root);
  if (series.length > 1) legend(root, series, hidden, () => render());
  let frame = null;

  function render() {
    const width = Math.max(root.clientWidth, 240);
    const height = Math.round(Math.min(Math.max(width * 0.56, 220), 380));
    const margin = { left: 60, right: 12, top: 10, bottom: 40 };
    const visible = series.filter((one) => !hidden.has(one)).map((one) => ({ ...one, points: pointsOf(one, options) }));
    const all = visible.flatMap((one) => one.points);
    chart.replaceChildren();
    chart.setAttribute("viewBox", `0 0 ${width} ${height}`);
    chart.setAttribute("aria-label", inWords(visible, options));
    frame = null;
    if (!all.length) {
      svg("text", { x: width / 2, y: height / 2, "text-anchor": "middle" }, chart, "nothing to draw");
      return;
    }
    const marks = (options.marks || []).filter((mark) => !options.xLog || mark.x > 0);
    const bars = visible.some((one) => one.bars);
    const xs = all.map((point) => point[0]).concat(marks.map((mark) => mark.x), bars ? visible[0].ends : []);
    const x = axisOf(xs, options.xLog, Math.max(3, width / 110), false);
    const y = axisOf(all.map((point) => point[1]).concat(bars ? [0] : []), options.yLog, height / 55, !bars);
    if (bars) y.ticks = y.ticks.filter(Number.isInteger); // they count
    const px = (value) => margin.left + x.at(value) * (width - margin.left - margin.right);
    const py = (value) => height - margin.bottom - y.at(value) * (height - margin.top - margin.bottom);
    axes(chart, { x, y, px, py, width, height, margin, options, marks });
    for (const one of visible) drawSeries(chart, one, px, py, height - margin.bottom);
    const cross = svg("line", { class: "cross", y1: margin.top, y2: height - margin.bottom, visibility: "hidden" }, chart);
    frame = { visible, px, py, cross, width, places: [...new Set(all.map((point) => point[0]))].sort((a, b) => a - b) };
  }

  function tell(index) {
    if (!frame) return;
    const place = frame.places[index];
    const across = frame.px(place);
    frame.index = index;
    frame.cross.setAttribute("x1", across);
    frame.cross.setAttribute("x2", across);
    frame.cross.setAttribute("visibility", "visible");
    read.replaceChildren();
    html("b", { textContent: `${(options.showX || short)(place)} ${options.unit || ""}` }, read);
    for (const one of frame.visible) {
      const point = nearest(one.points, place, (value) => frame.px(value));
      if (!point) continue;
      const line = html("div", {}, read);
      const name = html("span", {}, line);
      html("span", { className: "swatch" }, name).style.background = one.colour;
      name.append(one.name);
      html("span", { textContent: (options.show || short)(point[1]) }, line);
    }
    read.hidden = false;
    const share = root.clientWidth / frame.width;
    const right = across * share > root.clientWidth / 2;
    read.style.left = right ? "" : `${across * share + 12}px`;
    read.style.right = right ? `${root.clientWidth - across * share + 12}px` : "";
    read.style.top = "8px";
  }

  function leave() {
    read.hidden = true;
    if (frame) frame.cross.setAttribute("visibility", "hidden");
  }

  chart.addEventListener("pointermove", (event) => {
    if (!frame) return;
    const box = chart.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * frame.width;
    const apart = frame.places.map((place) => Math.abs(frame.px(place) - at));
    tell(apart.indexOf(Math.min(...apart)));
  });
  chart.addEventListener("pointerleave", leave);
  chart.addEventListener("blur", leave);
  chart.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || !frame) return;
    event.preventDefault();
    tell(Math.min(Math.max((frame.index ?? (step > 0 ? -1 : frame.places.length)) + step, 0), frame.places.length - 1));
  });
  new ResizeObserver(() => root.clientWidth !== frame?.width && render()).observe(root);
  render();
}

function pointsOf(one, { xLog, yLog }) {
  const points = one.x.map((value, n) => [value, one.y[n]]);
  const fits = (value, log) => Number.isFinite(value) && (!log || value > 0);
  return points.filter(([x, y]) => fits(x, xLog) && fits(y, yLog));
}

function nearest(points, place, px) {
  let best = null;
  for (const point of points) {
    const apart = Math.abs(px(point[0]) - px(place));
    if (apart < 14 && (!best || apart < Math.abs(px(best[0]) - px(place)))) best = point;
  }
  return best;
}

function drawSeries(chart, one, px, py, floor) {
  const paint = { stroke: one.colour, fill: "none", "stroke-width": 2, "stroke-dasharray": one.dash || "none",
    "stroke-linejoin": "round" };
  if (one.bars) {
    one.points.forEach(([, y], n) => {
      const wide = Math.max(px(one.ends[n + 1]) - px(one.ends[n]) - 1, 0.5);
      svg("rect", { x: px(one.ends[n]), y: py(y), width: wide, height: Math.max(floor - py(y), 0), fill: one.colour, rx: 1 }, chart);
    });
    return;
  }
  const path = one.points.map(([x, y], n) => `${n ? "L" : "M"}${px(x).toFixed(1)} ${py(y).toFixed(1)}`).join("");
  if (!one.loose) svg("path", { d: path, ...paint }, chart);
  if (one.dots || one.points.length === 1) {
    for (const [x, y] of one.points) svg("circle", { cx: px(x), cy: py(y), r: one.dots === "small" ? 2.5 : 4.5, ...dotOf(one) }, chart);
  }
}

/* How a dot is painted: one of a dashed series is a ring, so that more series than colours are told apart. */
const dotOf = ({ colour, dash }) => ({ fill: dash ? "var(--card)" : colour, stroke: colour, "stroke-width": dash ? 2.5 : 0 });

function axes(chart, { x, y, px, py, width, height, margin, options, marks }) {
  const floor = height - margin.bottom;
  for (const tick of y.ticks) {
    svg("line", { class: "grid", x1: margin.left, x2: width - margin.right, y1: py(tick), y2: py(tick) }, chart);
    svg("text", { x: margin.left - 7, y: py(tick) + 4, "text-anchor": "end" }, chart, short(tick));
  }
  let last = -Infinity;
  for (const tick of x.ticks) {
    svg("line", { class: "grid", x1: px(tick), x2: px(tick), y1: margin.top, y2: floor }, chart);
    if (px(tick) - last < 34 || px(tick) > width - 14) continue;
    last = px(tick);
    svg("text", { x: last, y: floor + 16, "text-anchor": "middle" }, chart, short(tick));
  }
  for (const mark of marks) {
    svg("line", { class: "cross", x1: px(mark.x), x2: px(mark.x), y1: margin.top, y2: floor }, chart);
    const end = px(mark.x) > width / 2;
    svg("text", { x: px(mark.x) + (end ? -5 : 5), y: floor - 6, "text-anchor": end ? "end" : "start" }, chart, mark.label);
  }
  svg("line", { class: "axis", x1: margin.left, x2: width - margin.right, y1: floor, y2: floor }, chart);
  svg("text", { x: (margin.left + width - margin.right) / 2, y: height - 5, "text-anchor": "middle" }, chart, options.xLabel);
  svg("text", { x: 12, y: (margin.top + floor) / 2, "text-anchor": "middle",
    transform: `rotate(-90 12 ${(margin.top + floor) / 2})` }, chart, options.yLabel);
}

function legend(root, series, hidden, render) {
  const list = html("ul", { className: "legend" }, root);
  for (const one of series) {
    const button = html("button", { type: "button", title: "show or hide" }, html("li", {}, list));
    button.setAttribute("aria-pressed", "true");
    const sample = svg("svg", { viewBox: "0 0 22 8", "aria-hidden": "true" }, button);
    if (one.x.length === 1) svg("circle", { cx: 11, cy: 4, r: 2.75, ...dotOf(one), "stroke-width": 1.5 }, sample);
    else svg("line", { x1: 0, x2: 22, y1: 4, y2: 4, stroke: one.colour, "stroke-width": 3, "stroke-dasharray": one.dash || "none" }, sample);
    button.append(one.name);
    button.addEventListener("click", () => {
      if (!hidden.delete(one)) hidden.add(one);
      button.setAttribute("aria-pressed", String(!hidden.has(one)));
      render();
    });
  }
}

/* What a chart shows, for those who hear it. */
function inWords(visible, options) {
  const show = options.show || short;
  const told = visible.filter((one) => one.points.length).map((one) => {
    const [first, last] = [one.points[0], one.points.at(-1)];
    return `${one.name}: ${show(first[1])} at ${short(first[0])}, ${show(last[1])} at ${short(last[0])}`;
  });
  return `${options.yLabel} over ${options.xLabel}. ${told.join("; ")}.`;
}
