// The rows' bars as one small image, eight pixels a row, which the canvas then stretches. A row's
// columns are kept: when the view only moves, or the lane only goes on, just the new ones are computed.
import type { Lane } from '../trace/lane';
import { fillColumns } from './columns';
import { PERIOD, SUB_ROWS, type Tile } from './palette';
import type { View } from './scale';

interface Kept {
  readonly view: View;
  readonly version: number;
  readonly states: Uint8Array;
  /** The column with which the lane's last slice began: those before it stay as they are. */
  readonly open: number;
}

export class ColumnCache {
  private readonly kept = new WeakMap<Lane, Kept>();

  /** The states of the view's columns. `version` tells when the lane has changed. */
  columns(lane: Lane, view: View, until: number, version: number): Uint8Array {
    const old = this.kept.get(lane);
    const same = old !== undefined && old.view.scale === view.scale && old.view.width === view.width;
    const states = same ? old.states : new Uint8Array(view.width);
    if (same) shift(lane, old.view.first, view, until, states);
    if (!same || old.version !== version) goOn(lane, same ? old.open : view.first, view, until, states);
    this.kept.set(lane, { view, version, states, open: lastColumn(lane, view) });
    return states;
  }
}

function lastColumn({ start, count }: Lane, { scale, first }: View): number {
  return count === 0 ? first : Math.floor(start[count - 1] / scale);
}

/** Computes the columns from one on. */
function goOn(lane: Lane, from: number, { first, width, scale }: View, until: number, states: Uint8Array): void {
  const begin = Math.max(from, first);
  if (begin < first + width) fillColumns(lane, scale, until, begin, first + width, states, begin - first);
}

/** Moves what is still in sight to its new place and computes the rest. */
function shift(lane: Lane, was: number, view: View, until: number, states: Uint8Array): void {
  const { first, width, scale } = view;
  const by = first - was;
  if (by === 0) return;
  if (Math.abs(by) >= width) return fillColumns(lane, scale, until, first, first + width, states, 0);
  if (by > 0) {
    states.copyWithin(0, by);
    fillColumns(lane, scale, until, first + width - by, first + width, states, width - by);
  } else {
    states.copyWithin(-by, 0, width + by);
    fillColumns(lane, scale, until, first, first - by, states, 0);
  }
}

const modulo = (a: number, b: number): number => ((a % b) + b) % b;

/** Where each column is in the pattern. `grain`: columns of a pattern step. */
function phasesOf({ first, width }: View, grain: number): Uint8Array {
  const phases = new Uint8Array(width);
  for (let x = 0; x < width; x++) phases[x] = modulo(Math.floor((first + x) / grain), PERIOD);
  return phases;
}

/** Paints one row's states into its eight lines of the image, each from left to right. */
function paintRow(
  pixels: Uint32Array,
  line: number,
  states: Uint8Array,
  tile: Tile,
  phases: Uint8Array,
): void {
  const width = phases.length;
  for (let r = 0; r < SUB_ROWS; r++) {
    const begin = (line * SUB_ROWS + r) * width;
    for (let x = 0; x < width; x++) pixels[begin + x] = tile[(states[x] * PERIOD + phases[x]) * SUB_ROWS + r];
  }
}

export class Raster {
  readonly canvas = document.createElement('canvas');
  private image: ImageData | null = null;

  /** Paints the rows under each other; row i then lies at line 8 * i of the canvas. */
  paint<Row>(
    rows: readonly Row[],
    view: View,
    grain: number,
    statesOf: (row: Row) => Uint8Array,
    tileOf: (row: Row) => Tile,
  ): void {
    const context = this.canvas.getContext('2d');
    const height = rows.length * SUB_ROWS;
    if (context === null || height === 0 || view.width === 0) return;
    if (this.image === null || this.image.width !== view.width || this.image.height !== height) {
      this.canvas.width = view.width;
      this.canvas.height = height;
      this.image = context.createImageData(view.width, height);
    }
    const pixels = new Uint32Array(this.image.data.buffer);
    const phases = phasesOf(view, grain);
    rows.forEach((row, i) => paintRow(pixels, i, statesOf(row), tileOf(row), phases));
    context.putImageData(this.image, 0, 0);
  }
}
