// What each task spent its time with, from the lanes.
import { addSlices } from '../trace/lane';
import type { Model } from '../trace/model';
import { STATE, STATE_COUNT, type State } from '../trace/states';

export interface Share {
  readonly state: State;
  readonly time: number;
}

export interface TaskShares {
  readonly task: number;
  /** Its states by size, without those it never was in. */
  readonly shares: readonly Share[];
  readonly time: number;
}

/** Not being there is no way to spend time. */
const LEFT_OUT: ReadonlySet<number> = new Set([STATE.NONE, STATE.DONE]);

/** Of every task that was there at all; of the last state up to `model.until`. */
export function sharesChart(model: Model): TaskShares[] {
  const rows: TaskShares[] = [];
  model.lanes.forEach((lane, task) => {
    if (lane.count === 0) return;
    const times = new Float64Array(STATE_COUNT);
    addSlices(lane, 0, lane.count - 1, times);
    const last = lane.count - 1;
    times[lane.state[last]] += Math.max(0, model.until - lane.start[last]);
    const shares = [...times]
      .map((time, state): Share => ({ state: state as State, time }))
      .filter(({ state, time }) => time > 0 && !LEFT_OUT.has(state))
      .sort((a, b) => a.state - b.state);
    rows.push({ task, shares, time: shares.reduce((sum, share) => sum + share.time, 0) });
  });
  return rows;
}

/** The shares side by side in `width` columns, where the longest task fills them all. */
export function shareColumns(row: TaskShares, longest: number, width: number): Uint8Array {
  const columns = new Uint8Array(width);
  let sum = 0;
  for (const { state, time } of row.shares) {
    const from = Math.round((sum / Math.max(1, longest)) * width);
    sum += time;
    columns.fill(state, from, Math.round((sum / Math.max(1, longest)) * width));
  }
  return columns;
}
