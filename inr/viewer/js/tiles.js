// Which tiles of a picture a view needs, and those drawn already: coarse ones first, the middle before the edge.

/** Side of a tile in samples. */
export const TILE = 128;
const COARSE = 8; // a coarse sample stands for so many device pixels along each side
const KEPT = 6; // so many views of tiles are kept

/**
 * The tiles drawn so far, by level: one grade, one method, one scale. A sample in column i of a level lies at
 * (i + 1/2) / scale source pixels, so that a tile drawn at the scale of the view fits its device pixels exactly.
 */
export class Tiles {
  constructor() {
    this.levels = new Map();
    this.clock = 0;
    this.count = 0;
    this.most = 1000;
  }

  /** Keep a few times as many tiles as a view of this size shows. */
  room(width, height) {
    this.most = Math.max(1000, KEPT * (width / TILE + 2) * (height / TILE + 2));
  }

  level(grade, method, scale) {
    const key = `${grade} ${method} ${scale}`;
    let level = this.levels.get(key);
    if (!level) this.levels.set(key, (level = { grade, method, scale, tiles: new Map(), used: 0 }));
    level.used = ++this.clock;
    return level;
  }

  has(grade, method, { scale, key }) {
    return this.levels.get(`${grade} ${method} ${scale}`)?.tiles.has(key) ?? false;
  }

  add(grade, method, place, bitmap) {
    this.level(grade, method, place.scale).tiles.set(place.key, { ...place, bitmap });
    for (this.count++; this.count > this.most; ) this.forget();
  }

  /** Let the level go that was not looked at for the longest time. */
  forget() {
    const [key, level] = [...this.levels].reduce((a, b) => (a[1].used < b[1].used ? a : b));
    for (const { bitmap } of level.tiles.values()) bitmap.close();
    this.count -= level.tiles.size;
    this.levels.delete(key);
  }

  /** Forget all tiles of grades that are to be drawn again, or all of them. */
  clear() {
    while (this.levels.size) this.forget();
  }

  /** Return the levels of a grade that a view needs, the best for its scale last: what is before a whole one is hidden. */
  best(grade, method, view, picture) {
    const { scale } = view;
    const far = (level) => Math.abs(Math.log2(level.scale / scale) + 0.01); // of two as far, the finer is better
    const found = [...this.levels.values()].filter((level) => level.grade === grade && level.method === method);
    for (const level of found.filter(({ scale: at }) => at === scale)) level.used = ++this.clock;
    found.sort((a, b) => far(b) - far(a));
    const whole = (level) => level.scale <= 2 * scale // one much finer would have too many tiles to look for
      && placesIn(view, picture, level.scale).every(({ key }) => level.tiles.has(key));
    return found.slice(Math.max(0, found.findLastIndex(whole)));
  }
}

/** Return the places of the tiles that a view shows at a scale, those nearest to its middle first. */
export function placesIn(view, picture, scale) {
  const ratio = scale / view.scale;
  const [across, down] = [picture.width, picture.height].map((side) => Math.ceil(side * scale)); // the last may lie a little outside
  const range = (offset, size, samples) => {
    const first = Math.max(0, Math.floor((-offset * ratio) / TILE));
    const last = Math.min(Math.ceil(samples / TILE), Math.ceil(((size - offset) * ratio) / TILE));
    return [first, last];
  };
  const [left, right] = range(view.x, view.width, across);
  const [top, bottom] = range(view.y, view.height, down);
  const middle = [(view.width / 2 - view.x) * ratio, (view.height / 2 - view.y) * ratio];
  const places = [];
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const [x, y] = [column * TILE, row * TILE];
      const [width, height] = [Math.min(TILE, across - x), Math.min(TILE, down - y)];
      const far = Math.hypot(x + width / 2 - middle[0], y + height / 2 - middle[1]);
      places.push({ key: `${column} ${row}`, scale, x, y, width, height, far });
    }
  }
  return places.sort((a, b) => a.far - b.far);
}

/** Return the scale at which a view is drawn first. */
export function coarseScale(scale) {
  return scale / COARSE;
}

/** Return the lattice of samples of a tile. */
export function latticeOf({ scale, x, y, width, height }) {
  return { left: x / scale, top: y / scale, step: 1 / scale, width, height };
}
