// Pointers, wheel and double clicks on a canvas -> moves and zooms of its view.

const WHEEL = 0.0018; // logarithm of the zoom for a pixel of the wheel

/**
 * @param {HTMLCanvasElement} canvas
 * @param {import("./view.js").View} view
 * @param {(x: number, y: number) => void} point is told where the pointer is, in device pixels
 */
export function gestures(canvas, view, point) {
  const down = new Map();
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    down.set(event.pointerId, at(event));
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => down.delete(event.pointerId));
  canvas.addEventListener("pointermove", (event) => {
    const now = at(event);
    point(...now);
    if (!down.has(event.pointerId) || !view.facts) return;
    const before = middleOf([...down.values()]);
    down.set(event.pointerId, now);
    const after = middleOf([...down.values()]);
    if (down.size > 1 && before.apart > 0) view.zoom((view.scale * after.apart) / before.apart, ...before.middle);
    view.move(after.middle[0] - before.middle[0], after.middle[1] - before.middle[1]);
  });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    if (!view.facts) return;
    const lines = event.deltaMode ? 16 : 1;
    view.zoom(view.scale * Math.exp(-event.deltaY * lines * WHEEL * (event.ctrlKey ? 4 : 1)), ...at(event));
  }, { passive: false });
  canvas.addEventListener("dblclick", (event) => view.facts && view.zoom(view.scale * (event.shiftKey ? 0.5 : 2), ...at(event)));
}

/** Return the middle of the first two places, or the only one, and how far they lie apart. */
function middleOf([a, b = a]) {
  return { middle: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], apart: Math.hypot(a[0] - b[0], a[1] - b[1]) };
}
