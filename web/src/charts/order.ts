// The order of items at each stage of their way, and how many pairs overtook each other.
import { EVENT } from '../trace/kinds.gen';
import type { TraceLog } from '../trace/log';

export const STAGES = ['submitted', 'started', 'finished', 'delivered'] as const;
export type Stage = (typeof STAGES)[number];

const KIND: Readonly<Record<Stage, number>> = {
  submitted: EVENT.ITEM_SUBMITTED,
  started: EVENT.ITEM_STARTED,
  finished: EVENT.ITEM_FINISHED,
  delivered: EVENT.ITEM_DELIVERED,
};

export interface StageOrder {
  readonly stage: Stage;
  /** The items in the order in which they came to the stage. */
  readonly items: readonly number[];
  /** Pairs that are the other way round than by index. */
  readonly inversions: number;
}

export interface OrderChart {
  /** Stages that occur, at least one item each. */
  readonly stages: readonly StageOrder[];
  readonly items: readonly number[];
  readonly failed: ReadonlySet<number>;
}

/** Pairs of a list that are in falling order, by merging. */
export function countInversions(list: readonly number[]): number {
  if (list.length < 2) return 0;
  const middle = list.length >> 1;
  const [left, right] = [list.slice(0, middle), list.slice(middle)];
  let count = countInversions(left) + countInversions(right);
  left.sort((a, b) => a - b);
  right.sort((a, b) => a - b);
  for (let i = 0, j = 0; i < left.length; i++) {
    while (j < right.length && right[j] < left[i]) j++;
    count += j;
  }
  return count;
}

/** Pairs that are in the opposite order in both lists. */
export function crossings(from: readonly number[], to: readonly number[]): number {
  const rank = new Map(from.map((item, i) => [item, i]));
  const ranks = to.map((item) => rank.get(item)).filter((r): r is number => r !== undefined);
  return countInversions(ranks);
}

/** When each item first came to a stage, by index. */
function arrivals(log: TraceLog, stage: Stage): Map<number, number> {
  const first = new Map<number, number>();
  for (let i = 0; i < log.count; i++) {
    const failed = stage === 'finished' && log.kind[i] === EVENT.ITEM_FAILED;
    if (log.kind[i] !== KIND[stage] && !failed) continue;
    const item = log.value[i];
    const known = first.get(item);
    if (known === undefined || log.t[i] < known) first.set(item, log.t[i]);
  }
  return first;
}

function stageOrder(log: TraceLog, stage: Stage): StageOrder {
  const came = [...arrivals(log, stage)].sort((a, b) => a[1] - b[1] || a[0] - b[0]);
  const items = came.map(([item]) => item);
  return { stage, items, inversions: countInversions(items) };
}

export function orderChart(log: TraceLog): OrderChart {
  const stages = STAGES.map((stage) => stageOrder(log, stage)).filter((s) => s.items.length > 0);
  const failed = new Set<number>();
  for (let i = 0; i < log.count; i++) if (log.kind[i] === EVENT.ITEM_FAILED) failed.add(log.value[i]);
  const items = [...new Set(stages.flatMap((s) => s.items))].sort((a, b) => a - b);
  return { stages, items, failed };
}
