// Words of a range coder -> integers, the same as constriction's on every machine.
//
// Its state has 64 bits. A double holds 53, so that each is kept as two halves of 32 bits, and every product here is of
// so few bits that a double holds it exactly.

import { ModelFileError, viewOf } from "./bytes.js";

const WORD = 2 ** 32;
const TOTAL = 2 ** 24;
const HALF = 2 ** 20;
const DECAY = [0.01831563888873418, 0.03461093310925451, 0.059105746561956225, 0.09269745786759025];

/**
 * Return the expected frequencies of -reach .. reach around a centre, as whole numbers of at least one.
 *
 * Only multiplications and square roots, which every IEEE machine rounds alike; see FORMAT.md.
 * @param {number} table 0 .. 63
 * @param {number} fraction sixteenths of the centre, 0 .. 15
 * @param {number} reach 0 .. 4095
 */
export function counts(table, fraction, reach) {
  let decay = DECAY[table % 4];
  for (let i = 0; i < table >> 2; i++) decay = Math.sqrt(decay);
  const root = Math.sqrt(Math.sqrt(decay));
  const parts = [1, root, root * root, root * root * root];
  const quarters = new Float64Array(4 * reach + 8);
  for (let i = 0, power = decay; i < quarters.length; i++, power *= decay) quarters[i] = power / decay;
  const below = (n) => {
    const edge = 16 * n - 8 - fraction;
    const far = Math.abs(edge);
    const tail = 0.5 * (quarters[far >> 2] * parts[far & 3]);
    return edge < 0 ? tail : 1 - tail;
  };
  const found = new Float64Array(2 * reach + 1);
  let left = below(-reach);
  for (let i = 0; i < found.length; i++) {
    const right = below(i - reach + 1);
    found[i] = Math.floor((right - left) * 2 ** 23) + 1;
    left = right;
  }
  return found;
}

/** Return the lower edges of all intervals in 2^24ths, and 2^24: what `Categorical(counts, perfect=False)` makes. */
export function edges(table, fraction, reach) {
  const often = counts(table, fraction, reach);
  const sum = often.reduce((total, count) => total + count, 0);
  const scale = (TOTAL - often.length) / sum;
  const found = new Uint32Array(often.length + 1);
  let total = 0;
  for (let i = 0; i < often.length; i++) {
    found[i] = Math.floor(total * scale) + i;
    total += often[i];
  }
  found[often.length] = TOTAL;
  return found;
}

/** The edges of a Laplace distribution, made when they are first asked for. */
export class Tables {
  #known = new Map();

  edges(table, fraction, reach) {
    const key = (table * 16 + fraction) * 4096 + reach;
    let found = this.#known.get(key);
    if (!found) {
      if (this.#known.size > 4096) this.#known.clear();
      found = edges(table, fraction, reach);
      this.#known.set(key, found);
    }
    return found;
  }
}

/** Gives back the integers that an encoder wrote, when asked the same questions in the same order. */
export class RangeDecoder {
  /** @param {Uint8Array} data little-endian words of 32 bits */
  constructor(data) {
    if (data.length % 4) {
      throw new ModelFileError("a grade's coded integers are no whole number of words; the file is damaged.");
    }
    this.view = viewOf(data);
    this.length = data.length;
    this.position = 0;
    // `point` is how far the words lie above the lower end of the interval; `range` is the width of the interval.
    this.pointHigh = this.word();
    this.pointLow = this.word();
    this.rangeHigh = this.rangeLow = WORD - 1;
  }

  word() {
    if (this.position >= this.length) return 0;
    this.position += 4;
    return this.view.getUint32(this.position - 4, true);
  }

  /** Return which 2^24th of the interval the words point at. */
  quantile() {
    const scale = this.rangeHigh * 256 + (this.rangeLow >>> 24);
    this.scaleHigh = Math.floor(scale / HALF); // 20 bits each
    this.scaleLow = scale % HALF;
    let guess = Math.floor((this.pointHigh * WORD + this.pointLow) / scale); // one off at most: the sum was rounded
    if (guess > TOTAL) guess = TOTAL;
    this.multiply(guess);
    if (this.productHigh > this.pointHigh || (this.productHigh === this.pointHigh && this.productLow > this.pointLow)) {
      guess--;
      this.multiply(guess);
    }
    const rest = (this.pointHigh - this.productHigh) * WORD + (this.pointLow - this.productLow);
    if (rest >= scale) guess++;
    if (guess >= TOTAL) throw new ModelFileError("a grade's coded integers do not decode; the file is damaged.");
    return guess;
  }

  /** Set `product` to the scale times a number of at most 25 bits. */
  multiply(factor) {
    const high = factor * this.scaleHigh; // times 2^20
    const low = factor * this.scaleLow;
    const sum = (high % 4096) * HALF + low;
    this.productHigh = Math.floor(high / 4096) + Math.floor(sum / WORD);
    this.productLow = sum % WORD;
  }

  /** Go on to the part of the interval from `left` to `right`, in 2^24ths. */
  narrow(left, right) {
    this.multiply(left);
    let low = this.pointLow - this.productLow;
    let high = this.pointHigh - this.productHigh;
    if (low < 0) {
      low += WORD;
      high--;
    }
    this.multiply(right - left);
    if (this.productHigh === 0) {
      this.rangeHigh = this.productLow;
      this.rangeLow = 0;
      this.pointHigh = low;
      this.pointLow = this.word();
    } else {
      this.rangeHigh = this.productHigh;
      this.rangeLow = this.productLow;
      this.pointHigh = high;
      this.pointLow = low;
    }
  }

  /** Return the next place between edges, from 0; it is looked for from the likely middle on. */
  next(edges) {
    const quantile = this.quantile();
    let low = 0;
    let high = edges.length - 1;
    const middle = high >> 1;
    if (edges[middle] <= quantile && quantile < edges[middle + 1]) low = middle;
    else {
      while (high - low > 1) {
        const between = (low + high) >> 1;
        if (edges[between] <= quantile) low = between;
        else high = between;
      }
    }
    this.narrow(edges[low], edges[low + 1]);
    return low;
  }

  /** Return the next integer of 0 .. 2^bits - 1, all as likely. */
  nextUniform(bits) {
    const width = 2 ** (24 - bits);
    const value = Math.floor(this.quantile() / width);
    this.narrow(value * width, (value + 1) * width);
    return value;
  }

  /** Refuse words that are left. */
  finish() {
    const untouched = this.rangeHigh === WORD - 1 && this.rangeLow === WORD - 1;
    const near = this.pointHigh < 1 || (this.pointHigh === 1 && this.pointLow < WORD - 1);
    if (this.position < this.length || !(untouched || near)) {
      throw new ModelFileError("a grade's coded integers go on after its last weight; the file is damaged.");
    }
  }
}
