// The header's JSON -> the shape of a model, every field checked before anything is built from it.

import { ModelFileError } from "./bytes.js";

const MAX_FREQUENCY = 1e7;
const FEEDS = new Map([[true, "both"], [false, "features"], ["only", "encoding"]]);
const ACTIVATIONS = ["relu", "sine", "tanh", "gelu", "gauss", "finer", "gabor", "srelu", "phi"];
const DEFAULT_FORM = {
  gain: 1, slope: false, window: 0, first: null, scales: [], separate: false, branches: 1, shifts: 0, sigmoid: false,
};

/**
 * Parse and check a header.
 * @param {string} text
 * @returns {object} `width`, `height`, `channels`, `bitDepth`, `frame`, `feed`, `frequencies`, `draw` (or null),
 *   `record`, and `grades`: objects with `depth`, `width`, `activation`, `planes`, `form`, and `inputs`, the features
 *   that the grade is handed without its own planes
 */
export function parseHeader(text) {
  const fields = parsed(text);
  const header = {
    width: integer(fields, "width", 1, 1048576),
    height: integer(fields, "height", 1, 1048576),
    channels: integer(fields, "channels", 1, 4),
    frequencies: integer(fields, "frequencies", 0, 16384),
  };
  header.draw = drawn(fields.drawn, header.frequencies);
  const { bit_depth: bitDepth, frame, feed_encoding: feed, grades } = fields;
  if (![8, 16].includes(bitDepth) || !["isotropic", "unit"].includes(frame) || !FEEDS.has(feed)) {
    throw new ModelFileError("the header names a bit depth, frame or encoding rule this program does not know.");
  }
  Object.assign(header, { bitDepth, frame, feed: FEEDS.get(feed) });
  if (!Array.isArray(grades) || grades.length < 1 || grades.length > 64) {
    throw new ModelFileError("the header has no list of 1 to 64 grades.");
  }
  header.grades = grades.map(gradeShape);
  checkTogether(header);
  setInputs(header);
  header.record = recordOf(fields.record, header.grades.length);
  return header;
}

/** Parse JSON; the seed of a draw may have more digits than a number holds, so it becomes text. */
function parsed(text) {
  let fields;
  try {
    fields = JSON.parse(text.replace(/("drawn"\s*:\s*\[\s*)(\d+)(\s*,)/g, '$1"$2"$3'));
  } catch (error) {
    throw new ModelFileError(`the header is not valid JSON (${error.message}).`);
  }
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) {
    throw new ModelFileError("the header is not a JSON object.");
  }
  return fields;
}

function integer(fields, name, low, high) {
  const value = fields[name];
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new ModelFileError(`the header's ${name} is ${shown(value)}; accepted are ${low} to ${high}.`);
  }
  return value;
}

function shown(value) {
  return (JSON.stringify(value) ?? "missing").slice(0, 60);
}

function drawn(entry, frequencies) {
  if (entry === undefined || entry === null) return null;
  if (Array.isArray(entry) && entry.length > 2 && typeof entry[0] === "string") {
    const [digits, sigma, ...bands] = entry;
    const seed = BigInt(digits);
    const known = [sigma, ...bands].every((f) => typeof f === "number" && f >= 0 && f <= MAX_FREQUENCY);
    const shared = frequencies > 0 && frequencies % bands.length === 0;
    const low = known && sigma * Math.max(...bands) <= MAX_FREQUENCY / 6; // no draw is beyond 6
    if (low && shared && seed < 1n << 64n) return { seed, sigma, bands };
  }
  throw new ModelFileError("the header says of no draw of frequencies that this program could make.");
}

function gradeShape(entry) {
  const unknown = new ModelFileError(`the header describes a grade as ${shown(entry)}, which this program does not know.`);
  if (!Array.isArray(entry) || entry.length < 3 || entry.length > 5) throw unknown;
  const [depth, width, activation, ...rest] = entry;
  const last = rest.at(-1);
  const own = last !== null && typeof last === "object" && !Array.isArray(last) ? rest.pop() : {};
  const planes = rest.length ? rest.pop() : [];
  if (rest.length || !Array.isArray(planes) || planes.length > 16 || !isForm(own)) throw unknown;
  const form = { ...DEFAULT_FORM, ...own };
  const gabor = activation === "gabor" || form.first === "gabor";
  const known =
    within(depth, 1, 64) &&
    within(width, 1, 8192) &&
    ACTIVATIONS.includes(activation) &&
    planes.every(isPlane) &&
    gabor === form.window > 0 &&
    !(gabor && (form.first !== null || form.scales.length || form.branches > 1 || form.shifts)) &&
    !(form.separate && (form.scales.length < 2 || width % form.scales.length)) &&
    !(form.scales.length && width < form.scales.length) &&
    !(form.shifts && form.sigmoid);
  if (!known) throw unknown;
  return {
    depth, width, activation, form,
    planes: planes.map(([cell, channels, around]) => ({ cell, channels, around: around === 1 })),
  };
}

function within(value, low, high) {
  return Number.isInteger(value) && value >= low && value <= high;
}

function isPlane(plane) {
  if (!Array.isArray(plane) || plane.length < 2 || plane.length > 3) return false;
  return within(plane[0], 1, 4096) && within(plane[1], 1, 16) && (plane.length === 2 || plane[2] === 1);
}

function isForm(form) {
  const between = (low, high) => (value) => typeof value === "number" && value >= low && value <= high;
  const flag = (value) => typeof value === "boolean";
  const allowed = {
    gain: between(1e-3, 1e5), slope: flag, window: between(0, 1e5), first: (name) => ACTIVATIONS.includes(name),
    scales: (scales) => Array.isArray(scales) && scales.length <= 64 && scales.every(between(1e-6, 1e6)),
    separate: flag, branches: (n) => within(n, 1, 8), shifts: (n) => within(n, 0, 512), sigmoid: flag,
  };
  return Object.entries(form).every(([name, value]) => Object.hasOwn(allowed, name) && allowed[name](value));
}

function checkTogether({ frequencies, feed, frame, grades }) {
  const later = grades.slice(1).map((grade) => grade.form);
  const planes = grades.some((grade) => grade.planes.length);
  const shifts = grades.some((grade) => grade.form.shifts);
  const wrong =
    (planes && (frequencies > 0 || feed !== "both" || frame !== "isotropic")) ||
    (shifts && frequencies > 0) ||
    (feed === "features" && later.some((form) => form.shifts)) ||
    later.some((form) => form.branches > 1) ||
    (frequencies || 1) % grades[0].form.branches;
  if (wrong) throw new ModelFileError("the header's grades do not fit its encoding; it is damaged.");
}

/** Numbers that a plane is read for at a coordinate. */
export function planeFeatures(plane) {
  return plane.channels * (plane.around ? 9 : 1);
}

/** Features that a grade hands on. */
export function gradeFeatures({ width, activation, form }) {
  return width * form.branches * (activation === "gabor" ? 2 : 1);
}

function setInputs({ frequencies, feed, grades }) {
  let encoding = 2 * frequencies || 2;
  let features = 0;
  grades.forEach((grade, number) => {
    const beside = number === 0 || feed !== "features" ? encoding : 0;
    grade.inputs = beside + (feed === "encoding" ? 0 : features);
    features = gradeFeatures(grade);
    encoding += grade.planes.reduce((sum, plane) => sum + planeFeatures(plane), 0);
  });
}

/** Return what the fit wrote down; text that a reader could take amiss is refused. */
function recordOf(record, grades) {
  const { method, seed, psnr_db: psnr, versions } = record ?? {};
  const isObject = typeof versions === "object" && versions !== null && !Array.isArray(versions);
  if (typeof method === "string" && Number.isInteger(seed) && Array.isArray(psnr) && isObject) {
    const texts = [method, ...Object.entries(versions).flat().map(String)];
    const plain = texts.every((text) => text.length <= 64 && /^[ -~]*$/.test(text));
    const numbers = psnr.every((value) => value === null || (typeof value === "number" && Math.abs(value) < 1e3));
    if (plain && numbers && [0, grades].includes(psnr.length)) return { method, seed, psnr, versions };
  }
  throw new ModelFileError("the header's record of the fit is missing or malformed.");
}
