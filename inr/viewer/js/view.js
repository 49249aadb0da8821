// A canvas that shows a model: moved, zoomed, faded between grades, split between two.

import { coarseScale, latticeOf, placesIn, Tiles } from "./tiles.js";

const IN_FLIGHT = 2; // tiles that the engine is asked for ahead
const ALL_AT_ONCE = 4; // so many grades JavaScript draws together: the last needs those before it anyway
const SOON = 100; // milliseconds between views while tiles come in
const DEEPEST = 1e12; // device pixels in a source pixel: beyond, doubles no longer tell places apart

/** What is shown where; all lengths are device pixels. */
export class View {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {(message: object) => void} send asks the engine
   * @param {() => void} changed is told when the view moved, or is complete
   */
  constructor(canvas, send, changed) {
    Object.assign(this, { canvas, send, changed });
    this.context = canvas.getContext("2d");
    this.layer = document.createElement("canvas").getContext("2d");
    this.tiles = new Tiles();
    this.asked = new Map();
    this.number = 0;
    this.facts = null;
    this.scale = 1;
    this.x = this.y = 0; // where the picture's corner lies in the view
    this.method = "network";
    this.sides = [1]; // the grade shown, fractions fade; or one left and one right of `split`
    this.split = 0.5;
    this.fitted = true;
  }

  get width() {
    return this.canvas.width;
  }

  get height() {
    return this.canvas.height;
  }

  /** More of the model can be drawn. */
  open(facts) {
    this.facts = facts;
    if (this.fitted) this.fit();
    this.draw();
  }

  resize(width, height) {
    const [dx, dy] = [(width - this.width) / 2, (height - this.height) / 2];
    this.canvas.width = this.layer.canvas.width = Math.max(1, width);
    this.canvas.height = this.layer.canvas.height = Math.max(1, height);
    this.tiles.room(width, height);
    if (this.fitted) this.fit();
    else this.move(dx, dy);
  }

  /** Show the whole picture, as large as it fits. */
  fit() {
    if (!this.facts) return;
    const { width, height } = this.facts;
    this.scale = Math.min(this.width / width, this.height / height);
    this.centre();
    this.fitted = true;
  }

  centre() {
    this.x = Math.round((this.width - this.facts.width * this.scale) / 2);
    this.y = Math.round((this.height - this.facts.height * this.scale) / 2);
    this.draw();
  }

  move(dx, dy) {
    this.x = Math.round(this.x + dx);
    this.y = Math.round(this.y + dy);
    this.fitted = false;
    this.keepInSight();
    this.draw();
  }

  /** Zoom to a scale; what lies at a place of the view stays there. */
  zoom(scale, x = this.width / 2, y = this.height / 2) {
    const { width, height } = this.facts;
    const least = Math.min(1, this.width / width, this.height / height) / 4;
    const to = Math.min(Math.max(scale, least), DEEPEST);
    this.x = Math.round(x - ((x - this.x) * to) / this.scale);
    this.y = Math.round(y - ((y - this.y) * to) / this.scale);
    this.scale = to;
    this.fitted = false;
    this.keepInSight();
    this.draw();
  }

  keepInSight() {
    const inSight = (at, size, whole) => Math.min(Math.max(at, 16 - size), whole - 16);
    this.x = Math.round(inSight(this.x, this.facts.width * this.scale, this.width));
    this.y = Math.round(inSight(this.y, this.facts.height * this.scale, this.height));
  }

  /** Return the place in source pixels of the middle of a device pixel. */
  place(x, y) {
    return [(Math.floor(x) + 0.5 - this.x) / this.scale, (Math.floor(y) + 0.5 - this.y) / this.scale];
  }

  /** Return the side that a column of the view belongs to. */
  sideAt(x) {
    return this.sides.length > 1 && x >= this.split * this.width ? 1 : 0;
  }

  /** Return the whole grades that are needed for what is shown. */
  grades() {
    const many = this.facts.sizes.length;
    const near = this.sides.flatMap((grade) => [Math.floor(grade), Math.ceil(grade)]);
    return [...new Set(near.map((grade) => Math.min(Math.max(grade, 1), many)))].sort((a, b) => a - b);
  }

  /** Draw what there is with the next frame, and ask for what is missing. */
  draw() {
    if (this.scheduled || !this.facts) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.paint();
      this.ask();
      this.canvas.setAttribute("aria-busy", String(this.missing));
      this.changed();
    });
  }

  /** Draw soon: tiles come one by one, and each view of them all takes a while. */
  drawSoon() {
    this.soon ??= setTimeout(() => {
      this.soon = null;
      this.draw();
    }, SOON);
  }

  paint() {
    const { context, width, height } = this;
    context.clearRect(0, 0, width, height);
    this.sides.forEach((grade, side) => {
      const edge = Math.round(this.split * width);
      const [from, to] = this.sides.length < 2 ? [0, width] : side ? [edge, width] : [0, edge];
      if (to <= from) return;
      context.save();
      context.beginPath();
      context.rect(from, 0, to - from, height);
      context.clip();
      const shown = Math.min(Math.max(grade, 1), this.facts.sizes.length);
      this.paintTiles(context, Math.floor(shown));
      if (shown % 1) this.fade(Math.ceil(shown), shown % 1);
      context.restore();
    });
  }

  /** Draw a grade over what is there; tiles lie over each other, so that a layer of its own must be whole first. */
  fade(grade, opacity) {
    const { layer, context } = this;
    layer.clearRect(0, 0, this.width, this.height);
    this.paintTiles(layer, grade);
    context.globalAlpha = opacity;
    context.drawImage(layer.canvas, 0, 0);
    context.globalAlpha = 1;
  }

  paintTiles(to, grade) {
    const { width: columns, height: rows, channels } = this.facts;
    to.save();
    to.beginPath();
    to.rect(this.x, this.y, Math.round(columns * this.scale), Math.round(rows * this.scale));
    to.clip();
    for (const { tiles, scale } of this.tiles.best(grade, this.method, this, this.facts)) {
      const ratio = this.scale / scale;
      to.imageSmoothingEnabled = ratio !== 1;
      for (const { x, y, width, height, bitmap } of tiles.values()) {
        const [left, top] = [Math.round(this.x + x * ratio), Math.round(this.y + y * ratio)];
        const [right, bottom] = [Math.round(this.x + (x + width) * ratio), Math.round(this.y + (y + height) * ratio)];
        if (right <= 0 || bottom <= 0 || left >= this.width || top >= this.height) continue;
        if (channels % 2 === 0) to.clearRect(left, top, right - left, bottom - top); // nothing is seen through
        to.drawImage(bitmap, 0, 0, width, height, left, top, right - left, bottom - top);
      }
    }
    to.restore();
  }

  /** Ask for the tiles that are missing, the most wanted first. */
  ask() {
    const grades = this.grades();
    const { method } = this;
    const decoding = this.facts.sizes.length < this.facts.whole;
    this.missing = decoding; // a first look at the grades so far does; what is fine waits for the last
    for (const scale of decoding ? [coarseScale(this.scale)] : [coarseScale(this.scale), this.scale]) {
      this.tiles.level(grades[0], method, scale);
      for (const place of placesIn(this, this.facts, scale)) {
        const wanted = grades.filter((grade) => !this.tiles.has(grade, method, place));
        if (!wanted.length) continue;
        this.missing = true;
        const key = `${method} ${wanted} ${scale} ${place.key}`;
        if (this.asked.size >= IN_FLIGHT) break;
        if (!this.askedFor(key)) this.request(key, place, this.together(wanted));
      }
    }
  }

  askedFor(key) {
    return [...this.asked.values()].some((asked) => asked.key === key);
  }

  /** Return the grades to ask for at once. */
  together(wanted) {
    const many = this.facts.sizes.length;
    if (this.facts.shader || many > ALL_AT_ONCE) return wanted;
    return Array.from({ length: many }, (_, i) => i + 1);
  }

  request(key, place, grades) {
    const id = ++this.number;
    this.asked.set(id, { key, place, grades, method: this.method });
    this.send({ kind: "draw", id, lattice: latticeOf(place), grades, method: this.method });
  }

  /** A tile has come. */
  drawn({ id, bitmaps }) {
    const { place, grades, method } = this.asked.get(id);
    this.asked.delete(id);
    grades.forEach((grade, i) => {
      if (this.tiles.has(grade, method, place)) bitmaps[i].close();
      else this.tiles.add(grade, method, place, bitmaps[i]);
    });
    this.ask();
    if (this.missing && place.scale === this.scale) this.drawSoon();
    else this.draw();
  }
}
