// What the pages of the bench share: a trace in the real model, the moves, the clock of frames.
import { TraceDecoder } from '../../../web/src/trace/decode';
import { sliceEnd } from '../../../web/src/trace/lane';
import { advance, finish, newModel, type Model } from '../../../web/src/trace/model';
import { encodeChunk } from '../../../web/test/encode';
import { chunks } from './trace';

const CHUNK_EVENTS = 10_000;

export const slicesOf = (model: Model): number => model.lanes.reduce((sum, lane) => sum + lane.count, 0);

/** A whole run with so many slices of tasks, through the decoder. */
export function fill(decoder: TraceDecoder, model: Model, lanes: number, slices: number): void {
  const source = chunks(lanes, Math.min(CHUNK_EVENTS, slices / 10));
  while (slicesOf(model) < slices) {
    decoder.push(source.next().value);
    advance(model);
  }
  decoder.push(encodeChunk({ first: decoder.log.count, last: true }));
  finish(model, model.lastT, false);
}

export interface Slice {
  readonly lane: number;
  /** In milliseconds. */
  readonly start: number;
  readonly end: number;
  readonly state: number;
  readonly name: string;
}

/** The same slices for a peer, lane by lane. */
export function slicesFor(lanes: number, slices: number): Slice[][] {
  const decoder = new TraceDecoder();
  const model = newModel(decoder.log);
  fill(decoder, model, lanes, slices);
  return model.lanes.map((lane, id) => Array.from({ length: lane.count }, (_, i) => ({
    lane: id,
    start: lane.start[i] / 1e6,
    end: sliceEnd(lane, i, model.until) / 1e6,
    state: lane.state[i],
    name: decoder.log.objects[lane.ref[i]]?.name ?? '',
  })));
}

/** Shows a part of the run, given as shares of it. */
export type Show = (from: number, to: number) => void;

const MOVES = 96;
const CLOSEST = 1 / 1000;
const MIDDLE = 0.437;

/** Pans over a tenth of the run, then over a hundredth, zooms in a thousandfold, and out again. */
function move(k: number): readonly [number, number] {
  const part = (k % MOVES) / MOVES;
  const around = (middle: number, width: number): readonly [number, number] => {
    const from = Math.min(Math.max(0, middle - width / 2), 1 - width);
    return [from, from + width];
  };
  if (part < 0.25) return around(0.1 + part * 3, 0.1);
  if (part < 0.5) return around(0.4 + (part - 0.25) * 0.4, 0.01);
  const depth = 1 - Math.abs(part - 0.75) * 4;
  return around(MIDDLE, CLOSEST ** depth);
}

export interface Played {
  readonly intervals: number[];
  /** Frames, with the first ones, whose intervals do not count. */
  readonly frames: number;
  /** All moves were made at least once. */
  readonly whole: boolean;
}

const FIRST_FRAMES = 5;

/** Moves once a frame for so long, or longer until all moves were made; how long each frame took. */
export function play(show: Show, ms: number, most: number): Promise<Played> {
  const intervals: number[] = [];
  const start = performance.now();
  let before = start;
  let frames = -FIRST_FRAMES;
  return new Promise((resolve) => {
    requestAnimationFrame(function frame() {
      const now = performance.now();
      if (frames > 0) intervals.push(now - before);
      before = now;
      const whole = frames >= MOVES;
      if (now - start > (whole ? ms : most)) return resolve({ intervals, frames: frames + FIRST_FRAMES, whole });
      const [from, to] = move(Math.max(0, frames++));
      show(from, to);
      requestAnimationFrame(frame);
    });
  });
}

/** One page of the bench, as the browser's driver calls it. */
export interface Bench {
  load(lanes: number, slices: number): Promise<number>;
  play(ms: number, most: number): Promise<Played>;
}

declare global {
  interface Window { bench: Bench }
}
