// Places in the picture -> the colours that a model draws there after each grade.

import { BATCH, Layers, room } from "./layers.js";
import { Planes } from "./planes.js";

/** Draws a model; it goes on to draw grades that are added to the model later. */
export class Network {
  constructor(model) {
    this.model = model;
    this.grades = [];
    this.sums = new Float64Array(model.channels * BATCH);
    this.x = new Float64Array(BATCH);
    this.y = new Float64Array(BATCH);
    this.encoding = { features: 2 * model.frequencies || 2, out: room(2 * model.frequencies || 2) };
  }

  /** Return layers, planes and rooms of a grade, from 0, made when they are first asked for. */
  grade(number) {
    return (this.grades[number] ??= this.prepared(this.model.grades[number]));
  }

  prepared(grade) {
    const { width, height } = this.model;
    return {
      layers: new Layers(grade),
      planes: grade.planes.length ? new Planes(grade, width, height) : null,
      input: room(grade.inputs + grade.planes.reduce((sum, plane) => sum + 9 * plane.channels, 0)),
      waves: room(2 * grade.form.shifts),
    };
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
    this.encode(xs, ys, count);
    let encoded = [this.encoding];
    let features = null;
    sums.fill(0);
    for (let number = 0; number < last; number++) {
      const { layers, planes, input, waves } = this.grade(number);
      const seen = features === null || model.feed === "encoding" ? encoded : [features, ...encoded];
      const blocks = features !== null && model.feed === "features" ? [features] : [...seen];
      if (planes) {
        planes.read(xs, ys, count);
        blocks.push(planes);
        encoded = [planes, ...encoded];
      }
      let place = 0;
      for (const block of blocks) {
        input.set(block.out.subarray(0, block.features * BATCH), place);
        place += block.features * BATCH;
      }
      const out = layers.body(input, count);
      features = { out, features: layers.all.at(-1).inputs };
      this.predict(model.grades[number], layers.head(out, count), waves, count);
      visit(number + 1, sums);
    }
  }

  /** Set the coordinates, as the networks see them, and their encoding. */
  encode(xs, ys, count) {
    const { frame, width, height, frequencies, encoding } = this.model;
    const { x, y } = this;
    const longer = Math.max(width, height);
    for (let n = 0; n < count; n++) {
      x[n] = frame === "unit" ? (xs[n] - 0.5) / width : (2 * xs[n] - width) / longer;
      y[n] = frame === "unit" ? (ys[n] - 0.5) / height : (2 * ys[n] - height) / longer;
    }
    const { out } = this.encoding;
    if (frequencies) return setWaves(out, encoding, x, y, count);
    out.set(x);
    out.set(y, BATCH);
  }

  /** Add a grade's prediction to the sums. */
  predict({ form: { shifts, sigmoid }, waves: frequencies }, out, waves, count) {
    const { model: { channels }, sums } = this;
    setWaves(waves, frequencies, this.x, this.y, count);
    for (let channel = 0; channel < channels; channel++) {
      const to = channel * BATCH;
      for (let n = 0; n < count; n++) {
        let value = out[to + n];
        for (let wave = 0; wave < 2 * shifts; wave++) {
          value += out[((wave + 1) * channels + channel) * BATCH + n] * waves[wave * BATCH + n];
        }
        sums[to + n] += sigmoid ? 1 / (1 + Math.exp(-value)) : value;
      }
    }
  }
}

/** Write the cosines of 2 pi v B, then the sines, of frequencies B (2, M): (2 M, BATCH). */
function setWaves(out, frequencies, x, y, count) {
  const many = frequencies.length / 2;
  for (let wave = 0; wave < many; wave++) {
    const [across, down] = [frequencies[wave], frequencies[many + wave]];
    for (let n = 0; n < count; n++) {
      const phase = 2 * Math.PI * (x[n] * across + y[n] * down);
      out[wave * BATCH + n] = Math.cos(phase);
      out[(many + wave) * BATCH + n] = Math.sin(phase);
    }
  }
}
