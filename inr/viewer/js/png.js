// A picture as numbers -> a PNG file, with the bits and the colour profile of its source.

import { crc32, viewOf } from "./bytes.js";

const COLOUR_TYPES = [0, 0, 4, 2, 6];

/**
 * Return a PNG file.
 * @param {object} model of which come size, channels, bits and profile
 * @param {Float32Array} picture (height, width, channels), unclipped
 * @returns {Promise<Uint8Array>}
 */
export async function pngOf({ width, height, channels, bitDepth, profile }, picture) {
  const header = new Uint8Array(13);
  viewOf(header).setUint32(0, width);
  viewOf(header).setUint32(4, height);
  header.set([bitDepth, COLOUR_TYPES[channels], 0, 0, 0], 8);
  const parts = [Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10), chunk("IHDR", header)];
  if (profile) {
    const name = Uint8Array.of(...letters("profile"), 0, 0);
    parts.push(chunk("iCCP", joinedBytes([name, await deflated(profile)])));
  }
  parts.push(chunk("IDAT", await deflated(rows(picture, width, height, channels, bitDepth))), chunk("IEND", new Uint8Array(0)));
  return joinedBytes(parts);
}

function letters(text) {
  return Array.from(text, (letter) => letter.charCodeAt(0));
}

function chunk(name, body) {
  const found = new Uint8Array(body.length + 12);
  viewOf(found).setUint32(0, body.length);
  found.set(letters(name), 4);
  found.set(body, 8);
  viewOf(found).setUint32(body.length + 8, crc32(found.subarray(4, -4)));
  return found;
}

/** Return the rows of samples, each after its filter: 1, the difference to the pixel on the left. */
function rows(picture, width, height, channels, bitDepth) {
  const bytes = bitDepth / 8;
  const most = 256 ** bytes - 1;
  const row = width * channels * bytes;
  const found = new Uint8Array(height * (row + 1));
  for (let y = 0, i = 0; y < height; y++) {
    const start = y * (row + 1);
    found[start] = 1;
    for (let at = start + 1; at < start + 1 + row; at += bytes, i++) {
      const value = picture[i] > 0 ? Math.round(Math.min(picture[i], 1) * most) : 0;
      if (bytes === 2) found[at] = value >> 8;
      found[at + bytes - 1] = value & 255;
    }
    for (let at = start + row; at > start + channels * bytes; at--) found[at] -= found[at - channels * bytes];
  }
  return found;
}

async function deflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function joinedBytes(parts) {
  const found = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let place = 0;
  for (const part of parts) {
    found.set(part, place);
    place += part.length;
  }
  return found;
}
