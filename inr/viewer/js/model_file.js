// The bytes of a file -> a model, grade after grade.

import { ModelFileError } from "./bytes.js";
import { maySkip, unpack } from "./container.js";
import { drawTable, readTable } from "./encoding.js";
import { readEntropyModel } from "./entropy_model.js";
import { parseHeader } from "./header.js";
import { unzlib } from "./inflate.js";
import { LatentDecoder } from "./latents.js";
import { RangeDecoder, Tables } from "./range_coder.js";
import { readIntegers, sideInfo, size, stepValue, tensorOfVersion1, tensorShapes, values } from "./tensors.js";

const FREE_NUMBERS = 2 ** 24;
const NUMBERS_A_BYTE = 2 ** 14;
const MAX_PROFILE = 16777216;

/**
 * Decode a file. This is a generator: it yields nothing where the caller may do something else for a moment, and the
 * model each time that a grade was added to it; it returns the model.
 *
 * A model has the fields of the header (see `parseHeader`), `version`, `encoding` (2, frequencies), `profile` (a colour
 * profile or null), `total` (grades that the file should hold), `note` (a sentence, or null), and `grades`, those
 * decoded so far: shapes of the header, `bytes` of their chunk, `tensors` (`shape`, `step`, `integers`, `values`) in
 * the order of the file, and `waves` (2, shifts).
 * @param {Uint8Array} data
 */
export function* decodeModel(data) {
  const container = unpack(data);
  const header = parseHeader(container.header);
  const tables = new Tables();
  const { chunks, entropyModel } = yield* checkedChunks(container, header, tables);
  const profile = profileOf(container);
  const encoding = header.draw
    ? drawTable(header.draw, header.frequencies)
    : readTable(chunks[0].payload, 0, header.frequencies);
  const total = header.grades.length;
  const cut = chunks.length < total;
  const note = cut ? `the file is cut short; grades used: ${chunks.length} of ${total}.` : null;
  const model = { ...header, version: container.version, encoding, profile, total, note, whole: chunks.length, grades: [] };
  const latents = entropyModel ? new LatentDecoder(header, entropyModel, tables) : null;
  for (const [number, { payload, size: bytes }] of chunks.entries()) {
    const shape = header.grades[number];
    const start = number === 0 && !header.draw ? 8 * header.frequencies : 0;
    const waves = readTable(payload, start, shape.form.shifts);
    const rest = payload.subarray(start + 8 * shape.form.shifts);
    const shapes = tensorShapes(header, shape);
    const tensors = container.version === 1
      ? readVersion1(rest, shapes)
      : yield* readGrade(rest, shapes, shape.planes, latents, tables);
    model.grades.push({ ...shape, bytes, waves, tensors });
    yield model;
  }
  return model;
}

/** Run a generator to its end and return what it returns. */
export function finished(generator) {
  for (;;) {
    const { done, value } = generator.next();
    if (done) return value;
  }
}

function* readGrade(payload, shapes, planes, latents, tables) {
  const sides = shapes.map((_, i) => sideInfo(payload, 4 * i));
  const decoder = new RangeDecoder(payload.subarray(4 * shapes.length));
  const alone = latents ? shapes.length - planes.length : shapes.length;
  const found = [];
  for (let i = 0; i < alone; i++) {
    found.push({ code: sides[i].code, integers: yield* readIntegers(decoder, sides[i], size(shapes[i]), tables) });
  }
  if (alone < shapes.length) found.push(...(yield* latents.read(decoder, planes, sides.slice(alone))));
  decoder.finish();
  return found.map(({ code, integers }, i) => tensor(shapes[i], stepValue(code), integers));
}

function readVersion1(payload, shapes) {
  let position = 0;
  return shapes.map((shape) => {
    const { integers, step } = tensorOfVersion1(payload, position, size(shape));
    position += 1 + 2 * size(shape);
    return tensor(shape, step, integers);
  });
}

function tensor(shape, step, integers) {
  return { shape, step, integers, values: values(integers, step) };
}

/** Return the chunks of the grades, at least one and none of an impossible size, and the entropy model if any. */
function* checkedChunks(container, header, tables) {
  const chunks = [];
  let entropyModel = null;
  const channels = header.grades.flatMap((grade) => grade.planes).reduce((sum, plane) => sum + plane.channels, 0);
  for (const chunk of container.chunks) {
    if (chunk.tag === "G") chunks.push(chunk);
    else if (chunk.tag === "E" && container.version > 1 && !entropyModel && !chunks.length && channels) {
      entropyModel = yield* readEntropyModel(chunk.payload, channels, tables);
    } else if (chunk.tag === "L") {
      throw new ModelFileError("the file is of the method local, which this page cannot show; inr render draws it.");
    } else if (!maySkip(chunk.tag)) {
      throw new ModelFileError(`the file holds a chunk ${JSON.stringify(chunk.tag)} that this program does not know.`);
    }
  }
  const total = header.grades.length;
  if (chunks.length > total || (container.cut && chunks.length === total)) {
    throw new ModelFileError(`the file goes on after its last grade, number ${total}; it is damaged.`);
  }
  const lengths = chunks.map((chunk) => chunk.payload.length);
  if (container.cutLength !== null && container.version > 1) lengths.push(container.cutLength);
  checkSizes(container.version, header, lengths);
  if (!chunks.length) {
    throw new ModelFileError("the file is cut short before the end of its first grade; nothing can be drawn from it.");
  }
  return { chunks, entropyModel };
}

/** Refuse payloads of a length that their grade cannot have, before memory is taken for it. */
function checkSizes(version, header, lengths) {
  let allowed = FREE_NUMBERS;
  for (const [i, length] of lengths.entries()) {
    const shape = header.grades[i];
    const counts = tensorShapes(header, shape).map(size);
    const numbers = counts.reduce((sum, count) => sum + count, 0);
    const frequencies = shape.form.shifts + (i === 0 && !header.draw ? header.frequencies : 0);
    const least = 8 * frequencies + (version === 1 ? counts.length + 2 * numbers : 4 * counts.length);
    if (length < least || (version === 1 && length !== least)) {
      throw new ModelFileError(`grade ${i + 1} has ${length} bytes where its header needs ${least}; it is damaged.`);
    }
    allowed += NUMBERS_A_BYTE * length - (version === 1 ? 0 : numbers);
    if (allowed < 0) {
      throw new ModelFileError(`grade ${i + 1} has ${length} bytes, too few for ${numbers} numbers; it is damaged.`);
    }
  }
}

function profileOf(container) {
  const chunk = container.chunks.find(({ tag }) => tag === "i");
  if (!chunk) return null;
  try {
    return unzlib(chunk.payload, MAX_PROFILE);
  } catch (error) {
    throw new ModelFileError(`the colour profile is damaged (${error.message}).`);
  }
}
