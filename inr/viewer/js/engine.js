// The part that computes: messages in, a model's facts and drawn tiles out; in a worker, or in slices in the page.

import { decodeModel } from "./model_file.js";
import { Network } from "./network.js";
import { pngOf } from "./png.js";
import { drawBy, drawLattice, rgba } from "./raster.js";
import { Shader } from "./shader.js";

/**
 * Answers messages, a slice of work at a time:
 *
 * - `{kind: "open", data, shader}` decodes a file; `shader` is "auto", "always" or "never". Answers `{kind: "grade",
 *   facts}` when another grade can be drawn, and `{kind: "failed", message}` where the file is broken.
 * - `{kind: "draw", id, lattice, grades, method}` answers `{kind: "drawn", id, bitmaps}`, one for each grade.
 * - `{kind: "values", id, lattice, grades, method}` answers `{kind: "values", id, values}`: plain numbers.
 * - `{kind: "png", id}` answers `{kind: "png", id, data}`, the whole picture as a file, once all grades are there.
 */
export class Engine {
  /**
   * @param {(message: object, transfer: object[]) => void} post takes the answers
   * @param {number} slice milliseconds of work before the caller's other business gets its turn
   */
  constructor(post, slice) {
    this.post = post;
    this.slice = slice;
    this.tasks = [];
    this.decoding = null;
    this.running = false;
    this.channel = new MessageChannel();
  }

  take(message) {
    const { kind } = message;
    if (kind === "open") this.decoding = this.open(message);
    else this.tasks.push(kind === "draw" ? this.draw(message) : kind === "values" ? this.values(message) : this.png(message));
    if (!this.running) this.run();
  }

  /** Work until nothing is left; whatever is asked of the grades so far goes before decoding more of them. */
  async run() {
    this.running = true;
    for (let task; (task = this.tasks[0] ?? this.decoding); ) {
      if (await this.worked(task)) {
        if (task === this.decoding) this.decoding = null;
        else this.tasks.shift();
      }
      await this.breath();
    }
    this.running = false;
  }

  /** Let the caller's other business have its turn; timers would wait for 4 ms each time. */
  breath() {
    return new Promise((resolve) => {
      this.channel.port1.onmessage = resolve;
      this.channel.port2.postMessage(null);
    });
  }

  /** Work on a task for a slice of time; return whether it is done. A promise that it yields is waited for. */
  async worked(task) {
    const end = performance.now() + this.slice;
    try {
      for (let step = task.next(); !step.done; ) {
        if (step.value instanceof Promise) step = task.next(await step.value);
        else if (performance.now() < end) step = task.next();
        else return false;
      }
    } catch (error) {
      this.post({ kind: "failed", message: sentence(error) }, []);
    }
    return true;
  }

  *open({ data, shader }) {
    for (const model of decodeModel(data)) {
      if (model) this.opened(model, shader);
      yield;
    }
  }

  opened(model, shader) {
    this.model = model;
    this.network ??= new Network(model);
    if (model.grades.length === model.whole && shader !== "never") this.shader = Shader.of(model, shader === "always");
    this.post({ kind: "grade", facts: factsOf(model, Boolean(this.shader)) }, []);
  }

  *draw({ id, lattice, grades, method }) {
    let bitmaps;
    if (method === "network" && this.shader?.holds(lattice)) {
      bitmaps = grades.map((grade) => this.shader.draw(lattice, grade));
    } else {
      const pictures = yield* drawBy(method, this.network, lattice, grades);
      bitmaps = yield Promise.all(pictures.map((picture) => this.bitmap(picture, lattice)));
    }
    this.post({ kind: "drawn", id, bitmaps }, bitmaps);
  }

  bitmap(picture, { width, height }) {
    return createImageBitmap(new ImageData(rgba(picture, this.model.channels), width, height));
  }

  *values({ id, lattice, grades, method }) {
    const values = yield* drawBy(method, this.network, lattice, grades);
    this.post({ kind: "values", id, values }, []);
  }

  *png({ id }) {
    const { model } = this;
    const lattice = { left: 0, top: 0, step: 1, width: model.width, height: model.height };
    const [picture] = yield* drawLattice(this.network, lattice, [model.whole]);
    const data = yield pngOf(model, picture);
    this.post({ kind: "png", id, data }, [data.buffer]);
  }
}

/** Return what a reader may want to know of a model. */
function factsOf(model, shader) {
  const { width, height, channels, bitDepth, record, note, total, whole } = model;
  const sizes = model.grades.map((grade) => grade.bytes);
  return { width, height, channels, bitDepth, record, note, total, whole, sizes, shader, profile: model.profile !== null };
}

function sentence(error) {
  if (error.name === "RangeError") return "this model is too large for this browser.";
  return error.message;
}

/** Serve messages in a worker. */
export function serve(scope) {
  const engine = new Engine((message, transfer) => scope.postMessage(message, transfer), 40);
  scope.onmessage = (event) => engine.take(event.data);
}
