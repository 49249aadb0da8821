// Deflated bytes -> bytes (RFC 1951), with a preset dictionary, which DecompressionStream does not take.

import { ModelFileError, viewOf } from "./bytes.js";

const LENGTH_BASE = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577];
const DISTANCE_EXTRA = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
const CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** A prefix code: how many codes there are of each length, and the symbols in the order of their codes. */
class PrefixCode {
  constructor(lengths) {
    this.counts = new Uint16Array(16);
    for (const length of lengths) this.counts[length]++;
    this.counts[0] = 0;
    let left = 1;
    for (let length = 1; length < 16; length++) {
      left = 2 * left - this.counts[length];
      if (left < 0) throw new ModelFileError("more codes than fit their lengths");
    }
    const starts = new Uint16Array(17);
    for (let length = 1; length < 16; length++) starts[length + 1] = starts[length] + this.counts[length];
    this.symbols = new Uint16Array(lengths.length);
    lengths.forEach((length, symbol) => {
      if (length) this.symbols[starts[length]++] = symbol;
    });
  }
}

class Inflater {
  constructor(data, most, dictionary) {
    this.data = data;
    this.most = most + dictionary.length;
    this.position = 0;
    this.buffer = 0;
    this.held = 0;
    this.out = new Uint8Array(Math.min(this.most, 4 * data.length + dictionary.length + 1024));
    this.out.set(dictionary);
    this.begin = this.length = dictionary.length;
  }

  bits(count) {
    while (this.held < count) {
      if (this.position >= this.data.length) throw new ModelFileError("it ends too early");
      this.buffer |= this.data[this.position++] << this.held;
      this.held += 8;
    }
    const value = this.buffer & ((1 << count) - 1);
    this.buffer >>>= count;
    this.held -= count;
    return value;
  }

  symbol(code) {
    for (let length = 1, value = 0, first = 0, index = 0; length < 16; length++) {
      value |= this.bits(1);
      const count = code.counts[length];
      if (value - count < first) return code.symbols[index + value - first];
      index += count;
      first = (first + count) << 1;
      value <<= 1;
    }
    throw new ModelFileError("a code that stands for nothing");
  }

  write(byte) {
    if (this.length >= this.most) throw new ModelFileError("it is larger than any that is accepted");
    if (this.length === this.out.length) {
      const wider = new Uint8Array(Math.min(this.most, 2 * this.out.length));
      wider.set(this.out);
      this.out = wider;
    }
    this.out[this.length++] = byte;
  }

  stored() {
    this.held = this.buffer = 0;
    if (this.position + 4 > this.data.length) throw new ModelFileError("it ends too early");
    const view = viewOf(this.data);
    const length = view.getUint16(this.position, true);
    if ((length ^ 0xffff) !== view.getUint16(this.position + 2, true)) throw new ModelFileError("a damaged block");
    this.position += 4;
    if (this.position + length > this.data.length) throw new ModelFileError("it ends too early");
    for (let i = 0; i < length; i++) this.write(this.data[this.position++]);
  }

  codes() {
    const literals = this.bits(5) + 257;
    const distances = this.bits(5) + 1;
    const short = new Array(19).fill(0);
    for (let i = this.bits(4) + 4, place = 0; place < i; place++) short[CODE_ORDER[place]] = this.bits(3);
    const code = new PrefixCode(short);
    const lengths = [];
    while (lengths.length < literals + distances) {
      const symbol = this.symbol(code);
      if (symbol < 16) {
        lengths.push(symbol);
        continue;
      }
      if (symbol === 16 && !lengths.length) throw new ModelFileError("nothing to repeat");
      const value = symbol === 16 ? lengths.at(-1) : 0;
      const times = symbol === 16 ? 3 + this.bits(2) : symbol === 17 ? 3 + this.bits(3) : 11 + this.bits(7);
      for (let i = 0; i < times; i++) lengths.push(value);
    }
    if (lengths.length > literals + distances || !lengths[256]) throw new ModelFileError("damaged codes");
    return [new PrefixCode(lengths.slice(0, literals)), new PrefixCode(lengths.slice(literals))];
  }

  block([literals, distances]) {
    for (;;) {
      const symbol = this.symbol(literals);
      if (symbol === 256) return;
      if (symbol < 256) {
        this.write(symbol);
        continue;
      }
      if (symbol > 285) throw new ModelFileError("a length that there is not");
      const length = LENGTH_BASE[symbol - 257] + this.bits(LENGTH_EXTRA[symbol - 257]);
      const far = this.symbol(distances);
      if (far > 29) throw new ModelFileError("a distance that there is not");
      const distance = DISTANCE_BASE[far] + this.bits(DISTANCE_EXTRA[far]);
      if (distance > this.length) throw new ModelFileError("a distance too far back");
      for (let i = 0; i < length; i++) this.write(this.out[this.length - distance]);
    }
  }

  run() {
    let last;
    do {
      last = this.bits(1);
      const kind = this.bits(2);
      if (kind === 3) throw new ModelFileError("a block of no kind");
      if (kind === 0) this.stored();
      else this.block(kind === 1 ? fixedCodes() : this.codes());
    } while (!last);
    return this.out.slice(this.begin, this.length);
  }
}

function fixedCodes() {
  const lengths = Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8));
  return [new PrefixCode(lengths), new PrefixCode(new Array(30).fill(5))];
}

/**
 * Return what deflated bytes stand for; they must end with their stream.
 * @param {Uint8Array} data
 * @param {number} most bytes that are accepted
 * @param {Uint8Array} dictionary what the stream may refer to before its start
 */
export function inflate(data, most, dictionary = new Uint8Array(0)) {
  const inflater = new Inflater(data, most, dictionary);
  const found = inflater.run();
  if (inflater.position !== data.length) throw new ModelFileError("bytes follow its end");
  return found;
}

/** Return what bytes in zlib's frame (RFC 1950) stand for. */
export function unzlib(data, most) {
  if (data.length < 6 || (data[0] & 15) !== 8 || ((data[0] << 8) | data[1]) % 31 || data[1] & 32) {
    throw new ModelFileError("it is not in zlib's frame");
  }
  const found = inflate(data.subarray(2, -4), most);
  let [a, b] = [1, 0];
  for (const byte of found) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  if (viewOf(data).getUint32(data.length - 4) !== b * 65536 + a) throw new ModelFileError("its checksum differs");
  return found;
}
