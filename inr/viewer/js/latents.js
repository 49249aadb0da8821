// Words of a range coder -> the latents of a grade's planes, each by the distribution that the entropy model predicts.

import { ModelFileError } from "./bytes.js";
import { LARGEST, Neighbours, PASSES } from "./entropy_model.js";
import { planeShape, size } from "./tensors.js";

/** Return the places of a grade's planes in the order of coding, the coarsest first. */
export function codingOrder(planes) {
  return [...planes.keys()].sort((a, b) => planes[b].cell - planes[a].cell);
}

/** Decodes the planes of one grade after another; those so far are what later ones are predicted from. */
export class LatentDecoder {
  constructor(header, entropyModel, tables) {
    this.header = header;
    this.entropyModel = entropyModel;
    this.tables = tables;
    this.below = null;
    this.channel = 0;
  }

  /** Return the latents of the planes of the next grade, in their own order; yields between passes. */
  *read(decoder, planes, sides) {
    const found = [];
    for (const [number, place] of codingOrder(planes).entries()) {
      const side = sides[number];
      if (side.reach > LARGEST || side.lowBits || side.table) {
        throw new ModelFileError("a plane is outside the range of the format; the file is damaged.");
      }
      const shape = planeShape(planes[place], this.header);
      const [channels, rows, columns] = shape;
      const plane = { cell: planes[place].cell, channels, rows, columns, latents: new Int16Array(size(shape)) };
      if (side.reach) yield* this.plane(decoder, plane, side.reach);
      this.channel += channels;
      this.below = plane;
      found[place] = { code: side.code, integers: plane.latents };
    }
    return found;
  }

  *plane(decoder, plane, reach) {
    for (let channel = 0; channel < plane.channels; channel++) {
      for (let pass = 0; pass < PASSES.length; pass++) {
        this.pass(decoder, plane, channel, pass, reach);
        yield;
      }
    }
  }

  pass(decoder, plane, channel, pass, reach) {
    const [stride, top, left] = PASSES[pass];
    const wide = Math.max(0, Math.ceil((plane.columns - left) / stride));
    const count = wide * Math.max(0, Math.ceil((plane.rows - top) / stride));
    const keys = new Uint16Array(count);
    const floors = new Int16Array(count);
    const neighbours = new Neighbours(plane, this.below, channel, pass);
    const model = this.entropyModel;
    model.choose(this.channel + channel, pass);
    for (let i = 0, y = top; y < plane.rows; y += stride) {
      for (let x = left; x < plane.columns; x += stride, i++) {
        model.predict(neighbours.at(y, x));
        const centre = Math.min(Math.max(model.centre, -16 * reach), 16 * reach);
        floors[i] = centre >> 4;
        keys[i] = model.table * 16 + (centre & 15);
      }
    }
    const start = channel * plane.rows * plane.columns;
    const far = 2 * reach + 1;
    let [key, edges] = [-1, null];
    for (const i of sortedByKey(keys)) {
      if (keys[i] !== key) {
        key = keys[i];
        edges = this.tables.edges(key >> 4, key & 15, far);
      }
      const latent = decoder.next(edges) - far + floors[i];
      const place = start + (top + stride * Math.floor(i / wide)) * plane.columns + left + stride * (i % wide);
      plane.latents[place] = Math.min(Math.max(latent, -LARGEST), LARGEST);
    }
  }
}

/** Return the places of keys below 1024 in ascending order of the keys, equal ones in reading order. */
function sortedByKey(keys) {
  const starts = new Uint32Array(1025);
  for (const key of keys) starts[key + 1]++;
  for (let key = 0; key < 1024; key++) starts[key + 1] += starts[key];
  const order = new Uint32Array(keys.length);
  for (let i = 0; i < keys.length; i++) order[starts[keys[i]]++] = i;
  return order;
}
