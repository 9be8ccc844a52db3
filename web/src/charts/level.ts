// How full something is over time.
import { EVENT } from '../trace/kinds.gen';
import { levelAfter } from '../trace/levels';
import type { TraceLog } from '../trace/log';
import { timeOrder } from '../trace/sort';

export interface Step {
  readonly t: number;
  readonly level: number;
  readonly event: number;
}

export interface LevelStrip {
  readonly object: number;
  readonly steps: readonly Step[];
  readonly lowest: number;
  readonly highest: number;
  /**
   * A queue's maxsize, a semaphore's first permits, a barrier's parties; null when it has none or
   * one so far above that the levels would be no more than a line on the ground.
   */
  readonly capacity: number | null;
}

const NEAR = 12;
const NEAR_TIMES = 4;

function stripOf(object: number, steps: readonly Step[], capacity: number): LevelStrip {
  const levels = steps.map((step) => step.level);
  const highest = levels.reduce((most, level) => Math.max(most, level), 0);
  return {
    object,
    steps,
    lowest: levels.reduce((least, level) => Math.min(least, level), Infinity),
    highest,
    capacity: capacity > 0 && capacity <= Math.max(NEAR, NEAR_TIMES * highest) ? capacity : null,
  };
}

/** One strip for each object that was used, in the order of the objects. */
export function levelChart(log: TraceLog): LevelStrip[] {
  const strips = new Map<number, Step[]>();
  const capacities = new Map<number, number>();
  for (const i of timeOrder(log)) {
    const level = levelAfter(log, i);
    if (level === null) continue;
    const object = log.object[i];
    if (log.kind[i] === EVENT.CAPACITY) capacities.set(object, log.value[i]);
    const steps = strips.get(object) ?? [];
    strips.set(object, steps);
    // All pass a barrier that one arrival opened: it is emptied once.
    if (steps.length > 0 && steps[steps.length - 1].level === level) continue;
    steps.push({ t: log.t[i], level, event: i });
  }
  const used = [...strips].filter(([object, steps]) => steps.length > 1 || !capacities.has(object));
  return used.sort(([a], [b]) => a - b)
    .map(([object, steps]) => stripOf(object, steps, capacities.get(object) ?? 0));
}

/** The step that holds at t, or null before the first. */
export function stepAt(strip: LevelStrip, t: number): Step | null {
  let found: Step | null = null;
  for (const step of strip.steps) {
    if (step.t > t) break;
    found = step;
  }
  return found;
}

/** The line of steps as a path; of the steps within one pixel the lowest and the highest stay. */
export function stepPath(
  steps: readonly Step[],
  x: (t: number) => number,
  y: (level: number) => number,
  end: number,
): string {
  let path = '';
  let i = 0;
  while (i < steps.length) {
    const column = Math.round(x(steps[i].t));
    let [low, high, last] = [steps[i].level, steps[i].level, steps[i].level];
    for (; i < steps.length && Math.round(x(steps[i].t)) === column; i++) {
      last = steps[i].level;
      [low, high] = [Math.min(low, last), Math.max(high, last)];
    }
    path += path === '' ? `M${column} ${y(low)}` : `H${column}V${y(low)}`;
    path += low === high ? '' : `V${y(high)}`;
    path += last === high ? '' : `V${y(last)}`;
  }
  return path === '' ? '' : `${path}H${Math.round(x(end))}`;
}
