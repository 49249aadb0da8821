// Starts an engine in a worker, or in the page where workers are not to be had.

import { Engine } from "./engine.js";

const SLICE = 8; // milliseconds: half a frame

/**
 * Start an engine.
 * @param {string} source text of a function that returns an object with `work`, which serves messages in a worker
 * @param {(message: object) => void} answer takes the answers
 * @returns {{send: (message: object) => void, stop: () => void}} takes the messages, and lets the worker go
 */
export function startEngine(source, answer) {
  const inPage = () => {
    const engine = new Engine(answer, SLICE);
    return (message) => engine.take(message);
  };
  const waiting = [];
  let send = (message) => waiting.push(message);
  let stop = () => {};
  const replace = () => {
    send = inPage();
    waiting.forEach((message) => send(message));
  };
  try {
    const address = URL.createObjectURL(new Blob([`(${source})().work(self);`], { type: "text/javascript" }));
    const worker = new Worker(address);
    stop = () => worker.terminate();
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
  return { send: (message) => send(message), stop: () => stop() };
}
