/* A picture on a canvas that a reader walks into: zoom and pan by mouse, touch and keys, the same in all linked canvases. */
"use strict";

const LEAST_HIGH = 88; // of a canvas: a picture of one row, too, has room for its tags and its line

/* Where all linked canvases look: the middle, in pixels of the picture, and the zoom, 1 for the whole picture. */
class Camera {
  constructor(width, height) {
    this.watchers = [];
    this.resize(width, height);
  }

  resize(width, height) {
    Object.assign(this, { width, height, x: width / 2, y: height / 2, zoom: 1 });
    this.changed();
  }

  changed() {
    this.watchers.forEach((watcher) => watcher());
  }

  /* Zoom by a factor so that the point (x, y) of the picture stays where it is. */
  zoomAt(factor, x = this.x, y = this.y) {
    const zoom = Math.min(Math.max(this.zoom * factor, 1), Math.max(64, Math.max(this.width, this.height) / 4));
    const share = this.zoom / zoom;
    this.zoom = zoom;
    this.move(x + (this.x - x) * share, y + (this.y - y) * share);
  }

  move(x, y) {
    const half = 0.5 / this.zoom;
    this.x = Math.min(Math.max(x, this.width * half), this.width * (1 - half));
    this.y = Math.min(Math.max(y, this.height * half), this.height * (1 - half));
    this.changed();
  }
}

/* A canvas that shows layers through a camera. `draw(pane)` says what: it calls `pane.layer(picture, from, to)`. */
class Pane {
  constructor(canvas, camera, draw, inspect = () => {}) {
    Object.assign(this, { canvas, camera, paint: draw, inspect, pending: false, fingers: new Map() });
    camera.watchers.push(() => this.redraw());
    new ResizeObserver(() => this.redraw()).observe(canvas.parentElement);
    this.listen();
    this.redraw();
  }

  get scale() { // canvas pixels of the page per pixel of the picture
    return this.camera.zoom * Math.min(this.wide / this.camera.width, this.high / this.camera.height);
  }

  redraw() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      this.wide = this.canvas.parentElement.clientWidth;
      if (!this.wide) return;
      const high = (this.wide * this.camera.height) / this.camera.width;
      this.high = Math.max(LEAST_HIGH, Math.min(high, Math.max(240, 0.74 * innerHeight)));
      const density = devicePixelRatio || 1;
      this.canvas.style.height = `${this.high}px`;
      this.canvas.width = Math.round(this.wide * density);
      this.canvas.height = Math.round(this.high * density);
      this.canvas.style.touchAction = this.camera.zoom > 1 ? "none" : "pan-y"; // a finger scrolls the page past it
      this.context = this.canvas.getContext("2d");
      this.paint(this);
    });
  }

  /* Draw a picture in the part of the canvas from one share of its width to another. */
  layer(picture, from = 0, to = 1) {
    const { context, canvas, camera } = this;
    const scale = this.scale * (canvas.width / this.wide);
    context.save();
    context.beginPath();
    context.rect(from * canvas.width, 0, (to - from) * canvas.width, canvas.height);
    context.clip();
    context.imageSmoothingEnabled = scale < 1.5;
    context.imageSmoothingQuality = "high";
    const left = canvas.width / 2 - camera.x * scale;
    const top = canvas.height / 2 - camera.y * scale;
    context.drawImage(picture, left, top, camera.width * scale, camera.height * scale);
    context.restore();
  }

  /* The point of the picture under a pointer, fractions included. */
  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [
      this.camera.x + (event.clientX - box.left - box.width / 2) / this.scale,
      this.camera.y + (event.clientY - box.top - box.height / 2) / this.scale,
    ];
  }

  look(x, y) {
    this.inspect(Math.min(Math.max(Math.floor(x), 0), this.camera.width - 1),
      Math.min(Math.max(Math.floor(y), 0), this.camera.height - 1));
  }

  listen() {
    const { canvas, camera, fingers } = this;
    canvas.tabIndex = 0;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, event);
      this.look(...this.at(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      this.look(...this.at(event));
      const before = fingers.get(event.pointerId);
      if (before) this.drag(before, event);
    });
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, (event) => fingers.delete(event.pointerId));
    }
    canvas.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey && document.activeElement !== canvas) return; // the page scrolls
      event.preventDefault();
      camera.zoomAt(Math.exp(-event.deltaY / 300), ...this.at(event));
    }, { passive: false });
    canvas.addEventListener("dblclick", (event) => camera.zoomAt(event.shiftKey ? 0.5 : 2, ...this.at(event)));
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  drag(before, event) {
    const { camera, fingers } = this;
    fingers.set(event.pointerId, event);
    const other = [...fingers.values()].find((finger) => finger.pointerId !== event.pointerId);
    if (other) {
      const apart = (finger) => Math.hypot(finger.clientX - other.clientX, finger.clientY - other.clientY);
      if (apart(before) > 0) camera.zoomAt(apart(event) / apart(before), ...this.at(other));
    } else if (camera.zoom > 1) {
      camera.move(camera.x - (event.clientX - before.clientX) / this.scale,
        camera.y - (event.clientY - before.clientY) / this.scale);
    }
  }

  key(event) {
    const { camera } = this;
    const far = 60 / this.scale;
    const acts = {
      ArrowLeft: () => camera.move(camera.x - far, camera.y),
      ArrowRight: () => camera.move(camera.x + far, camera.y),
      ArrowUp: () => camera.move(camera.x, camera.y - far),
      ArrowDown: () => camera.move(camera.x, camera.y + far),
      "+": () => camera.zoomAt(1.5),
      "=": () => camera.zoomAt(1.5),
      "-": () => camera.zoomAt(1 / 1.5),
      0: () => camera.zoomAt(0),
      1: () => camera.zoomAt(1 / this.scale),
    };
    if (event.ctrlKey || event.metaKey || event.altKey || !acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
    this.look(camera.x, camera.y);
  }
}

/* Join buttons with data-zoom (in, out, all, one) to a pane's camera. */
function zoomButtons(root, pane) {
  const acts = { in: () => 1.5, out: () => 1 / 1.5, all: () => 0, one: () => 1 / pane.scale };
  for (const button of root.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => pane.camera.zoomAt(acts[button.dataset.zoom]()));
  }
}

/* The line between two pictures: dragged, or moved by arrow keys. Calls `moved(share)`, 0 at the left edge. */
function dividingLine(line, moved) {
  const set = (share) => {
    const held = Math.min(Math.max(share, 0), 1);
    line.style.left = `${100 * held}%`;
    line.setAttribute("aria-valuenow", String(Math.round(100 * held)));
    moved(held);
  };
  const place = (event) => {
    const box = line.parentElement.getBoundingClientRect();
    set((event.clientX - box.left) / box.width);
  };
  line.addEventListener("pointerdown", (event) => line.setPointerCapture(event.pointerId));
  line.addEventListener("pointermove", (event) => line.hasPointerCapture(event.pointerId) && place(event));
  line.addEventListener("keydown", (event) => {
    const now = Number(line.getAttribute("aria-valuenow")) / 100;
    const to = { ArrowLeft: now - 0.02, ArrowRight: now + 0.02, Home: 0, End: 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    set(to);
  });
  set(0.5);
}
