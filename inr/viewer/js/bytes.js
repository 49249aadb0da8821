// Bytes: what is wrong with a file as one sentence, checksums, and numbers read from a place.

/** Something is wrong with a model file; the message is a sentence for a reader. */
export class ModelFileError extends Error {}

/** The CRC-32 of zlib: the remainder of each byte. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? 0xedb88320 : 0);
  return remainder;
});

/**
 * Return the CRC-32 of bytes as zlib computes it.
 * @param {Uint8Array} bytes
 * @param {number} begin what it begins with: 0, or the CRC-32 of the bytes before
 * @returns {number} from 0 to 2^32 - 1
 */
export function crc32(bytes, begin = 0) {
  let remainder = ~begin;
  for (let i = 0; i < bytes.length; i++) remainder = (remainder >>> 8) ^ CRC_TABLE[(remainder ^ bytes[i]) & 255];
  return ~remainder >>> 0;
}

/** Return a view of bytes that reads numbers of all kinds; little-endian must be asked for. */
export function viewOf(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Return bytes as text, one character a byte. */
export function latin1(bytes) {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}
