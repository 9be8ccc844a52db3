// Where each row lies. Heights are in CSS pixels.
import { newLane, type Lane } from '../trace/lane';
import type { Model } from '../trace/model';

export const BAR = 16;
const PADDING = 6;
export const ITEM = 15;
const ITEM_GAP = 2;

export interface Row {
  readonly kind: 'task' | 'lock';
  readonly id: number;
  readonly lane: Lane;
  readonly y: number;
  readonly height: number;
  /** Top of the state bar. */
  readonly barY: number;
  /** Top of the item bars, if the task has any. */
  readonly itemY: number | null;
}

export interface Layout {
  readonly rows: readonly Row[];
  readonly height: number;
}

const EMPTY = newLane(1);

export function layOut(model: Model): Layout {
  const rows: Row[] = [];
  let y = 0;
  const add = (kind: Row['kind'], id: number, lane: Lane, items: boolean): void => {
    const above = items ? ITEM + ITEM_GAP : 0;
    const height = BAR + 2 * PADDING + above;
    rows.push({
      kind, id, lane, y, height, barY: y + PADDING + above, itemY: items ? y + PADDING : null,
    });
    y += height;
  };
  model.lanes.forEach((lane, id) => add('task', id, lane, model.items[id].length > 0));
  [...model.owners.keys()].sort((a, b) => a - b)
    .forEach((id) => add('lock', id, model.owners.get(id) ?? EMPTY, false));
  return { rows, height: y };
}

/** The row at a height, or the nearest. */
export function rowAt(layout: Layout, y: number): Row | undefined {
  return layout.rows.find((row) => y < row.y + row.height) ?? layout.rows[layout.rows.length - 1];
}

/** The rows that show between two heights. */
export function rowsWithin(layout: Layout, top: number, bottom: number): readonly Row[] {
  return layout.rows.filter((row) => row.y < bottom && row.y + row.height > top);
}
