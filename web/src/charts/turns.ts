// Who handed control or a message to whom, with which value, as a list.
import { EVENT } from '../trace/kinds.gen';
import type { TraceLog } from '../trace/log';
import { timeOrder } from '../trace/sort';

export type TurnKind = 'send' | 'yield' | 'close' | 'refused' | 'end' | 'message' | 'eof';

export interface Turn {
  readonly kind: TurnKind;
  readonly from: number;
  readonly to: number;
  /** For refused: 1 not started, 2 finished. */
  readonly value: number;
  readonly event: number;
}

function turnOf(log: TraceLog, i: number, coroutine: number | undefined): Turn | null {
  const [task, value] = [log.task[i], log.value[i]];
  const turn = (kind: TurnKind, from: number, to: number): Turn => ({ kind, from, to, value, event: i });
  switch (log.kind[i]) {
    case EVENT.COROUTINE_RESUMED: {
      const cause = log.cause[i];
      if (cause >= 0 && log.kind[cause] === EVENT.COROUTINE_CLOSED) return null;
      return turn('send', cause >= 0 ? log.task[cause] : 0, task);
    }
    case EVENT.COROUTINE_GOT: {
      const cause = log.cause[i];
      if (cause < 0) return null;
      const ended = log.kind[cause] === EVENT.TASK_ENDED;
      return turn(ended ? 'end' : 'yield', log.task[cause], task);
    }
    case EVENT.PIPE_RECEIVED:
    case EVENT.QUEUE_GOT: {
      const cause = log.cause[i];
      return cause < 0 ? null : turn('message', log.task[cause], task);
    }
    case EVENT.PIPE_EOF: return turn('eof', task, task);
    case EVENT.COROUTINE_CLOSED: return turn('close', task, coroutine ?? task);
    case EVENT.COROUTINE_REFUSED: return turn('refused', task, coroutine ?? task);
    default: return null;
  }
}

/** More could not be told apart side by side on a phone. */
const SIDE_BY_SIDE = 5;

/**
 * Who stands where, as parts of the width, in the order in which they come in; null when they are
 * too many to stand side by side.
 */
export function standsOf(turns: readonly Turn[]): Map<number, number> | null {
  const parties = [...new Set(turns.flatMap(({ from, to }) => [from, to]))];
  if (parties.length > SIDE_BY_SIDE) return null;
  return new Map(parties.map((task, i) => [task, i / Math.max(1, parties.length - 1)]));
}

export interface Place {
  readonly left: number;
  readonly width: number;
  readonly align: 'start' | 'center' | 'end';
}

/** Where a label stands: over its arrow, or at the one task it is about. */
export function labelPlace(from: number, to: number): Place {
  if (from !== to) return { left: Math.min(from, to), width: Math.abs(to - from), align: 'center' };
  const left = Math.min(Math.max(from - 0.25, 0), 0.5);
  return { left, width: 0.5, align: from === 0 ? 'start' : from === 1 ? 'end' : 'center' };
}

export function turnsChart(log: TraceLog): Turn[] {
  const coroutines = new Map<number, number>();
  for (let i = 0; i < log.count; i++) {
    if (log.kind[i] === EVENT.COROUTINE_RESUMED) coroutines.set(log.object[i], log.task[i]);
  }
  const turns: Turn[] = [];
  for (const i of timeOrder(log)) {
    const turn = turnOf(log, i, coroutines.get(log.object[i]));
    if (turn !== null) turns.push(turn);
  }
  return turns;
}
