// The page of a model: its controls, keys and pointers.

import { serve } from "./engine.js";
import { startEngine } from "./host.js";
import { gestures } from "./gestures.js";
import { METHODS } from "./raster.js";
import { View } from "./view.js";


const STEP = 1.25; // a step of zoom
const MOVE = 64; // device pixels of an arrow key

/** Serve messages, where the same text runs in a worker. */
export function work(scope) {
  serve(scope);
}

/**
 * Show the model that a page holds.
 * @param {Document} document
 * @param {string} source text of the function that this is part of
 */
export function show(document, source) {
  new Page(document, source);
}

class Page {
  constructor(document, source) {
    const ids = ["view", "edge", "place", "facts", "note", "failure", "controls", "left", "right", "left-name", "left-value",
      "right-value", "right-label", "split", "method", "out", "in", "scale", "fit", "one", "save", "stage"];
    this.parts = Object.fromEntries(ids.map((id) => [id, document.getElementById(id)]));
    this.document = document;
    this.send = startEngine(source, (answer) => this.take(answer)).send;
    this.view = new View(this.parts.view, this.send, () => this.tell());
    this.listen();
    const text = document.getElementById("file").textContent;
    const shader = { "#webgl": "always", "#script": "never" }[location.hash] ?? "auto";
    const data = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    this.bytes = data.length.toLocaleString("en");
    this.send({ kind: "open", data, shader });
  }

  take(answer) {
    if (answer.kind === "grade") this.grade(answer.facts);
    else if (answer.kind === "drawn") this.view.drawn(answer);
    else if (answer.kind === "values") this.coloured(answer);
    else this.failed(answer.message);
  }

  grade(facts) {
    const { left, right, note, facts: line, view } = this.parts;
    const { width, height, channels, bitDepth, record, total, sizes } = facts;
    const whole = sizes.length === facts.whole;
    const kind = ["grey", "grey and alpha", "RGB", "RGB and alpha"][channels - 1];
    const picture = `${width} × ${height}, ${kind}, ${bitDepth} bits`;
    line.textContent = `${picture} · ${record.method}, ${total} grades, ${this.bytes} bytes`;
    const profile = facts.profile ? "Its colour profile is not applied here." : "";
    note.textContent = [facts.note && capital(facts.note), profile].filter(Boolean).join(" ");
    const last = Number(left.value) === Number(left.max);
    view.classList.toggle("alpha", channels % 2 === 0); // squares behind what is transparent
    for (const slider of [left, right]) slider.max = sizes.length;
    if (last) left.value = sizes.length;
    left.disabled = right.disabled = whole && sizes.length < 2;
    this.view.open(facts);
    this.changeGrades();
  }

  failed(message) {
    const { failure, view, controls, edge, place } = this.parts;
    failure.textContent = capital(message);
    failure.hidden = false;
    view.hidden = edge.hidden = true;
    place.textContent = "";
    for (const control of controls.elements) control.disabled = true;
    this.broken = true;
  }

  listen() {
    const { parts, view } = this;
    const size = () => {
      const ratio = devicePixelRatio;
      view.resize(Math.round(parts.stage.clientWidth * ratio), Math.round(parts.stage.clientHeight * ratio));
    };
    new ResizeObserver(size).observe(parts.stage);
    size();
    parts.controls.addEventListener("submit", (event) => event.preventDefault());
    parts.left.addEventListener("input", () => this.changeGrades());
    parts.right.addEventListener("input", () => this.changeGrades());
    parts.split.addEventListener("click", () => this.toggleSplit());
    parts.method.addEventListener("change", () => this.changeMethod());
    const clicks = { out: () => view.zoom(view.scale / STEP), in: () => view.zoom(view.scale * STEP), fit: () => view.fit(), one: () => this.zoomTo(1), save: () => this.save() };
    for (const [id, act] of Object.entries(clicks)) parts[id].addEventListener("click", () => view.facts && act());
    gestures(parts.view, view, (x, y) => this.point(x, y));
    parts.view.addEventListener("pointerleave", () => this.point(null));
    this.listenToEdge();
    this.document.addEventListener("keydown", (event) => this.key(event));
  }

  listenToEdge() {
    const { edge, stage } = this.parts;
    edge.addEventListener("pointerdown", (event) => edge.setPointerCapture(event.pointerId));
    edge.addEventListener("pointermove", (event) => {
      if (edge.hasPointerCapture(event.pointerId)) {
        const box = stage.getBoundingClientRect();
        this.setEdge((event.clientX - box.left) / box.width);
      }
    });
    edge.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -0.02, ArrowRight: 0.02, Home: -1, End: 1 }[event.key];
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();
      this.setEdge(this.view.split + by);
    });
  }

  setEdge(part) {
    const { edge } = this.parts;
    this.view.split = Math.min(Math.max(part, 0), 1);
    edge.style.left = `${100 * this.view.split}%`;
    edge.setAttribute("aria-valuenow", Math.round(100 * this.view.split));
    this.view.draw();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || this.broken || !this.view.facts) return;
    const onControl = event.target.closest?.("input, select, button");
    const { view, parts } = this;
    const arrows = { ArrowLeft: [MOVE, 0], ArrowRight: [-MOVE, 0], ArrowUp: [0, MOVE], ArrowDown: [0, -MOVE] };
    const acts = {
      "+": () => view.zoom(view.scale * STEP), "=": () => view.zoom(view.scale * STEP), "-": () => view.zoom(view.scale / STEP),
      0: () => view.fit(), 1: () => this.zoomTo(1), s: () => this.toggleSplit(), p: () => this.save(),
      "[": () => this.stepGrade(-1), "]": () => this.stepGrade(1),
      m: () => this.nextMethod(),
    };
    const act = arrows[event.key] ? () => view.move(...arrows[event.key]) : acts[event.key.toLowerCase()];
    if (!act || (onControl && (arrows[event.key] || onControl === parts.method))) return;
    event.preventDefault();
    act();
  }

  zoomTo(scale) {
    this.view.scale = scale;
    this.view.fitted = false;
    this.view.centre();
  }

  stepGrade(by) {
    const { left } = this.parts;
    left.value = Math.round(Number(left.value)) + by;
    this.changeGrades();
  }

  nextMethod() {
    const { method } = this.parts;
    method.value = METHODS[(METHODS.indexOf(method.value) + 1) % METHODS.length];
    this.changeMethod();
  }

  changeMethod() {
    this.view.method = this.parts.method.value;
    this.view.draw();
  }

  changeGrades() {
    const { parts, view } = this;
    const both = parts.split.getAttribute("aria-pressed") === "true";
    view.sides = both ? [Number(parts.left.value), Number(parts.right.value)] : [Number(parts.left.value)];
    for (const side of ["left", "right"]) {
      const text = this.gradeText(Number(parts[side].value));
      parts[`${side}-value`].textContent = text;
      parts[side].setAttribute("aria-valuetext", text);
    }
    view.draw();
  }

  gradeText(grade) {
    const { total, record } = this.view.facts;
    if (grade % 1) return `${grade.toFixed(2)} of ${total}`;
    const psnr = record.psnr[grade - 1];
    const quality = psnr === undefined ? "" : psnr === null ? " · exact" : ` · ${psnr.toFixed(2)} dB`;
    return `${grade} of ${total}${quality}`;
  }

  toggleSplit() {
    const { parts } = this;
    const both = parts.split.getAttribute("aria-pressed") !== "true";
    parts.split.setAttribute("aria-pressed", both);
    parts.edge.hidden = parts["right-label"].hidden = !both;
    parts["left-name"].textContent = both ? "Left" : "Grade";
    if (both) {
      parts.right.value = parts.left.value;
      parts.left.value = 1;
      this.setEdge(0.5);
    } else {
      parts.left.value = parts.right.value;
    }
    this.changeGrades();
  }

  /** Ask for the colour under the pointer, at one device pixel of the view. */
  point(x, y) {
    this.pointed = x === null ? null : [x, y];
    if (x === null) this.parts.place.textContent = "";
    else if (!this.asking && this.view.facts) this.askColour();
  }

  askColour() {
    const { view } = this;
    const [x, y] = view.place(...this.pointed);
    const { width, height, sizes } = view.facts;
    if (x < 0 || y < 0 || x >= width || y >= height) {
      this.parts.place.textContent = "";
      return;
    }
    const step = 1 / view.scale;
    const lattice = { left: x - step / 2, top: y - step / 2, step, width: 1, height: 1 };
    const grade = Math.min(Math.round(view.sides[view.sideAt(this.pointed[0])]), sizes.length);
    this.asking = { x, y, grade, pointed: this.pointed };
    this.send({ kind: "values", id: 0, lattice, grades: [grade], method: view.method });
  }

  coloured({ values: [picture] }) {
    const { x, y, grade, pointed } = this.asking;
    this.asking = null;
    if (!this.pointed) return;
    const { bitDepth } = this.view.facts;
    const most = 2 ** bitDepth - 1;
    const colour = Array.from(picture, (value) => (value > 0 ? Math.round(Math.min(value, 1) * most) : 0));
    const digits = Math.min(6, Math.max(0, Math.ceil(Math.log10(this.view.scale))));
    this.parts.place.textContent = `x ${x.toFixed(digits)}  y ${y.toFixed(digits)}  grade ${grade}  colour ${colour.join(" ")}`;
    if (this.pointed !== pointed) this.askColour();
  }

  /** Save what is seen. */
  save() {
    this.parts.view.toBlob((blob) => {
      const link = this.document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = `${this.document.title.replace(/\.inr$/, "")}-view.png`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    });
  }

  /** Say how far the view is zoomed, and what is below the pointer. */
  tell() {
    const { scale } = this.view;
    if (this.pointed && !this.asking) this.askColour(); // what lies below the pointer has changed
    this.parts.scale.textContent = `${scale >= 100 ? Math.round(scale).toLocaleString("en") : scale.toPrecision(3)}×`;
  }
}

function capital(sentence) {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
