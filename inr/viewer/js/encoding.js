// Frequencies of the encoding: read from a file, or drawn from a seed, the same bits on every machine.

import { ModelFileError, viewOf } from "./bytes.js";

const MAX_FREQUENCY = 1e7;
const MASK = (1n << 64n) - 1n;

/** Return the (2, count) frequencies at a place of a payload, the x row first. */
export function readTable(data, position, count) {
  const view = viewOf(data);
  const table = new Float32Array(2 * count);
  for (let i = 0; i < table.length; i++) table[i] = view.getFloat32(position + 4 * i, true);
  if (!table.every((frequency) => Math.abs(frequency) <= MAX_FREQUENCY)) {
    throw new ModelFileError("a frequency is out of range; the file is damaged.");
  }
  return table;
}

/** Return the (2, count) frequencies that a seed, a spread and bands stand for. */
export function drawTable({ seed, sigma, bands }, count) {
  const table = new Float32Array(2 * count);
  const share = count / bands.length;
  for (let i = 0; i < table.length; i++) {
    let sum = 0;
    for (let j = 0; j < 12; j++) sum += splitMix64(seed, BigInt(12 * i + j + 1));
    table[i] = (sum / 2 ** 32 - 6) * sigma * bands[Math.floor((i % count) / share)];
  }
  return table;
}

/** Return the upper 32 bits of an output of SplitMix64. */
function splitMix64(seed, number) {
  let state = (number * 0x9e3779b97f4a7c15n + seed) & MASK;
  state = ((state ^ (state >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  state = ((state ^ (state >> 27n)) * 0x94d049bb133111ebn) & MASK;
  return Number((state ^ (state >> 31n)) >> 32n);
}
