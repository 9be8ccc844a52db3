// How full something is over time: items in a queue, permits of a semaphore, tasks at a barrier,
// handles on shared memory.
import { EVENT } from '../trace/kinds.gen';
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
  readonly highest: number;
}

/** Kinds whose aux is the level after the event. */
const TELLS: ReadonlySet<number> = new Set([
  EVENT.QUEUE_PUT, EVENT.QUEUE_GOT, EVENT.SEMAPHORE_ACQUIRED, EVENT.SEMAPHORE_RELEASED,
  EVENT.BARRIER_WAIT, EVENT.MEMORY_CREATED, EVENT.MEMORY_ATTACHED, EVENT.MEMORY_CLOSED,
]);

/** One strip for each object, in the order of the objects. */
export function levelChart(log: TraceLog): LevelStrip[] {
  const strips = new Map<number, Step[]>();
  for (const i of timeOrder(log)) {
    const kind = log.kind[i];
    const opened = kind === EVENT.BARRIER_PASSED || kind === EVENT.BARRIER_BROKEN;
    if (!TELLS.has(kind) && !opened) continue;
    const steps = strips.get(log.object[i]) ?? [];
    strips.set(log.object[i], steps);
    const level = opened ? 0 : log.aux[i];
    // All pass a barrier that one arrival opened: it is emptied once.
    if (opened && steps.length > 0 && steps[steps.length - 1].level === 0) continue;
    steps.push({ t: log.t[i], level, event: i });
  }
  return [...strips].sort(([a], [b]) => a - b).map(([object, steps]) => ({
    object, steps, highest: steps.reduce((most, step) => Math.max(most, step.level), 0),
  }));
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
