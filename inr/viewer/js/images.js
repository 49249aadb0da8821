// Makes `<img src="cat.inr">` work on anyone's page: decodes such files and puts a PNG in their place.

import { serve } from "./engine.js";
import { startEngine } from "./host.js";

const AT_ONCE = 2;

/** Serve messages, where the same text runs in a worker. */
export function work(scope) {
  serve(scope);
}

/**
 * Decode all pictures of a page whose address ends in `.inr`, and those that are added or changed later.
 * @param {Document} document
 * @param {string} source text of the function that this is part of
 */
export function replaceImages(document, source) {
  const images = new Images(source);
  const look = (node) => {
    if (node.nodeName === "IMG") images.take(node);
    else node.querySelectorAll?.("img[src]").forEach((image) => images.take(image));
  };
  new MutationObserver((changes) => {
    for (const { target, type, addedNodes } of changes) (type === "attributes" ? [target] : addedNodes).forEach(look);
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["src"] });
  look(document);
}

class Images {
  constructor(source) {
    this.source = source;
    this.waiting = [];
    this.running = 0;
    this.found = new Map(); // address of a file -> address of its PNG
  }

  take(image) {
    const address = image.src;
    if (!URL.canParse(address) || !new URL(address).pathname.endsWith(".inr")) return;
    image.dataset.inr = address;
    this.waiting.push([image, address]);
    this.next();
  }

  async next() {
    if (this.running >= AT_ONCE || !this.waiting.length) return;
    this.running++;
    const [image, address] = this.waiting.shift();
    try {
      if (!this.found.has(address)) this.found.set(address, this.png(address));
      const png = await this.found.get(address);
      if (image.src === address) image.src = png; // unless it was given another picture meanwhile
    } catch (error) {
      image.title = error.message;
      console.warn(`${address}: ${error.message}`);
    }
    this.running--;
    this.next();
  }

  /** Return the address of the PNG of a file. */
  async png(address) {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`the server answers ${answer.status}.`);
    const data = await decoded(this.source, new Uint8Array(await answer.arrayBuffer()));
    return URL.createObjectURL(new Blob([data], { type: "image/png" }));
  }
}

/** Return the bytes of a PNG of a model file. */
function decoded(source, data) {
  return new Promise((resolve, reject) => {
    const engine = startEngine(source, (answer) => {
      if (answer.kind === "failed") reject(new Error(answer.message));
      else if (answer.kind === "png") resolve(answer.data);
      else if (answer.facts.sizes.length === answer.facts.whole) engine.send({ kind: "png", id: 0 });
      if (answer.kind !== "grade") engine.stop();
    });
    engine.send({ kind: "open", data, shader: "never" });
  });
}
