// From numbers to places: linear, or logarithmic where the numbers need it, with round ticks.
import { upperBound } from '../trace/log';

export interface Axis {
  readonly log: boolean;
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
  /** 0 at low, 1 at high. */
  at(value: number): number;
}

const STEPS = [1, 2, 5, 10];

/** The step of a ruler of `span` with about `count` marks. */
export function roundStep(span: number, count: number): number {
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * (STEPS.find((step) => step * power >= rough * 0.999) ?? 10);
}

/** From 0, or from below the lowest, to above the highest. */
export function linearAxis(values: readonly number[], count: number): Axis {
  const [least, most] = [Math.min(0, ...values), Math.max(...values)];
  const step = roundStep(most - least || 1, count);
  const [low, high] = [Math.floor(least / step) * step, Math.max(Math.ceil(most / step - 1e-9) * step, step)];
  const ticks = Array.from({ length: Math.round((high - low) / step) + 1 }, (_, i) => low + i * step);
  return { log: false, low, high, ticks, at: (value) => (value - low) / (high - low) };
}

/** Whole powers of ten around the values, which are above 0. */
export function logAxis(values: readonly number[]): Axis {
  const bottom = Math.floor(Math.log10(Math.min(...values)) + 1e-9);
  const top = Math.max(Math.ceil(Math.log10(Math.max(...values)) - 1e-9), bottom + 1);
  const ticks = Array.from({ length: top - bottom + 1 }, (_, i) => 10 ** (bottom + i));
  return {
    log: true, low: 10 ** bottom, high: 10 ** top, ticks,
    at: (value) => (Math.log10(value) - bottom) / (top - bottom),
  };
}

/** Beyond this ratio the small values would be no more than a line on the ground. */
const SPREAD = 50;

export function axisFor(values: readonly number[], count: number): Axis {
  const least = Math.min(...values);
  return least > 0 && Math.max(...values) / least > SPREAD ? logAxis(values) : linearAxis(values, count);
}

/** Positions of x: as far apart as they are, or evenly where each is a multiple of the one before. */
export function placesOf(values: readonly number[]): (value: number) => number {
  const [first, last] = [values[0], values[values.length - 1]];
  const even = values.length < 3 || (values[values.length - 1] - values[values.length - 2])
    > 2 * (values[1] - values[0]);
  if (!even) return (value) => (value - first) / (last - first);
  const known = Float64Array.from(values);
  return (value) => (values.length < 2 ? 0.5 : (upperBound(known, known.length, value) - 1) / (values.length - 1));
}
