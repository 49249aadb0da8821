// What feature planes hold at places of the picture: latents, read by bilinear interpolation.

import { BATCH, room } from "./layers.js";
import { planeFeatures } from "./header.js";

const AROUND = [[0, 0], [-1, -1], [-1, 0], [-1, 1], [0, -1], [0, 1], [1, -1], [1, 0], [1, 1]];

/** Places along one axis of a lattice: the cells before and behind each, and how far it lies between them. */
class Axis {
  constructor() {
    this.before = new Int32Array(BATCH);
    this.behind = new Int32Array(BATCH);
    this.fraction = new Float64Array(BATCH);
  }

  /**
   * @param {Float64Array} places in source pixels
   * @param {number} count how many
   * @param {number} cells of the lattice in a pixel
   * @param {number} shift cells to go further
   * @param {number} last cell of the lattice; beyond it all is as at its centre
   * @param {number} pitch numbers from one cell to the next in memory
   */
  set(places, count, cells, shift, last, pitch) {
    for (let n = 0; n < count; n++) {
      const at = Math.min(Math.max(places[n] * cells - 0.5 + shift, 0), last);
      const cell = Math.floor(at);
      this.before[n] = cell * pitch;
      this.behind[n] = Math.min(cell + 1, last) * pitch;
      this.fraction[n] = at - cell;
    }
    return this;
  }
}

const COLUMNS = [new Axis(), new Axis(), new Axis()];
const ROWS = [new Axis(), new Axis(), new Axis()];

/** The planes of a grade; what was read last stands in a room of their own. */
export class Planes {
  constructor(grade, width, height) {
    this.size = { width, height };
    this.features = grade.planes.reduce((sum, plane) => sum + planeFeatures(plane), 0);
    this.out = room(this.features);
    const tensors = grade.tensors.slice(grade.tensors.length - grade.planes.length);
    this.planes = tensors.map(({ shape, values }, i) => ({ shape, values, around: grade.planes[i].around }));
  }

  /** Return (features, BATCH): of each plane, at each place that it is read, all its channels. */
  read(xs, ys, count) {
    let to = 0;
    for (const { shape: [channels, rows, columns], values, around } of this.planes) {
      for (const shift of around ? [-1, 0, 1] : [0]) {
        COLUMNS[shift + 1].set(xs, count, columns / this.size.width, shift, columns - 1, 1);
        ROWS[shift + 1].set(ys, count, rows / this.size.height, shift, rows - 1, columns);
      }
      for (const [dy, dx] of around ? AROUND : AROUND.slice(0, 1)) {
        for (let channel = 0; channel < channels; channel++, to += BATCH) {
          interpolate(this.out, to, values, channel * rows * columns, ROWS[dy + 1], COLUMNS[dx + 1], count);
        }
      }
    }
    return this.out;
  }
}

function interpolate(out, to, values, from, rows, columns, count) {
  for (let n = 0; n < count; n++) {
    const upper = from + rows.before[n];
    const lower = from + rows.behind[n];
    const left = columns.before[n];
    const right = columns.behind[n];
    const x = columns.fraction[n];
    const a = values[upper + left] + x * (values[upper + right] - values[upper + left]);
    const b = values[lower + left] + x * (values[lower + right] - values[lower + left]);
    out[to + n] = a + rows.fraction[n] * (b - a);
  }
}
