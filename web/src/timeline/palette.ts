// The colours of style.css, as the canvas needs them. Masks say which of a bar's eight sub-rows a
// state fills, so that states differ by shape too.
import { OWNER_COLOURS, OWNER_UNRECORDED } from '../trace/model';
import { STATE, STATE_COUNT } from '../trace/states';

export interface Palette {
  readonly states: readonly string[];
  readonly tasks: readonly string[];
  readonly text: string;
  readonly muted: string;
  readonly line: string;
  readonly surface: string;
  readonly sunken: string;
  readonly level: string;
  readonly accent: string;
  readonly item: string;
  readonly control: string;
  readonly error: string;
}

export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  return paletteOf((name) => style.getPropertyValue(name).trim());
}

/** The palette from the variables of colours.css. */
export function paletteOf(colour: (name: string) => string): Palette {
  const names = ['surface', 'running', 'ready', 'waiting', 'holding', 'io', 'done', 'error', 'asleep',
    'unrecorded', 'waiting', 'io', 'asleep', 'ready'];
  return {
    states: names.map((name) => colour(name === 'surface' ? '--surface' : `--task-${name}`)),
    tasks: Array.from({ length: OWNER_COLOURS }, (_, i) => colour(`--lane-${i}`)),
    text: colour('--text'),
    muted: colour('--muted'),
    line: colour('--line'),
    surface: colour('--surface'),
    sunken: colour('--sunken'),
    level: colour('--level'),
    accent: colour('--accent'),
    item: colour('--item'),
    control: colour('--control'),
    error: colour('--task-error'),
  };
}

/** "#rrggbb" as the image's 32 bits, opaque. */
export function pixel(colour: string): number {
  const rgb = Number.parseInt(colour.slice(1), 16);
  return (0xff000000 | ((rgb & 0xff) << 16) | (rgb & 0xff00) | (rgb >> 16)) >>> 0;
}

export const SUB_ROWS = 8;
/** Columns after which a pattern repeats. */
export const PERIOD = 8;

type Shape = (column: number, row: number) => boolean;

const full: Shape = () => true;
const unrecorded: Shape = (c, r) => (c + 2 * r) % 8 === 0;
const hatch: Shape = (c, r) => (c + 2 * r) % 8 < 4;
const dashes: Shape = (c) => c % 8 < 5;
const lower: Shape = (_, r) => r >= 4;
const dots: Shape = (c, r) => (r === 5 || r === 6) && c % 4 < 2;
/** The state above, what is held below. */
const above = (shape: Shape): Shape => (c, r) => r < 6 && shape(c, r);

const SHAPES: readonly Shape[] = (() => {
  const shapes = new Array<Shape>(STATE_COUNT).fill(() => false);
  shapes[STATE.RUNNING] = full;
  shapes[STATE.READY] = lower;
  shapes[STATE.WAITING] = hatch;
  shapes[STATE.HOLDING] = above(full);
  shapes[STATE.IO] = dashes;
  shapes[STATE.DONE] = (_, r) => r === 4;
  shapes[STATE.ERROR] = full;
  shapes[STATE.ASLEEP] = dots;
  shapes[STATE.UNRECORDED] = unrecorded;
  shapes[STATE.WAITING_HOLDING] = above(hatch);
  shapes[STATE.IO_HOLDING] = above(dashes);
  shapes[STATE.ASLEEP_HOLDING] = above(dots);
  shapes[STATE.READY_HOLDING] = above(lower);
  return shapes;
})();

/** For each state and column of the pattern, its eight pixels; 0 is nothing. */
export type Tile = Uint32Array;

function tile(states: number, at: (state: number, column: number, row: number) => number): Tile {
  const pixels = new Uint32Array(states * PERIOD * SUB_ROWS);
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] = at(Math.floor(i / (PERIOD * SUB_ROWS)), Math.floor(i / SUB_ROWS) % PERIOD, i % SUB_ROWS);
  }
  return pixels;
}

const HOLDERS = new Set<number>([
  STATE.HOLDING, STATE.WAITING_HOLDING, STATE.IO_HOLDING, STATE.ASLEEP_HOLDING,
  STATE.READY_HOLDING,
]);

export function taskTile(palette: Palette): Tile {
  const colours = palette.states.map(pixel);
  const strip = pixel(palette.states[STATE.HOLDING]);
  return tile(STATE_COUNT, (s, c, r) => {
    if (HOLDERS.has(s) && r === SUB_ROWS - 1) return strip;
    return SHAPES[s](c, r) ? colours[s] : 0;
  });
}

export function ownerTile(palette: Palette): Tile {
  const colours = palette.tasks.map(pixel);
  const missing = pixel(palette.states[STATE.UNRECORDED]);
  return tile(OWNER_UNRECORDED + 1, (s, c, r) => {
    if (s === OWNER_UNRECORDED) return unrecorded(c, r) ? missing : 0;
    return s > 0 && r >= 2 && r < 6 ? colours[s - 1] : 0;
  });
}
