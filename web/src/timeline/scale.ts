// The one time scale. A view starts on a whole pixel column, so that patterns and columns stay put
// while it is moved.

export interface View {
  /** Index of the leftmost column, counted from the run's start. */
  readonly first: number;
  /** Nanoseconds of one column. */
  readonly scale: number;
  /** Columns seen. */
  readonly width: number;
}

export const MIN_SCALE = 0.5;

export const viewStart = (view: View): number => view.first * view.scale;
export const viewEnd = (view: View): number => (view.first + view.width) * view.scale;
export const toX = (view: View, t: number): number => t / view.scale - view.first;
export const toTime = (view: View, x: number): number => (view.first + x) * view.scale;

/** The view of [start, end], with a little air on both sides. */
export function fitView(start: number, end: number, width: number): View {
  const span = Math.max(end - start, MIN_SCALE * width * 0.5);
  const scale = Math.max(MIN_SCALE, (span * 1.04) / Math.max(1, width));
  return { first: Math.round((start - span * 0.02) / scale), scale, width };
}

/** Of what goes on, an end grows by so much at a time, so that all that is drawn stays where it is for a while. */
const GROWS_BY = 1.06;

/** The end to show of what has come to `end` and goes on. */
export const roomAfter = (end: number): number => GROWS_BY ** Math.ceil(Math.log(Math.max(end, 1)) / Math.log(GROWS_BY));

/** The view from the first to the second time, to the column. */
export function spanView([from, to]: readonly [number, number], width: number): View {
  const scale = Math.max(MIN_SCALE, (to - from) / Math.max(1, width));
  return { first: Math.round(from / scale), scale, width };
}

/** Scales by `factor` (under 1: closer) and keeps what is at column x in its place. */
export function zoomView(view: View, factor: number, x: number, most: number): View {
  const widest = (Math.max(most, 1000) * 1.5) / Math.max(1, view.width);
  const scale = Math.min(Math.max(view.scale * factor, MIN_SCALE), widest);
  return { ...view, first: Math.round(toTime(view, x) / scale - x), scale };
}

export function panView(view: View, columns: number): View {
  return { ...view, first: view.first + Math.round(columns) };
}

/** Keeps some of [0, most] in sight. */
export function clampView(view: View, most: number): View {
  const margin = view.width * 0.8;
  const last = most / view.scale;
  const first = Math.min(Math.max(view.first, -margin), Math.max(last - view.width + margin, -margin));
  return { ...view, first: Math.round(first) };
}

/** The same time in the middle, another width. */
export function resizeView(view: View, width: number): View {
  const scale = (view.scale * view.width) / Math.max(1, width);
  return { first: Math.round(viewStart(view) / scale), scale, width };
}

const STEPS = [1, 2, 5];

/** Round times at least `apart` columns from each other, for the ruler. */
export function ticks(view: View, apart: number): { step: number; times: number[] } {
  const least = view.scale * apart;
  let power = 10 ** Math.floor(Math.log10(least));
  let step = power;
  for (let i = 0; step < least; i++) {
    if (i === STEPS.length) {
      power *= 10;
      i = 0;
    }
    step = STEPS[i] * power;
  }
  const times: number[] = [];
  for (let k = Math.ceil(viewStart(view) / step); k * step <= viewEnd(view); k++) {
    if (k >= 0) times.push(k * step);
  }
  return { step, times };
}
