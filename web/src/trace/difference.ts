// Two runs of one program, event by event: where they part.
import type { TraceLog } from './log';
import { timeOrder } from './sort';

export interface Difference {
  /** How many events at the beginning are the same in both. */
  readonly same: number;
  /** The first that differs in each, or -1 where there is none any more. */
  readonly events: readonly [number, number];
}

/** What an event is, whatever it is called inside and whenever it was. */
function nameOf(log: TraceLog, i: number): string {
  return `${log.tasks[log.task[i]]?.name ?? ''}\n${log.kind[i]}\n${log.objects[log.object[i]]?.name ?? ''}\n${log.value[i]}`;
}

/** Null: the same events in the same order. */
export function firstDifference(a: TraceLog, b: TraceLog): Difference | null {
  const [first, second] = [timeOrder(a), timeOrder(b)];
  const most = Math.max(first.length, second.length);
  for (let k = 0; k < most; k++) {
    const events = [first[k] ?? -1, second[k] ?? -1] as const;
    if (events[0] >= 0 && events[1] >= 0 && nameOf(a, events[0]) === nameOf(b, events[1])) continue;
    return { same: k, events };
  }
  return null;
}
