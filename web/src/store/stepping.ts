// Stepping through a controlled run: every position is a run of its own, a replay that stops there.
import type { Enabled, Run, RunSchedule } from '../api/types';
import type { TraceLog } from '../trace/log';
import { timeOrder } from '../trace/sort';

/** The whole run one steps through. */
export interface Line {
  readonly run: Run;
  readonly token: string;
  /** Its operations. */
  readonly steps: number;
}

/** The line a run is, or null when it cannot be stepped through. */
export function lineOf(run: Run | null): Line | null {
  const token = run?.schedule.token ?? null;
  const steps = run?.schedule.steps ?? null;
  return run === null || token === null || steps === null ? null : { run, token, steps };
}

/** "This token, but stop after `step` operations". */
export const prefixOf = (token: string, step: number): string => `${token.replace(/~\d+$/, '')}~${step}`;

export const positionOf = (schedule: RunSchedule): number => schedule.steps ?? 0;

/** What comes next if nobody decides: the task that just ran goes on if it can, or else the first. */
export function defaultChoice(enabled: readonly Enabled[], last: number | null): Enabled | null {
  return enabled.find((choice) => choice.taskId === last) ?? enabled[0] ?? null;
}

/** The last event in the order of time, or -1. */
export function lastEvent(log: TraceLog): number {
  const order = timeOrder(log);
  return order.length === 0 ? -1 : order[order.length - 1];
}

/** The place of an event in the order of time. */
export const rankOf = (log: TraceLog, event: number): number => timeOrder(log).indexOf(event);

/**
 * The operation that recorded the event of rank `rank`: the smallest k such that a replay that stops
 * after k operations has more events than `rank`. `eventsAfter` asks for one; it rises with k, and
 * is `events` after all `steps`. Guesses by proportion first, then halves.
 */
export async function stepOfEvent(
  rank: number,
  steps: number,
  events: number,
  eventsAfter: (step: number) => Promise<number>,
): Promise<number> {
  let [low, lowEvents] = [-1, 0];
  let [high, highEvents] = [steps, events];
  for (let tries = 0; high - low > 1; tries++) {
    const share = (rank + 1 - lowEvents) / Math.max(1, highEvents - lowEvents);
    const guess = tries % 2 === 0 ? Math.round(low + share * (high - low)) : Math.floor((low + high) / 2);
    const step = Math.min(Math.max(guess, low + 1), high - 1);
    const found = await eventsAfter(step);
    if (found > rank) [high, highEvents] = [step, found];
    else [low, lowEvents] = [step, found];
  }
  return high;
}
