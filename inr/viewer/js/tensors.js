// Side information and integers of tensors, and what each grade learned, in the order of the file.

import { ModelFileError, viewOf } from "./bytes.js";
import { gradeFeatures, planeFeatures } from "./header.js";

const PART = 2 ** 18;

/** Return the value of a quantisation step from its code, 8 e + f: (8 + f) 2^e. */
export function stepValue(code) {
  const fraction = ((code % 8) + 8) % 8;
  return (8 + fraction) * 2 ** ((code - fraction) / 8);
}

/**
 * Read the four bytes that a file says of a tensor.
 * @returns {{code: number, table: number, lowBits: number, highBits: number, reach: number}}
 */
export function sideInfo(data, position) {
  const code = viewOf(data).getInt16(position, true);
  const [table, bits] = [data[position + 2], data[position + 3]];
  const [lowBits, highBits] = [bits >> 4, bits & 15];
  const known = table < 64 && lowBits + highBits <= 20 && highBits <= 12 && code >= -2400 && code <= 896;
  if (!known || stepValue(code) * 2 ** (lowBits + highBits) > 2 ** 128) {
    throw new ModelFileError("a weight is outside the range of the format.");
  }
  return { code, table, lowBits, highBits, reach: (1 << highBits) - 1 };
}

/** Return the next integers of a tensor, upper parts first; yields now and then, so that a page may breathe. */
export function* readIntegers(decoder, side, count, tables) {
  const integers = new Int32Array(count);
  if (side.highBits) {
    const edges = tables.edges(side.table, 0, side.reach);
    for (let i = 0; i < count; i++) {
      integers[i] = (decoder.next(edges) - side.reach) * 2 ** side.lowBits;
      if (i % PART === PART - 1) yield;
    }
  }
  for (let i = 0; i < count && side.lowBits; i++) {
    integers[i] += decoder.nextUniform(side.lowBits);
    if (i % PART === PART - 1) yield;
  }
  return integers;
}

/** Return the shapes of what a grade learned: slope, layers, head, planes. */
export function tensorShapes(header, grade) {
  const { form, width: neurons } = grade;
  const heads = header.channels * (1 + 2 * form.shifts);
  const seen = Math.floor((grade.inputs + grade.planes.reduce((sum, plane) => sum + planeFeatures(plane), 0)) / form.branches);
  let hidden = [[neurons, neurons], [neurons]];
  if (grade.activation === "gabor") hidden = [[neurons, 2 * neurons], [2 * neurons]];
  else if (form.separate) {
    const group = neurons / form.scales.length;
    hidden = [[form.scales.length, group, group], [neurons]];
  }
  const repeated = Array.from({ length: grade.depth - 1 }, () => hidden).flat();
  return [
    ...(form.slope ? [[]] : []),
    ...[[neurons, seen], [neurons]],
    ...repeated,
    ...[[heads, gradeFeatures(grade)], [heads]],
    ...grade.planes.map((plane) => planeShape(plane, header)),
  ];
}

/** Return channels, rows and columns of a plane. */
export function planeShape({ cell, channels }, { width, height }) {
  return [channels, Math.ceil(height / cell), Math.ceil(width / cell)];
}

/** Return how many numbers a shape has. */
export function size(shape) {
  return shape.reduce((product, side) => product * side, 1);
}

/** Return the float32 values of integers times a step, exact. */
export function values(integers, step) {
  const found = new Float32Array(integers.length);
  for (let i = 0; i < integers.length; i++) found[i] = integers[i] * step;
  return found;
}

/** Return integers and step of a tensor of version 1: an exponent, then two bytes for each number. */
export function tensorOfVersion1(data, position, count) {
  const view = viewOf(data);
  const exponent = view.getInt8(position);
  const integers = new Int32Array(count);
  for (let i = 0; i < count; i++) integers[i] = view.getInt16(position + 1 + 2 * i, true);
  if (exponent > 112 || integers.includes(-32768)) {
    throw new ModelFileError("a weight is outside the range of the format; the file is damaged.");
  }
  return { integers, step: 2 ** exponent };
}
