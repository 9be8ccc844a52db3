// Output in the order it arrived, one row a line, each knowing its task and its moment.
import type { Segment } from '../api/types';
import { EVENT } from '../trace/kinds.gen';
import type { TraceLog } from '../trace/log';

export interface Line {
  readonly task: number | null;
  readonly t: number;
  readonly text: string;
}

export class ConsoleLog {
  readonly lines: Line[] = [];

  add(segments: readonly Segment[]): void {
    for (const { task, t, text } of segments) {
      const rows = text.split(/\r\n|\n|\r/);
      if (rows.length > 1 && rows[rows.length - 1] === '') rows.pop();
      for (const row of rows) this.lines.push({ task, t, text: row });
    }
  }
}

/** The task's print event nearest to the line's moment, or -1. */
export function eventOfLine(log: TraceLog, line: Line): number {
  let best = -1;
  for (let i = 0; i < log.count; i++) {
    if (log.kind[i] !== EVENT.PRINT || log.task[i] !== line.task) continue;
    if (best < 0 || Math.abs(log.t[i] - line.t) < Math.abs(log.t[best] - line.t)) best = i;
  }
  return best;
}
