// Draws tiles of a model by WebGL2, where there is a graphics card for it.

import { canShade, shaderOf } from "./glsl.js";
import { TILE } from "./tiles.js";

const NUMBERS = 1024; // texels in a row of each texture
const LATENTS = 2048;
const MOST_QUADS = 512; // of features: beyond, a shader's registers are memory, and slow
const PRECISION = 2 ** -19; // float32 tells places apart that lie so much of the picture's side away, with room to spare
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i; // browsers do not all own up when asked

const CORNERS = `#version 300 es
void main() { gl_Position = vec4(vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4. - 1., 0, 1); }`;

/** The shader of one model. */
export class Shader {
  /**
   * Return the shader of a model, or null where this browser, this card or this model is not for it.
   * @param {object} model
   * @param {boolean} always also where no card but the processor would run it, which plain JavaScript does better
   */
  static of(model, always) {
    if (typeof OffscreenCanvas === "undefined" || !canShade(model)) return null;
    const canvas = new OffscreenCanvas(TILE, TILE);
    const gl = canvas.getContext("webgl2", { failIfMajorPerformanceCaveat: !always, antialias: false, depth: false });
    if (!gl || (!always && SOFTWARE.test(cardOf(gl)))) return null;
    const { text, numbers, latents, quads } = shaderOf(model);
    const most = gl.getParameter(gl.MAX_TEXTURE_SIZE);
    if (quads > MOST_QUADS || numbers.length > 4 * NUMBERS * most || latents.length > LATENTS * most) return null;
    const program = linked(gl, text);
    return program && new Shader(model, canvas, gl, program, numbers, latents);
  }

  constructor(model, canvas, gl, program, numbers, latents) {
    Object.assign(this, { canvas, gl, side: Math.max(model.width, model.height) });
    gl.useProgram(program);
    this.places = Object.fromEntries(["corner", "pitch", "last"].map((name) => [name, gl.getUniformLocation(program, name)]));
    gl.uniform2f(gl.getUniformLocation(program, "size"), model.width, model.height);
    gl.uniform1f(gl.getUniformLocation(program, "rows"), TILE);
    gl.uniform1i(gl.getUniformLocation(program, "numbers"), 0);
    gl.uniform1i(gl.getUniformLocation(program, "latents"), 1);
    texture(gl, 0, gl.RGBA32F, gl.RGBA, numbers, NUMBERS, 4);
    texture(gl, 1, gl.R32F, gl.RED, latents, LATENTS, 1);
    gl.viewport(0, 0, TILE, TILE);
  }

  /** Return whether float32 tells the samples of a lattice apart. */
  holds({ step }) {
    return step >= this.side * PRECISION && !this.gl.isContextLost();
  }

  /** Return a bitmap of TILE x TILE samples, of which the lattice's are the upper left. */
  draw({ left, top, step }, grade) {
    const { gl, places } = this;
    gl.uniform2f(places.corner, left, top);
    gl.uniform1f(places.pitch, step);
    gl.uniform1i(places.last, grade);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    return this.canvas.transferToImageBitmap();
  }
}

function cardOf(gl) {
  const unmasked = gl.getExtension("WEBGL_debug_renderer_info")?.UNMASKED_RENDERER_WEBGL;
  return gl.getParameter(unmasked ?? gl.RENDERER);
}

function linked(gl, text) {
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, CORNERS], [gl.FRAGMENT_SHADER, text]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  return gl.getProgramParameter(program, gl.LINK_STATUS) ? program : null;
}

function texture(gl, unit, format, kind, values, width, parts) {
  const height = Math.max(1, Math.ceil(values.length / (width * parts)));
  const padded = new Float32Array(width * height * parts);
  padded.set(values);
  gl.activeTexture(gl.TEXTURE0 + unit);
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.texImage2D(gl.TEXTURE_2D, 0, format, width, height, 0, kind, gl.FLOAT, padded);
  for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, side, gl.NEAREST);
}
