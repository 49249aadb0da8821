// Latents known already -> the distribution of each of the next ones, in whole numbers; see FORMAT.md.

import { ModelFileError } from "./bytes.js";
import { RangeDecoder } from "./range_coder.js";
import { readIntegers, sideInfo, size } from "./tensors.js";

/** Stride, first row and first column of the latents of each pass. */
export const PASSES = [[4, 0, 0], [4, 2, 2], [4, 0, 2], [4, 2, 0], [2, 1, 1], [2, 0, 1], [2, 1, 0]];
const PASS_OF = [[0, 5, 2, 5], [6, 4, 6, 4], [3, 5, 1, 5], [6, 4, 6, 4]];
const AROUND = [[-1, -1], [-1, 0], [-1, 1], [0, -1], [0, 1], [1, -1], [1, 0], [1, 1]];
const COARSER = [[0, 0], [0, 1], [1, 0], [0, -1], [-1, 0]];
const SEEN = AROUND.length + COARSER.length + 2;
const CLIP = 64;
/** Largest magnitude of a latent. */
export const LARGEST = 1023;
const FINEST = 8 * (-9 - 2); // code of the step 1/256: (8 + 0) 2^-11
const WHOLE = 8; // a step of one is so many powers of two wider

/** Read the entropy model from the payload of its chunk, for so many channels of planes. */
export function* readEntropyModel(payload, channels, tables) {
  const hidden = payload.length ? payload[0] : 0;
  const shapes = [[hidden, 2 * SEEN], [PASSES.length, hidden], [channels, hidden], [2, hidden], [channels, 2]];
  if (hidden < 1 || hidden > 64 || channels > 256 || payload.length < 1 + 4 * shapes.length) {
    throw new ModelFileError("the entropy model of the planes is damaged.");
  }
  const decoder = new RangeDecoder(payload.subarray(1 + 4 * shapes.length));
  const tensors = [];
  for (const [number, shape] of shapes.entries()) {
    const side = sideInfo(payload, 1 + 4 * number);
    const shift = (side.code - FINEST) / 8;
    if (!Number.isInteger(shift) || shift < 0 || shift > WHOLE || side.highBits + side.lowBits + shift > 16) {
      throw new ModelFileError("the entropy model is outside the range of the format; the file is damaged.");
    }
    tensors.push((yield* readIntegers(decoder, side, size(shape), tables)).map((integer) => integer << shift));
  }
  decoder.finish();
  const [first, passes, ofChannels, last, offsets] = tensors;
  return new EntropyModel(hidden, { first, passes, channels: ofChannels, last, offsets });
}

/**
 * The network that predicts latents. Most neighbours of a latent are zero and add nothing, so that only the columns of
 * the others are added; where all are zero, the answer is the same for the whole channel and pass.
 */
export class EntropyModel {
  constructor(hidden, weights) {
    this.hidden = hidden;
    this.weights = weights;
    // Columns of `first`, one after another: what a neighbour adds, and beside it what its magnitude adds.
    this.columns = new Int32Array(2 * SEEN * hidden);
    for (let i = 0; i < hidden; i++) {
      for (let j = 0; j < 2 * SEEN; j++) this.columns[j * hidden + i] = weights.first[i * 2 * SEEN + j];
    }
    this.sums = new Int32Array(hidden);
    this.bias = new Int32Array(hidden);
  }

  /** Choose the channel, in the order of coding, and the pass that `predict` is asked about. */
  choose(channel, pass) {
    for (let i = 0; i < this.hidden; i++) {
      this.bias[i] = this.weights.passes[pass * this.hidden + i] + this.weights.channels[channel * this.hidden + i];
    }
    this.offset = [16 * this.weights.offsets[2 * channel], 16 * this.weights.offsets[2 * channel + 1]];
    this.sums.set(this.bias);
    this.finish();
    [this.calmCentre, this.calmTable] = [this.centre, this.table];
  }

  /** Set `centre`, in sixteenths, and `table` for the latent with these neighbours. */
  predict(seen) {
    const { hidden, columns, sums, bias } = this;
    let calm = true;
    for (let j = 0; j < SEEN; j++) {
      if (seen[j] === 0) continue;
      if (calm) sums.set(bias);
      calm = false;
      const value = seen[j] > CLIP ? CLIP : seen[j] < -CLIP ? -CLIP : seen[j];
      const size = value < 0 ? -value : value;
      const plain = j * hidden;
      const ofSize = (SEEN + j) * hidden;
      for (let i = 0; i < hidden; i++) {
        sums[i] += Math.imul(columns[plain + i], value) + Math.imul(columns[ofSize + i], size);
      }
    }
    if (!calm) return this.finish();
    [this.centre, this.table] = [this.calmCentre, this.calmTable];
  }

  finish() {
    const { hidden, sums, weights } = this;
    let [centre, table] = this.offset;
    for (let i = 0; i < hidden; i++) {
      if (sums[i] < 16) continue;
      const h = Math.min(sums[i] >> 4, 32768);
      centre += weights.last[i] * h;
      table += weights.last[hidden + i] * h;
    }
    this.centre = Math.min(Math.max(Math.floor((16 * centre + 2048) / 4096), -16 * LARGEST), 16 * LARGEST);
    this.table = Math.min(Math.max(Math.floor((4 * table + 2048) / 4096) + 16, 0), 63);
  }
}

/**
 * Collects, for a latent at a time, the fifteen that it is predicted from.
 *
 * A plane is `{cell, channels, rows, columns, latents}`, `latents` channel after channel, row by row.
 */
export class Neighbours {
  constructor(plane, below, channel, pass) {
    const [stride, top, left] = PASSES[pass];
    const apart = stride / 2;
    this.plane = plane;
    this.below = below;
    this.channel = channel;
    this.start = channel * plane.rows * plane.columns;
    this.around = AROUND.map(([dy, dx]) => {
      const known = PASS_OF[(top + apart * dy + 4) % 4][(left + apart * dx + 4) % 4] < pass;
      return known ? [apart * dy, apart * dx] : null;
    });
    this.belowStart = below ? Math.min(channel, below.channels - 1) * below.rows * below.columns : 0;
    this.seen = new Int32Array(SEEN);
  }

  at(y, x) {
    const { plane, below, channel, seen } = this;
    const { rows, columns, latents } = plane;
    const place = this.start + y * columns + x;
    for (let j = 0; j < AROUND.length; j++) {
      const away = this.around[j];
      seen[j] = 0;
      if (away === null) continue;
      const [row, column] = [y + away[0], x + away[1]];
      if (row >= 0 && column >= 0 && row < rows && column < columns) seen[j] = latents[this.start + row * columns + column];
    }
    if (below) {
      const row = Math.floor(((2 * y + 1) * plane.cell) / (2 * below.cell));
      const column = Math.floor(((2 * x + 1) * plane.cell) / (2 * below.cell));
      for (let j = 0; j < COARSER.length; j++) {
        const [r, c] = [row + COARSER[j][0], column + COARSER[j][1]];
        const inside = r >= 0 && c >= 0 && r < below.rows && c < below.columns;
        seen[AROUND.length + j] = inside ? below.latents[this.belowStart + r * below.columns + c] : 0;
      }
    }
    seen[SEEN - 2] = channel > 0 ? latents[place - this.start] : 0;
    seen[SEEN - 1] = channel > 0 ? latents[place - rows * columns] : 0;
    return seen;
  }
}
