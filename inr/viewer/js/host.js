// Starts an engine in a worker, or in the page where workers are not to be had.

import { Engine } from "./engine.js";

const SLICE = 8; // milliseconds: half a frame

/**
 * Start an engine.
 * @param {string} source text of a function that returns an object with `work`, which serves messages in a worker
 * @param {(message: object) => void} answer takes the answers
 * @returns {(message: object) => void} takes the messages
 */
export function startEngine(source, answer) {
  const inPage = () => {
    const engine = new Engine(answer, SLICE);
    return (message) => engine.take(message);
  };
  const waiting = [];
  let send = (message) => waiting.push(message);
  const replace = () => {
    send = inPage();
    waiting.forEach((message) => send(message));
  };
  try {
    const address = URL.createObjectURL(new Blob([`(${source})().work(self);`], { type: "text/javascript" }));
    const worker = new Worker(address);
    let alive = false;
    worker.onmessage = (event) => {
      alive = true;
      waiting.length = 0;
      answer(event.data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      if (!alive) replace(); // it never started: the page's rules forbid workers
    };
    send = (message) => {
      if (!alive) waiting.push(message);
      worker.postMessage(message);
    };
  } catch {
    replace();
  }
  return (message) => send(message);
}
