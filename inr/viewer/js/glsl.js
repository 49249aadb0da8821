// A model -> the text of a fragment shader that draws it, and the numbers that the shader reads from a texture.
//
// Features travel in blocks: arrays of vec4, each block padded to fours on its own. A layer's weights are stored as
// 4 x 4 matrices in the order in which the shader meets them. Sines are computed here: of its own, a card need not be
// closer to one than 2^-11, which a deep network of sines makes visible.

import { layersOf } from "./layers.js";

const AROUND = [[0, 0], [-1, -1], [-1, 0], [-1, 1], [0, -1], [0, 1], [1, -1], [1, 0], [1, 1]];

const HEAD = `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2D;
uniform sampler2D numbers, latents;
uniform vec2 corner, size;
uniform float pitch, rows;
uniform int last;
out vec4 colour;
vec4 number(int i) { return texelFetch(numbers, ivec2(i & 1023, i >> 10), 0); }
vec4 product(int i, vec4 x) { return number(i) * x.x + number(i + 1) * x.y + number(i + 2) * x.z + number(i + 3) * x.w; }
float latent(int i) { return texelFetch(latents, ivec2(i & 2047, i >> 11), 0).r; }
float plane(int first, ivec2 cells, vec2 at) {
  vec2 place = clamp(at, vec2(0), vec2(cells - 1));
  ivec2 low = ivec2(place);
  vec2 part = place - vec2(low);
  ivec2 high = min(low + 1, cells - 1);
  ivec2 row = first + ivec2(low.y, high.y) * cells.x;
  float upper = mix(latent(row.x + low.x), latent(row.x + high.x), part.x);
  float lower = mix(latent(row.y + low.x), latent(row.y + high.x), part.x);
  return mix(upper, lower, part.y);
}
vec4 sine(vec4 p) {
  vec4 n = round(p * 0.31830988618), x = p - n * 3.140625 - n * 0.00096765358979, q = x * x;
  vec4 s = x * (1. + q * (-1. / 6. + q * (1. / 120. + q * (-1. / 5040. + q * (1. / 362880. - q / 39916800.)))));
  return mix(s, -s, equal(fract(n * .5), vec4(.5)));
}
vec4 normal(vec4 p) {
  vec4 z = abs(p) * 0.70710678118, t = 1. / (1. + 0.3275911 * z);
  vec4 s = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  vec4 tail = .5 * s * exp(-z * z);
  return mix(1. - tail, tail, lessThan(p, vec4(0)));
}
vec4 ramp(vec4 p) { vec4 r = max(p, 0.); return r * r; }
`;

/** What an activation makes of p, or for `finer` of p and z. */
const ACTIVATION = {
  relu: "max(p, 0.)",
  sine: "sine(p)",
  tanh: "tanh(clamp(p, -15., 15.))",
  gelu: "p * normal(p)",
  gauss: "exp(-.5 * p * p)",
  finer: "sine((abs(z) + 1.) * p)",
  srelu: "max(p, 0.) * max(1. - p, 0.)",
  phi: "ramp(p) - 3. * ramp(p - 1.) + 3. * ramp(p - 2.) - ramp(p - 3.)",
};

/** Return whether a shader can draw a model: not where a grade has several branches, or shifts frequencies. */
export function canShade(model) {
  return model.grades.every(({ form }) => form.branches === 1 && !form.shifts);
}

/**
 * Write the shader of a model.
 * @returns {{text: string, numbers: Float32Array, latents: Float32Array, quads: number}} `numbers` are texels of four,
 *   `quads` is how many vec4 of features the shader holds
 */
export function shaderOf(model) {
  return new Writer(model).written();
}

const quads = (features) => Math.ceil(features / 4);
const literal = (value) => (Number.isInteger(value) ? `${value}.` : String(Math.fround(value)).replace(/^(-?\d+)e/, "$1.0e"));

class Writer {
  constructor(model) {
    this.model = model;
    this.numbers = [];
    this.count = 0; // texels written
    this.latents = [];
    this.held = 0; // latents written
    this.globals = [];
    this.body = [];
    this.quads = 0;
  }

  written() {
    let encoded = [this.encoding()];
    let features = null;
    this.model.grades.forEach((grade, number) => {
      const seen = features === null || this.model.feed === "encoding" ? encoded : [...features, ...encoded];
      const blocks = features !== null && this.model.feed === "features" ? features : seen;
      const read = grade.planes.length ? [this.read(grade, number)] : [];
      this.body.push(`if (last > ${number}) {`);
      if (read.length) this.body.push(`read${number}(at);`);
      features = this.grade(grade, number, [...blocks, ...read]);
      this.body.push("}");
      encoded = [...read, ...encoded];
    });
    const { frame, channels } = this.model;
    const place = frame === "unit" ? "(at - .5) / size" : "(2. * at - size) / max(size.x, size.y)";
    const rgb = channels < 3 ? "sum.xxx" : "sum.xyz";
    const alpha = channels % 2 ? "1." : channels === 2 ? "sum.y" : "sum.w";
    const text = `${HEAD}${this.globals.join("\n")}
void main() {
  vec2 at = corner + vec2(gl_FragCoord.x, rows - gl_FragCoord.y) * pitch;
  encode(${place});
  vec4 sum = vec4(0);
  ${this.body.join("\n  ")}
  sum = mix(vec4(0), floor(min(sum, 1.) * 255. + .5) / 255., greaterThan(sum, vec4(0)));
  colour = vec4(${rgb} * ${alpha}, ${alpha});
}`;
    return { text, numbers: this.joined(this.numbers), latents: this.joined(this.latents), quads: this.quads };
  }

  joined(parts) {
    const found = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    parts.reduce((place, part) => (found.set(part, place), place + part.length), 0);
    return found;
  }

  /** Declare a block of features and return it. */
  block(name, features) {
    this.globals.push(`vec4 ${name}[${quads(features)}];`);
    this.quads += quads(features);
    return { name, features };
  }

  /** Keep texels and return the place of the first. */
  keep(values) {
    this.numbers.push(values);
    this.count += values.length / 4;
    return this.count - values.length / 4;
  }

  encoding() {
    const { frequencies, encoding } = this.model;
    if (!frequencies) {
      const block = this.block("encoded", 2);
      this.globals.push("void encode(vec2 v) { encoded[0] = vec4(v, 0, 0); }");
      return block;
    }
    // Cosines and sines stand in one block, as in the file: feature i is a cosine where i < M.
    const block = this.block("encoded", 2 * frequencies);
    const rows = new Float32Array(12 * quads(2 * frequencies));
    for (let i = 0; i < 2 * frequencies; i++) {
      const at = 12 * (i >> 2) + (i & 3);
      rows[at] = encoding[i % frequencies];
      rows[at + 4] = encoding[frequencies + (i % frequencies)];
      rows[at + 8] = i < frequencies ? 0.25 : 0; // a cosine is a sine a quarter later
    }
    const first = this.keep(rows);
    this.globals.push(`void encode(vec2 v) {
  for (int i = 0; i < ${quads(2 * frequencies)}; i++) {
    vec4 t = v.x * number(${first} + 3 * i) + v.y * number(${first} + 3 * i + 1) + number(${first} + 3 * i + 2);
    encoded[i] = sine(6.283185307179586 * (t - round(t)));
  }
}`);
    return block;
  }

  read(grade, number) {
    const tensors = grade.tensors.slice(grade.tensors.length - grade.planes.length);
    const lines = [];
    let to = 0;
    tensors.forEach(({ shape: [channels, rows, columns], values }, i) => {
      lines.push(`p = at * vec2(${columns}, ${rows}) / size - .5;`);
      for (const [dy, dx] of grade.planes[i].around ? AROUND : AROUND.slice(0, 1)) {
        for (let channel = 0; channel < channels; channel++, to++) {
          const first = this.held + channel * rows * columns;
          lines.push(`read${number}_[${to >> 2}].${"xyzw"[to & 3]} = plane(${first}, ivec2(${columns}, ${rows}), p + vec2(${dx}, ${dy}));`);
        }
      }
      this.latents.push(values);
      this.held += values.length;
    });
    const block = this.block(`read${number}_`, to);
    this.globals.push(`void read${number}(vec2 at) {\n  vec2 p;\n  ${lines.join("\n  ")}\n}`);
    return block;
  }

  /** Write the layers of a grade and return the blocks of features that it hands on. */
  grade(grade, number, blocks) {
    const layers = layersOf(grade);
    const gabor = grade.activation === "gabor";
    let seen = blocks;
    layers.forEach((layer, depth) => {
      if (depth === grade.depth) return this.head(grade, layer, seen);
      const outs = gabor && depth > 0 ? [grade.width, grade.width] : [grade.width];
      const made = outs.map((features, part) => this.block(`h${number}_${depth}_${part}`, features));
      this.dense(layer, seen, made);
      if (gabor && depth === 0) made.push(this.block(`h${number}_0_1`, grade.width));
      this.activate(grade, depth, made);
      seen = made;
    });
    return seen;
  }

  /** Write out = W x + b, blocks to blocks. */
  dense(layer, seen, made) {
    let from = 0;
    for (const out of made) {
      const weights = this.keep(this.matrices(layer, seen, from, out.features));
      const each = seen.reduce((sum, block) => sum + quads(block.features), 0);
      this.body.push(`for (int o = 0; o < ${quads(out.features)}; o++) {`, `int w = ${weights} + o * ${4 * each + 1};`, "vec4 s = number(w++);");
      for (const { name, features } of seen) {
        this.body.push(`for (int i = 0; i < ${quads(features)}; i++, w += 4) s += product(w, ${name}[i]);`);
      }
      this.body.push(`${out.name}[o] = s;`, "}");
      from += out.features;
    }
  }

  /** Return, for each four outputs, their biases and then a matrix for each four inputs, column by column. */
  matrices({ weights, biases, stride, outputs, groups, inputs }, seen, from, count) {
    const each = seen.reduce((sum, block) => sum + quads(block.features), 0);
    const found = new Float32Array(quads(count) * (16 * each + 4));
    for (let o = 0; o < count; o++) {
      const start = (o >> 2) * (16 * each + 4) + (o & 3);
      found[start] = biases[from + o];
      const group = Math.floor(((from + o) * groups) / outputs);
      let [input, place] = [0, start + 4];
      for (const { features } of seen) {
        for (let i = 0; i < features; i++, input++) {
          const own = input - (group * inputs) / groups; // neurons of other groups are not connected
          if (own >= 0 && own < inputs / groups) found[place + 4 * i] = weights[(from + o) * stride + own];
        }
        place += 16 * quads(features);
      }
    }
    return found;
  }

  activate({ form, activation, tensors }, depth, made) {
    const factor = literal(form.gain * (form.slope ? tensors[0].values[0] : 1));
    const [{ name, features }, imaginary] = made;
    const lines = [`for (int i = 0; i < ${quads(features)}; i++) {`, `vec4 z = ${name}[i], p = ${factor} * z;`];
    if (activation === "gabor") {
      const ratio = literal((form.window / form.gain) ** 2);
      lines.push(`vec4 q = ${depth ? `${factor} * ${imaginary.name}[i]` : "vec4(0)"};`, `vec4 e = exp(-q - ${ratio} * (p * p + q * q));`);
      lines.push(`${name}[i] = e * sine(p + 1.57079632679);`, `${imaginary.name}[i] = e * sine(p);`, "}");
    } else {
      lines.push(`${name}[i] = ${ACTIVATION[depth === 0 ? form.first ?? activation : activation]};`, "}");
    }
    this.body.push(...lines);
  }

  head({ form }, layer, seen) {
    const name = `g${this.body.length}_`;
    const out = this.block(name, layer.outputs);
    this.dense(layer, seen, [out]);
    this.body.push(form.sigmoid ? `sum += 1. / (1. + exp(-${name}[0]));` : `sum += ${name}[0];`);
  }
}
