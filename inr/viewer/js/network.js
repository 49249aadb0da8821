// Places in the picture -> the colours that a model draws there after each grade.

import { BATCH, joined, Layers } from "./layers.js";

const AROUND = [[0, 0], [-1, -1], [-1, 0], [-1, 1], [0, -1], [0, 1], [1, -1], [1, 0], [1, 1]];

/** Draws a model; it goes on to draw grades that are added to the model later. */
export class Network {
  constructor(model) {
    this.model = model;
    this.layers = [];
    this.sums = new Float64Array(model.channels * BATCH);
  }

  /**
   * Draw up to BATCH points.
   * @param {Float64Array} xs columns, in source pixels from the left edge; fractions are points between pixels
   * @param {Float64Array} ys rows, likewise
   * @param {number} count how many points
   * @param {number} last grade to stop after, from 1
   * @param {(grade: number, sums: Float64Array) => void} visit is given the unclipped picture after each grade,
   *   (channels, BATCH); it may not keep it
   */
  draw(xs, ys, count, last, visit) {
    const { model, sums } = this;
    let encoded = [this.encode(xs, ys, count)];
    let features = null;
    sums.fill(0);
    for (let number = 0; number < last; number++) {
      const grade = model.grades[number];
      const layers = (this.layers[number] ??= new Layers(grade));
      const handed = features === null || model.feed === "encoding" ? encoded : [features, ...encoded];
      const inputs = features !== null && model.feed === "features" ? [features] : handed;
      const read = grade.planes.length ? this.read(grade, xs, ys, count) : null;
      features = layers.body(joined(read ? [...inputs, read] : inputs), count);
      if (read) encoded = [read, ...encoded];
      this.predict(grade, layers, features, xs, ys, count);
      visit(number + 1, sums);
    }
  }

  /** Return the coordinate of places along an axis, as the networks see it. */
  coordinate(places, size) {
    const { frame, width, height } = this.model;
    const longer = Math.max(width, height);
    return (n) => (frame === "unit" ? (places[n] - 0.5) / size : (2 * places[n] - size) / longer);
  }

  encode(xs, ys, count) {
    const { model } = this;
    const [x, y] = [this.coordinate(xs, model.width), this.coordinate(ys, model.height)];
    if (model.frequencies === 0) {
      const found = new Float64Array(2 * BATCH);
      for (let n = 0; n < count; n++) [found[n], found[BATCH + n]] = [x(n), y(n)];
      return found;
    }
    return waves(model.encoding, x, y, count);
  }

  /** Return what a grade's planes hold at the places: bilinear, of a plane all channels at each place it is read. */
  read(grade, xs, ys, count) {
    const parts = grade.planes.map((plane, i) => {
      const { shape, values } = grade.tensors[grade.tensors.length - grade.planes.length + i];
      const places = plane.around ? AROUND : AROUND.slice(0, 1);
      return joined(places.map(([dy, dx]) => this.bilinear(shape, values, xs, ys, count, dy, dx)));
    });
    return joined(parts);
  }

  bilinear([channels, rows, columns], values, xs, ys, count, dy, dx) {
    const { width, height } = this.model;
    const found = new Float64Array(channels * BATCH);
    for (let n = 0; n < count; n++) {
      const x = Math.min(Math.max((xs[n] / width) * columns - 0.5 + dx, 0), columns - 1);
      const y = Math.min(Math.max((ys[n] / height) * rows - 0.5 + dy, 0), rows - 1);
      const [left, top] = [Math.floor(x), Math.floor(y)];
      const [fx, fy] = [x - left, y - top];
      const right = left + 1 < columns ? 1 : 0;
      const below = top + 1 < rows ? columns : 0;
      for (let channel = 0, at = top * columns + left; channel < channels; channel++, at += rows * columns) {
        const upper = values[at] + fx * (values[at + right] - values[at]);
        const lower = values[at + below] + fx * (values[at + below + right] - values[at + below]);
        found[channel * BATCH + n] = upper + fy * (lower - upper);
      }
    }
    return found;
  }

  predict(grade, layers, features, xs, ys, count) {
    const { model, sums } = this;
    const { shifts, sigmoid } = grade.form;
    const out = layers.head(features, count);
    if (shifts) {
      const [x, y] = [this.coordinate(xs, model.width), this.coordinate(ys, model.height)];
      const basis = waves(grade.waves, x, y, count);
      for (let part = 1; part <= 2 * shifts; part++) {
        for (let channel = 0; channel < model.channels; channel++) {
          const [to, from, wave] = [channel * BATCH, (part * model.channels + channel) * BATCH, (part - 1) * BATCH];
          for (let n = 0; n < count; n++) out[to + n] += out[from + n] * basis[wave + n];
        }
      }
    }
    for (let channel = 0; channel < model.channels; channel++) {
      for (let n = channel * BATCH; n < channel * BATCH + count; n++) {
        sums[n] += sigmoid ? 1 / (1 + Math.exp(-out[n])) : out[n];
      }
    }
  }
}

/** Return the cosines of 2 pi v B, then the sines, of frequencies B (2, M). */
function waves(frequencies, x, y, count) {
  const many = frequencies.length / 2;
  const found = new Float64Array(2 * many * BATCH);
  for (let wave = 0; wave < many; wave++) {
    for (let n = 0; n < count; n++) {
      const phase = 2 * Math.PI * (x(n) * frequencies[wave] + y(n) * frequencies[many + wave]);
      found[wave * BATCH + n] = Math.cos(phase);
      found[(many + wave) * BATCH + n] = Math.sin(phase);
    }
  }
  return found;
}
