// How long each wait of two runs was, counted in the same bins: 1 to 2, to 5, to 10 and so on.
import { sliceEnd } from '../trace/lane';
import { upperBound } from '../trace/log';
import type { Model } from '../trace/model';
import { waits, type State } from '../trace/states';

/** Rising lengths of all waits that took any time; one that never ended counts up to the end. */
export function waitLengths(model: Model): Float64Array {
  const lengths: number[] = [];
  for (const lane of model.lanes) {
    for (let i = 0; i < lane.count; i++) {
      const length = waits(lane.state[i] as State) ? sliceEnd(lane, i, model.until) - lane.start[i] : 0;
      if (length > 0) lengths.push(length);
    }
  }
  return Float64Array.from(lengths).sort();
}

export interface WaitFigures {
  readonly count: number;
  /** Half of them are at most this long. */
  readonly median: number;
  readonly longest: number;
  readonly total: number;
}

/** Null when nobody waited. */
export function waitFigures(lengths: Float64Array): WaitFigures | null {
  const count = lengths.length;
  if (count === 0) return null;
  return {
    count, median: lengths[(count - 1) >> 1], longest: lengths[count - 1],
    total: lengths.reduce((sum, length) => sum + length, 0),
  };
}

export interface WaitBin {
  /** Lengths from here to below `to`. */
  readonly from: number;
  readonly to: number;
  /** How many there are of each run. */
  readonly counts: readonly [number, number];
}

const EDGES = Float64Array.from({ length: 46 }, (_, i) => [1, 2, 5][i % 3] * 10 ** Math.floor(i / 3));

/** The bins from that of the shortest to that of the longest wait, empty ones between them too. */
export function waitBins(a: Float64Array, b: Float64Array): WaitBin[] {
  const bins = EDGES.length - 1;
  const counts = [a, b].map((lengths) => {
    const found = new Array<number>(bins).fill(0);
    for (const length of lengths) found[Math.min(Math.max(upperBound(EDGES, EDGES.length, length) - 1, 0), bins - 1)]++;
    return found;
  });
  const used = Array.from({ length: bins }, (_, i) => i).filter((i) => counts[0][i] + counts[1][i] > 0);
  const [first = 0, last = -1] = [used[0], used[used.length - 1]];
  return Array.from({ length: last - first + 1 }, (_, k) => k + first)
    .map((i) => ({ from: EDGES[i], to: EDGES[i + 1], counts: [counts[0][i], counts[1][i]] }));
}

export interface PairColumn {
  readonly x: number;
  readonly width: number;
  /** Of each run's column; 0 where there is nothing. */
  readonly heights: readonly [number, number];
}

const WIDEST = 72;
const GAP = 0.16;
/** What came at all is seen, however seldom. */
const LEAST = 2;

/** Columns on both sides of one axis, to one scale. */
export function layOutPair(bins: readonly WaitBin[], width: number, height: number): PairColumn[] {
  const highest = Math.max(1, ...bins.flatMap((bin) => bin.counts));
  const room = Math.min(WIDEST, width / Math.max(1, bins.length));
  const tall = (count: number): number => (count === 0 ? 0 : Math.max(LEAST, (count / highest) * height));
  return bins.map(({ counts: [one, other] }, i) => (
    { x: i * room + (room * GAP) / 2, width: room * (1 - GAP), heights: [tall(one), tall(other)] }));
}
