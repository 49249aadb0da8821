// Layers and activations on batches of points: features one after another, each with a number for every point.

/** Points that go through a network at once: few enough that their features stay in the cache. */
export const BATCH = 256;

/** Return room for features at all points of a batch; three more than asked for, so that products may go by fours. */
export function room(features) {
  return new Float64Array((features + 3) * BATCH);
}

/** Write W x + b to the layer's own room and return it: (outputs, BATCH), the first `count` of each row. */
function dense({ weights, biases, stride, outputs, groups, inputs, out }, x, count) {
  const shared = outputs / groups;
  for (let o = 0; o < outputs; o++) {
    const to = o * BATCH;
    const first = Math.floor(o / shared) * (inputs / groups) * BATCH; // of the features that the neuron's group sees
    out.fill(biases[o], to, to + count);
    for (let i = 0; i < stride; i += 4) {
      const w = o * stride + i;
      addFour(out, to, weights[w], weights[w + 1], weights[w + 2], weights[w + 3], x, first + i * BATCH, count);
    }
  }
  return out;
}

function addFour(out, to, a, b, c, d, x, from, count) {
  for (let n = 0; n < count; n++) {
    const at = from + n;
    out[to + n] += a * x[at] + b * x[at + BATCH] + c * x[at + 2 * BATCH] + d * x[at + 3 * BATCH];
  }
}

/** Return rows of weights with zeros behind, so that each has a multiple of four. */
function padded(weights, inputs, stride) {
  const rows = weights.length / inputs;
  const found = new Float32Array(rows * stride);
  for (let row = 0; row < rows; row++) found.set(weights.subarray(row * inputs, (row + 1) * inputs), row * stride);
  return found;
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
 * Return a grade's layers, the head last: `weights` (outputs, stride), `biases`, `inputs`, `outputs`, and `groups` of
 * neurons that do not see each other; `stride` is the inputs that a neuron sees, rounded up to fours. Scales are in the
 * weights, and complex weights are real ones already.
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
    const seen = weights.length / outputs;
    const stride = 4 * Math.ceil(seen / 4);
    const inputs = seen * groups;
    return { weights: padded(weights, seen, stride), biases, stride, inputs, outputs, groups, out: room(outputs) };
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
  if (name === "gabor") {
    gabor(x, features / 2, count, factor, window / gain);
    return;
  }
  const kind = ACTIVATION[name];
  for (let feature = 0; feature < features; feature++) {
    const row = x.subarray(feature * BATCH, feature * BATCH + count);
    if (name === "relu") for (let n = 0; n < count; n++) row[n] = row[n] > 0 ? factor * row[n] : 0;
    else if (name === "finer") for (let n = 0; n < count; n++) row[n] = Math.sin((Math.abs(row[n]) + 1) * factor * row[n]);
    else for (let n = 0; n < count; n++) row[n] = kind(factor * row[n]);
  }
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
}

/** The body and the head of a grade, ready to be applied. What they return stands in rooms of their own. */
export class Layers {
  constructor(grade) {
    const { form, activation, tensors } = grade;
    this.activation = activation;
    this.all = layersOf(grade);
    this.form = { ...form, slope: form.slope ? tensors[0].values[0] : 1 };
    this.parts = room(2 * this.all[0].inputs);
    this.features = room(form.branches * this.all.at(-1).inputs);
  }

  /** Map (inputs, BATCH) to the features of the last hidden layer, (features, BATCH). */
  body(x, count) {
    const { branches } = this.form;
    if (branches === 1) return this.branch(x, count);
    const half = (this.all[0].inputs / 2) * BATCH; // cosines of all bands come first, then sines
    for (let branch = 0; branch < branches; branch++) {
      this.parts.set(x.subarray(branch * half, (branch + 1) * half));
      this.parts.set(x.subarray((branches + branch) * half, (branches + branch + 1) * half), half);
      const out = this.branch(this.parts, count);
      const size = this.all.at(-2).outputs * BATCH;
      this.features.set(out.subarray(0, size), branch * size);
    }
    return this.features;
  }

  branch(x, count) {
    const hidden = this.all.slice(0, -1);
    for (const [number, layer] of hidden.entries()) {
      x = dense(layer, x, count);
      let features = layer.outputs;
      if (number === 0 && this.activation === "gabor") {
        x = this.complex(x, features * BATCH);
        features *= 2;
      }
      activate(number === 0 ? this.form.first ?? this.activation : this.activation, x, features, count, this.form);
    }
    return x;
  }

  /** Return real numbers as complex ones: the first layer's sums are real. */
  complex(x, size) {
    this.features.fill(0);
    this.features.set(x.subarray(0, size));
    return this.features;
  }

  /** Map features to what the head gives, (outputs, BATCH). */
  head(features, count) {
    return dense(this.all.at(-1), features, count);
  }
}
