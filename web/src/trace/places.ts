// Where in the program the tasks are at a moment: each at the line of the last thing it did.
import { EVENT } from './kinds.gen';
import type { TraceLog } from './log';

export interface At {
  readonly t: number;
  /** The last event that counts among those of this time; -1: all do. */
  readonly event: number;
}

/** By task: the line it is at, or 0 before it did anything, after its end and where no line is known. */
export function linesAt(log: TraceLog, { t, event }: At): Uint16Array {
  const lines = new Uint16Array(log.tasks.length);
  const most = event < 0 ? log.count : event;
  for (let i = 0; i < log.count; i++) {
    if (log.t[i] > t || (log.t[i] === t && i > most)) continue;
    lines[log.task[i]] = log.kind[i] === EVENT.TASK_ENDED ? 0 : log.line[i];
  }
  return lines;
}
