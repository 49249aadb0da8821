// Bytes -> header and whole chunks, every length and checksum verified before anything is made of them.

import { crc32, latin1, ModelFileError, viewOf } from "./bytes.js";
import { inflate } from "./inflate.js";

const VERSION = 3;
const MAX_HEADER = 65536;
const VERSION_1_TAGS = { GRAD: "G", iccp: "i" };

// What deflate may refer to; part of the format, see FORMAT.md.
const WORDS =
  '"adaptive"fourier-multiscale"siren"finer"wire"gabor"mscale-1"phi"phase"tanh"relu"sine"gauss"msnn"sgdl-paper"sgdl' +
  '"mgdl-paper"grid"first":"branches":"gain":"scales":[1.0,2.0,4.0,8.0],"separate":true,"shifts":"sigmoid":true' +
  '"slope":true"window":"frequencies":64,"frame":"unit","feed_encoding":"only",false,"bit_depth":16,"channels":1,' +
  '"bit_depth":8,"channels":3,"feed_encoding":true,"frame":"isotropic","frequencies":0,"grades":[[2,32,"gelu",' +
  '[[1,1],[4,2],[8,2],[16,2]]],[2,32,"gelu",[[2,1],[4,2]]],[1,16,"relu",[[4,3],[8,3],[16,3],[32,3]]],' +
  '[1,16,"relu",[[2,1]]],[1,16,"relu",[[1,1]]]],"height":512,"record":{"method":"mgdl","psnr_db":[30.0,' +
  '],"seed":0,"versions":{"inr":"0.1.0","torch":"2.13.0+cpu"}},"width":768}';

/**
 * Parse a file into its version, the text of its header and its whole chunks.
 * @param {Uint8Array} data
 * @returns {{version: number, header: string, chunks: {tag: string, payload: Uint8Array, size: number}[], cut: boolean,
 *   cutLength: number | null}} `size` is what a chunk takes in the file; `cut` says that the file ends inside a chunk,
 *   and `cutLength` is the length that this one claims, if it must be known
 */
export function unpack(data) {
  const magic = [0x89, 0x49, 0x4e, 0x52];
  if (!data.length || magic.some((byte, i) => i < data.length && data[i] !== byte)) {
    throw new ModelFileError("this is not an .inr model file (it does not begin with the four bytes 89 49 4E 52).");
  }
  if (data.length < 14) {
    throw new ModelFileError(`the file is cut short after ${data.length} bytes, before its header.`);
  }
  const view = viewOf(data);
  const version = view.getUint16(4, true);
  if (version < 1 || version > VERSION) {
    throw new ModelFileError(`the file has format version ${version}; this program reads versions 1 to ${VERSION}.`);
  }
  const fixed = version === 1 ? 14 : 12;
  const length = version === 1 ? view.getUint32(6, true) : view.getUint16(6, true);
  if (length > MAX_HEADER) {
    throw new ModelFileError(`the header claims ${length} bytes; at most ${MAX_HEADER} are accepted. The file is damaged.`);
  }
  const text = data.subarray(fixed, fixed + length);
  if (text.length < length) {
    throw new ModelFileError(`the file is cut short inside its header (${text.length} of ${length} bytes).`);
  }
  if (crc32(text) !== view.getUint32(fixed - 4, true)) {
    throw new ModelFileError("the header does not match its checksum; the file is damaged.");
  }
  const header = version === 1 ? text : inflatedHeader(text);
  const found = version === 1 ? chunksOfVersion1(data, fixed + length) : chunksOf(data, fixed + length, version > 2);
  return { version, header: utf8(header), ...found };
}

function utf8(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new ModelFileError("the header is not valid JSON (it is not text).");
  }
}

function inflatedHeader(text) {
  try {
    return inflate(text, MAX_HEADER, Uint8Array.from(WORDS, (letter) => letter.charCodeAt(0)));
  } catch (error) {
    throw new ModelFileError(`the header does not inflate (${error.message}); the file is damaged.`);
  }
}

/** Whether a reader may skip a chunk whose tag begins with this letter: small letters of ASCII. */
export function maySkip(tag) {
  return /^[a-z]/.test(tag);
}

function chunksOf(data, position, numbered) {
  const chunks = [];
  const met = {};
  const view = viewOf(data);
  while (position < data.length) {
    const start = position++;
    const tag = latin1(data.subarray(start, start + 1));
    let length = 0;
    for (let shift = 0, byte = 128; byte > 127; shift += 7) {
      if (position === data.length) return { chunks, cut: true, cutLength: null };
      if (shift > 28) {
        throw new ModelFileError(`chunk ${chunks.length + 1} claims an impossible length; the file is damaged.`);
      }
      byte = data[position++];
      length += (byte & 127) * 2 ** shift;
    }
    const head = data.subarray(start, position);
    const begin = position + 4;
    if (begin + length > data.length) return { chunks, cut: true, cutLength: maySkip(tag) ? null : length };
    const payload = data.subarray(begin, begin + length);
    const number = numbered ? met[tag] ?? 0 : 0;
    if (crc32(payload, crc32(head, number)) !== view.getUint32(begin - 4, true)) {
      throw new ModelFileError(`chunk ${chunks.length + 1} does not match its checksum; the file is damaged.`);
    }
    position = begin + length;
    chunks.push({ tag, payload, size: position - start });
    met[tag] = (met[tag] ?? 0) + 1;
  }
  return { chunks, cut: false, cutLength: null };
}

function chunksOfVersion1(data, position) {
  const chunks = [];
  const view = viewOf(data);
  while (position < data.length) {
    if (position + 12 > data.length) return { chunks, cut: true, cutLength: null };
    const tag = data.subarray(position, position + 4);
    const name = latin1(tag);
    const length = view.getUint32(position + 4, true);
    const begin = position + 12;
    if (begin + length > data.length) return { chunks, cut: true, cutLength: maySkip(name) ? null : length };
    const payload = data.subarray(begin, begin + length);
    if (crc32(payload, crc32(tag)) !== view.getUint32(position + 8, true)) {
      throw new ModelFileError(`chunk ${chunks.length + 1} does not match its checksum; the file is damaged.`);
    }
    if (name in VERSION_1_TAGS) chunks.push({ tag: VERSION_1_TAGS[name], payload, size: 12 + length });
    else if (!maySkip(name)) {
      throw new ModelFileError(`the file holds a chunk ${JSON.stringify(name)} that this program does not know.`);
    }
    position = begin + length;
  }
  return { chunks, cut: false, cutLength: null };
}
