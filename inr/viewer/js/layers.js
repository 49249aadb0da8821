// Layers and activations on batches of points: features one after another, each with a number for every point.

/** Points that go through a network at once: few enough that their features stay in the cache. */
export const BATCH = 256;

/**
 * Add W x to sums.
 * @param {Float64Array} sums (outputs, BATCH), the first `count` of each row
 * @param {Float64Array} x (inputs, BATCH)
 * @param {Float32Array} weights (outputs, inputs), from `place` on
 */
function addProducts(sums, x, weights, place, inputs, outputs, count) {
  for (let o = 0; o < outputs; o++) {
    const row = place + o * inputs;
    const to = o * BATCH;
    let i = 0;
    for (; i + 3 < inputs; i += 4) {
      const [a, b, c, d] = [weights[row + i], weights[row + i + 1], weights[row + i + 2], weights[row + i + 3]];
      if (a === 0 && b === 0 && c === 0 && d === 0) continue;
      const from = i * BATCH;
      for (let n = 0; n < count; n++) {
        const at = from + n;
        sums[to + n] += a * x[at] + b * x[at + BATCH] + c * x[at + 2 * BATCH] + d * x[at + 3 * BATCH];
      }
    }
    for (; i < inputs; i++) {
      const a = weights[row + i];
      const from = i * BATCH;
      for (let n = 0; n < count; n++) sums[to + n] += a * x[from + n];
    }
  }
}

/** Return W x + b. */
function dense({ weights, biases, inputs, outputs, groups }, x, count) {
  const sums = new Float64Array(outputs * BATCH);
  for (let o = 0; o < outputs; o++) sums.fill(biases[o], o * BATCH, o * BATCH + count);
  for (let group = 0; group < groups; group++) {
    const [part, from] = [outputs / groups, (group * inputs) / groups];
    const to = sums.subarray(group * part * BATCH);
    const width = inputs / groups;
    addProducts(to, x.subarray(from * BATCH), weights, group * part * width, width, part, count);
  }
  return sums;
}

/** Return the layer as real weights: complex ones (width, 2 width) become (2 width, 2 width). */
function realWeights(weights, width) {
  const found = new Float32Array(4 * width * width);
  for (let o = 0; o < width; o++) {
    for (let i = 0; i < width; i++) {
      const real = weights[2 * o * width + i];
      const imaginary = weights[(2 * o + 1) * width + i];
      found[2 * o * width + i] = real;
      found[(2 * o + 1) * width + i] = -imaginary;
      found[2 * (o + width) * width + i] = imaginary;
      found[(2 * (o + width) + 1) * width + i] = real;
    }
  }
  return found;
}

/**
 * Return a grade's layers, the head last: `weights` (outputs, inputs), or (groups, outputs / groups, inputs / groups),
 * `biases`, `inputs`, `outputs`, `groups`; scales are in the weights, as is what makes complex numbers of real ones.
 */
export function layersOf(grade) {
  const { depth, width, form, activation } = grade;
  const tensors = form.slope ? grade.tensors.slice(1) : grade.tensors;
  return Array.from({ length: depth + 1 }, (_, number) => {
    let { values: weights } = tensors[2 * number];
    const { shape } = tensors[2 * number];
    const { values: biases } = tensors[2 * number + 1];
    const hidden = number > 0 && number < depth;
    const groups = hidden && form.separate ? shape[0] : 1;
    if (hidden && activation === "gabor") weights = realWeights(weights, width);
    if (number === 0 && form.scales.length) {
      const scale = (neuron) => Math.fround(form.scales[Math.floor((neuron * form.scales.length) / width)]);
      weights = weights.map((weight, i) => weight * scale(Math.floor(i / shape[1])));
    }
    const outputs = biases.length;
    return { weights, biases, inputs: (weights.length / outputs) * groups, outputs, groups };
  });
}

/** Return the normal distribution function: Abramowitz & Stegun 7.1.26, no further off than 8e-8. */
function normal(p) {
  const z = Math.abs(p) * Math.SQRT1_2;
  const t = 1 / (1 + 0.3275911 * z);
  const series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  const tail = 0.5 * series * Math.exp(-z * z);
  return p < 0 ? tail : 1 - tail;
}

const ACTIVATION = {
  relu: (p) => (p > 0 ? p : 0),
  sine: Math.sin,
  tanh: Math.tanh,
  gelu: (p) => p * normal(p),
  gauss: (p) => Math.exp(-0.5 * p * p),
  srelu: (p) => Math.max(p, 0) * Math.max(1 - p, 0),
  phi: (p) => {
    const ramp = (knot) => Math.max(p - knot, 0) ** 2;
    return ramp(0) - 3 * ramp(1) + 3 * ramp(2) - ramp(3);
  },
};

/** Replace sums by their activation. */
function activate(name, x, features, count, { gain, window, slope }) {
  const factor = gain * slope;
  if (name === "gabor") return gabor(x, features / 2, count, factor, window / gain);
  const kind = ACTIVATION[name];
  for (let feature = 0; feature < features; feature++) {
    const row = x.subarray(feature * BATCH, feature * BATCH + count);
    if (name === "relu") for (let n = 0; n < count; n++) row[n] = row[n] > 0 ? factor * row[n] : 0;
    else if (name === "finer") for (let n = 0; n < count; n++) row[n] = Math.sin((Math.abs(row[n]) + 1) * factor * row[n]);
    else for (let n = 0; n < count; n++) row[n] = kind(factor * row[n]);
  }
  return x;
}

/** exp(i p - (ratio |p|)^2) of complex numbers, real parts first. */
function gabor(x, width, count, factor, ratio) {
  for (let feature = 0; feature < width; feature++) {
    for (let n = feature * BATCH; n < feature * BATCH + count; n++) {
      const [real, imaginary] = [factor * x[n], factor * x[n + width * BATCH]];
      const size = Math.exp(-imaginary - ratio * ratio * (real * real + imaginary * imaginary));
      x[n] = size * Math.cos(real);
      x[n + width * BATCH] = size * Math.sin(real);
    }
  }
  return x;
}

/** The body and the head of a grade, ready to be applied. */
export class Layers {
  constructor(grade) {
    this.grade = grade;
    this.all = layersOf(grade);
    this.form = { ...grade.form, slope: grade.form.slope ? grade.tensors[0].values[0] : 1 };
  }

  /** Map (inputs, BATCH) to the features of the last hidden layer, (features, BATCH). */
  body(x, count) {
    const { branches } = this.form;
    if (branches === 1) return this.branch(x, count);
    const size = x.length / BATCH / branches / 2; // cosines of all bands come first, then sines
    const outs = Array.from({ length: branches }, (_, branch) => {
      const cosines = x.subarray(branch * size * BATCH, (branch + 1) * size * BATCH);
      const sines = x.subarray((branches + branch) * size * BATCH, (branches + branch + 1) * size * BATCH);
      return this.branch(joined([cosines, sines]), count);
    });
    return joined(outs);
  }

  branch(x, count) {
    const { activation, depth } = this.grade;
    for (let number = 0; number < depth; number++) {
      x = dense(this.all[number], x, count);
      if (number === 0 && activation === "gabor") x = joined([x, new Float64Array(x.length)]);
      const name = number === 0 ? this.form.first ?? activation : activation;
      x = activate(name, x, x.length / BATCH, count, this.form);
    }
    return x;
  }

  /** Map features to what the head gives, (outputs, BATCH). */
  head(features, count) {
    return dense(this.all.at(-1), features, count);
  }
}

/** Return blocks of features one after another. */
export function joined(blocks) {
  const found = new Float64Array(blocks.reduce((sum, block) => sum + block.length, 0));
  let place = 0;
  for (const block of blocks) {
    found.set(block, place);
    place += block.length;
  }
  return found;
}
