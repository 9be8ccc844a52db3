// Whether columns have the colour of the state that took most of their time, counted over all slices.
import { SUB_ROWS, readPalette, taskTile, PERIOD } from '../../../web/src/timeline/palette';
import { ColumnCache, Raster } from '../../../web/src/timeline/raster';
import type { View } from '../../../web/src/timeline/scale';
import { sliceEnd, type Lane } from '../../../web/src/trace/lane';
import type { Model } from '../../../web/src/trace/model';

const WIDTH = 1108;
const LOOKED_AT = 48;
const PAN = 37;
const CLOSER = [1, 7, 60, 1000, 30_000];

/** Every slice against one column. */
function bruteForce(lane: Lane, until: number, a: number, b: number): number {
  const weights = new Array<number>(lane.states).fill(0);
  let known = 0;
  for (let i = 0; i < lane.count; i++) {
    const time = Math.min(b, sliceEnd(lane, i, until)) - Math.max(a, lane.start[i]);
    if (time <= 0) continue;
    weights[lane.state[i]] += time;
    known += time;
  }
  const best = weights.indexOf(Math.max(...weights));
  return best === 0 || b - a - known > weights[best] ? 0 : best;
}

/** The same lanes whole and closer, each panned once, so that kept columns are looked at too. */
function views(until: number): View[] {
  return CLOSER.flatMap((closer) => {
    const scale = until / WIDTH / closer;
    const first = Math.round((0.61 * until) / scale - WIDTH * 0.61);
    return [{ first, scale, width: WIDTH }, { first: first + PAN, scale, width: WIDTH }];
  });
}

export function exactness(model: Model): { looked: number; wrong: number } {
  const { lanes, until } = model;
  const [cache, raster, tile] = [new ColumnCache(), new Raster(), taskTile(readPalette())];
  let [looked, wrong] = [0, 0];
  for (const view of views(until)) {
    raster.paint(lanes, view, 1, (lane) => cache.columns(lane, view, until, 0), () => tile);
    const image = raster.canvas.getContext('2d')?.getImageData(0, 0, WIDTH, lanes.length * SUB_ROWS);
    if (image === undefined) throw new Error('no canvas');
    const pixels = new Uint32Array(image.data.buffer);
    lanes.forEach((lane, row) => {
      for (let k = 0; k < LOOKED_AT; k++) {
        const x = (k * 23 + row) % WIDTH;
        const at = (view.first + x) * view.scale;
        const state = bruteForce(lane, until, at, at + view.scale);
        looked++;
        if (!painted(pixels, x, row, tile, state, view.first)) wrong++;
      }
    });
  }
  return { looked, wrong };
}

function painted(pixels: Uint32Array, x: number, row: number, tile: Uint32Array, state: number, first: number): boolean {
  const phase = (((first + x) % PERIOD) + PERIOD) % PERIOD;
  for (let r = 0; r < SUB_ROWS; r++) {
    if (pixels[(row * SUB_ROWS + r) * WIDTH + x] !== tile[(state * PERIOD + phase) * SUB_ROWS + r]) return false;
  }
  return true;
}
