/* Pictures -> their pixels, and maps of what differs: error (dark to bright) and signed difference (blue to red). */
"use strict";

const HEAT = ["#0b0c22", "#3b1466", "#85206b", "#cc3b50", "#f1742b", "#fbb81c", "#fcfdc3"];
const SIGNED = ["#1b4f9c", "#5f95cf", "#b9d2ea", "#f4f2ee", "#f0b9a3", "#d8694e", "#9c1f24"];

/* 256 colours, [r, g, b] one after the other, through the given ones. */
function ramp(stops) {
  const colours = stops.map((stop) => [1, 3, 5].map((at) => parseInt(stop.slice(at, at + 2), 16)));
  const table = new Uint8ClampedArray(256 * 3);
  for (let i = 0; i < 256; i++) {
    const place = (i / 255) * (stops.length - 1);
    const low = Math.min(Math.floor(place), stops.length - 2);
    for (let c = 0; c < 3; c++) {
      table[3 * i + c] = colours[low][c] + (place - low) * (colours[low + 1][c] - colours[low][c]);
    }
  }
  return table;
}

const RAMPS = { heat: ramp(HEAT), signed: ramp(SIGNED) };

/* The bitmap that a browser shows of an <img>, and its own numbers, which no colour profile has changed. */
async function loadPicture(img) {
  const [head, body] = img.src.split(",");
  const bytes = Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
  const blob = new Blob([bytes], { type: head.slice(5, head.indexOf(";")) });
  const [shown, stored] = await Promise.all([
    createImageBitmap(blob),
    createImageBitmap(blob, { colorSpaceConversion: "none" }),
  ]);
  const context = newCanvas(stored.width, stored.height).getContext("2d", { willReadFrequently: true });
  context.drawImage(stored, 0, 0);
  return { shown, data: context.getImageData(0, 0, stored.width, stored.height).data, title: img.dataset.title };
}

function newCanvas(width, height) {
  return Object.assign(document.createElement("canvas"), { width, height });
}

/* A number's difference as it is seen: colours count by their alpha. */
function seenAt(data, at, channel) {
  return channel === 3 ? data[at + 3] : (data[at + channel] * data[at + 3]) / 255;
}

/* The largest difference of a pixel's numbers between two pictures, in levels of 255. */
function errorAt(a, b, at) {
  let most = 0;
  for (let c = 0; c < 4; c++) most = Math.max(most, Math.abs(seenAt(a, at, c) - seenAt(b, at, c)));
  return most;
}

/* The mean difference of a pixel's colours, b minus a. Without a: minus mid-grey. */
function changeAt(a, b, at) {
  let sum = 0;
  for (let c = 0; c < 3; c++) sum += seenAt(b, at, c) - (a ? seenAt(a, at, c) : 127.5);
  return sum / 3;
}

function map(width, height, colours, level) {
  const canvas = newCanvas(width, height);
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  for (let at = 0; at < image.data.length; at += 4) {
    const index = Math.min(Math.max(Math.round(level(at)), 0), 255);
    image.data.set(colours.subarray(3 * index, 3 * index + 3), at);
    image.data[at + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

function errorMap(width, height, a, b, factor) {
  return map(width, height, RAMPS.heat, (at) => factor * errorAt(a, b, at));
}

function changeMap(width, height, a, b, factor) {
  return map(width, height, RAMPS.signed, (at) => 127.5 + (factor / 2) * changeAt(a, b, at));
}

/* Where a picture is nearer to the source than another: blue; farther: red. */
function againstMap(width, height, source, other, own, factor) {
  return map(width, height, RAMPS.signed,
    (at) => 127.5 + (factor / 2) * (errorAt(source, own, at) - errorAt(source, other, at)));
}

/* A power of two that brings the 99th percentile of an error near the brightest colour. */
function amplification(a, b) {
  const counts = new Uint32Array(256);
  for (let at = 0; at < a.length; at += 4) counts[Math.round(errorAt(a, b, at))]++;
  let left = a.length / 400;
  let high = 255;
  while (high > 0 && (left -= counts[high]) > 0) high--;
  return high ? 2 ** Math.min(7, Math.max(0, Math.round(Math.log2(255 / high)))) : 1;
}

function paintRamps(root) {
  for (const canvas of root.querySelectorAll("canvas[data-ramp]")) {
    const context = canvas.getContext("2d");
    const colours = RAMPS[canvas.dataset.ramp];
    for (let i = 0; i < 128; i++) {
      context.fillStyle = `rgb(${colours.subarray(6 * i, 6 * i + 3).join(" ")})`;
      context.fillRect(i, 0, 1, 1);
    }
  }
}
