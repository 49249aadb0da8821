// A rectangle of samples -> their colours, by the network itself or enlarged from its pixels the usual ways.

import { BATCH } from "./layers.js";

/** How a picture is enlarged: by the network, or from the pixels that the network draws. */
export const METHODS = ["network", "nearest", "bicubic"];
const MARGIN = 2;

/**
 * Draw a lattice of samples. This is a generator: it yields where the caller may do something else for a moment.
 * @param {import("./network.js").Network} network
 * @param {{left: number, top: number, step: number, width: number, height: number}} lattice the sample in column i lies
 *   at `left + (i + 1/2) step` source pixels; rows likewise
 * @param {number[]} grades after which the picture is wanted, ascending
 * @returns {Float32Array[]} for each, (height, width, channels) values, unclipped
 */
export function* drawLattice(network, { left, top, step, width, height }, grades) {
  const { channels } = network.model;
  const pictures = grades.map(() => new Float32Array(width * height * channels));
  const [xs, ys] = [new Float64Array(BATCH), new Float64Array(BATCH)];
  for (let start = 0; start < width * height; start += BATCH) {
    const count = Math.min(BATCH, width * height - start);
    for (let n = 0; n < count; n++) {
      const row = Math.floor((start + n) / width);
      xs[n] = left + (start + n - row * width + 0.5) * step;
      ys[n] = top + (row + 0.5) * step;
    }
    network.draw(xs, ys, count, grades.at(-1), (grade, sums) => {
      const picture = pictures[grades.indexOf(grade)];
      if (!picture) return;
      for (let channel = 0; channel < channels; channel++) {
        for (let n = 0; n < count; n++) picture[(start + n) * channels + channel] = sums[channel * BATCH + n];
      }
    });
    yield;
  }
  return pictures;
}

/** Draw a lattice by a method of `METHODS`, likewise. */
export function* drawBy(method, network, lattice, grades) {
  if (method === "network" || lattice.step >= 1) return yield* drawLattice(network, lattice, grades);
  const { model } = network;
  const [left, top] = [Math.floor(lattice.left) - MARGIN, Math.floor(lattice.top) - MARGIN].map((edge) => Math.max(edge, 0));
  const right = Math.min(Math.ceil(lattice.left + lattice.step * lattice.width) + MARGIN, model.width);
  const bottom = Math.min(Math.ceil(lattice.top + lattice.step * lattice.height) + MARGIN, model.height);
  const pixels = { left, top, step: 1, width: right - left, height: bottom - top };
  const pictures = yield* drawLattice(network, pixels, grades);
  const kernel = method === "nearest" ? nearest : bicubic;
  return pictures.map((picture) => resample(quantised(picture), model.channels, pixels, lattice, kernel));
}

function quantised(picture) {
  return picture.map((value) => eightBits(value) / 255);
}

/** Return a value as 0 .. 255; what is no number is 0. */
export function eightBits(value) {
  return value > 0 ? Math.round(Math.min(value, 1) * 255) : 0;
}

/** Return first pixel and weights for a place between pixel centres. */
function nearest(place) {
  return [Math.round(place), [1]];
}

/** Keys' cubic convolution with a = -1/2. */
function bicubic(place) {
  const first = Math.floor(place);
  const t = place - first;
  return [first - 1, [
    ((2 - t) * t - 1) * t * 0.5, ((3 * t - 5) * t * t + 2) * 0.5, ((4 - 3 * t) * t + 1) * t * 0.5, (t - 1) * t * t * 0.5,
  ]];
}

function resample(picture, channels, pixels, lattice, kernel) {
  const taps = (count, from, size, edge) =>
    Array.from({ length: count }, (_, i) => {
      const [first, weights] = kernel(from + (i + 0.5) * lattice.step - edge - 0.5);
      return weights.map((weight, k) => [Math.min(Math.max(first + k, 0), size - 1), weight]);
    });
  const columns = taps(lattice.width, lattice.left, pixels.width, pixels.left);
  const rows = taps(lattice.height, lattice.top, pixels.height, pixels.top);
  const wide = new Float32Array(pixels.height * lattice.width * channels);
  const found = new Float32Array(lattice.height * lattice.width * channels);
  for (let y = 0; y < pixels.height; y++) {
    columns.forEach((column, x) => {
      for (const [from, weight] of column) {
        for (let c = 0; c < channels; c++) {
          wide[(y * lattice.width + x) * channels + c] += weight * picture[(y * pixels.width + from) * channels + c];
        }
      }
    });
  }
  const across = lattice.width * channels;
  rows.forEach((row, y) => {
    for (const [from, weight] of row) {
      for (let i = 0; i < across; i++) found[y * across + i] += weight * wide[from * across + i];
    }
  });
  return found;
}

/** Return values (height, width, channels) as RGBA of eight bits. */
export function rgba(picture, channels) {
  const count = picture.length / channels;
  const found = new Uint8ClampedArray(4 * count);
  const colour = channels > 2;
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < 3; c++) found[4 * i + c] = eightBits(picture[i * channels + (colour ? c : 0)]);
    found[4 * i + 3] = channels % 2 ? 255 : eightBits(picture[(i + 1) * channels - 1]);
  }
  return found;
}
