// Where each row lies. Heights are in CSS pixels.
import { newLane, type Lane } from '../trace/lane';
import type { Model } from '../trace/model';
import type { Strip } from '../trace/strips';
import { OBJECT_TEXT, TASK_TEXT } from '../trace/texts.gen';

export const BAR = 16;
export const ITEM = 15;
export const DEPTH = 8;
const PADDING = 6;
const GAP = 2;
const HEAD = 24;

export type RowKind = 'task' | 'object';

export interface Row {
  readonly kind: RowKind;
  readonly id: number;
  /** A task's states, or the owners of an object that one task has at a time. */
  readonly lane: Lane;
  readonly strip: Strip | null;
  readonly pinned: boolean;
  readonly y: number;
  readonly height: number;
  /** Top of the bar. */
  readonly barY: number;
  /** Top of the item bars, if the task has any. */
  readonly itemY: number | null;
  /** Top of what tells how many wait for the object, if any ever did. */
  readonly depthY: number | null;
}

/** The head of the rows of one kind. */
export interface Head {
  /** A kind of task, or "object". */
  readonly group: string;
  readonly rows: number;
  readonly folded: boolean;
  readonly y: number;
  readonly height: number;
}

export interface Layout {
  /** The pinned ones first. */
  readonly rows: readonly Row[];
  readonly heads: readonly Head[];
  readonly height: number;
  /** How high the pinned rows are together. */
  readonly pinned: number;
}

export interface Arrangement {
  readonly strips: ReadonlyMap<number, Strip>;
  /** Keys of rows, in the order in which they were pinned. */
  readonly pins: readonly string[];
  /** Groups whose rows are not shown. */
  readonly folded: readonly string[];
}

export const PLAIN: Arrangement = { strips: new Map(), pins: [], folded: [] };

/** What a row is called in an address: t3 or o7. */
export const rowKey = (row: { readonly kind: RowKind; readonly id: number }): string =>
  `${row.kind === 'task' ? 't' : 'o'}${row.id}`;

/** Whether a moment is of this row. */
export const isRowOf = (row: Row, { task, object }: { readonly task: number; readonly object?: number }): boolean =>
  (object === undefined ? row.kind === 'task' && row.id === task : row.kind === 'object' && row.id === object);

const EMPTY = newLane(1);
const OBJECTS = 'object';
/** Nobody looks at the end of a future or of a coroutine as at a thing that one waits for. */
const NOT_SHOWN: ReadonlySet<string> = new Set(['coroutine', 'future', 'cell']);

interface Member {
  readonly kind: RowKind;
  readonly id: number;
  readonly group: string;
}

function members(model: Model, strips: ReadonlyMap<number, Strip>): Member[] {
  const { tasks: entries, objects: things } = model.log;
  const tasks: Member[] = model.lanes.map((_, id) => id)
    .sort((a, b) => entries[a].kind - entries[b].kind || a - b)
    .map((id) => ({ kind: 'task', id, group: TASK_TEXT[entries[id].kind] ?? '' }));
  const ids = new Set([...model.owners.keys(), ...strips.keys()]);
  const objects: Member[] = [...ids]
    .filter((id) => model.owners.has(id) || !NOT_SHOWN.has(OBJECT_TEXT[things[id]?.kind] ?? ''))
    .sort((a, b) => a - b)
    .map((id) => ({ kind: 'object', id, group: OBJECTS }));
  return [...tasks, ...objects];
}

function rowOf(model: Model, member: Member, strips: ReadonlyMap<number, Strip>, y: number, pinned: boolean): Row {
  const { kind, id } = member;
  const strip = kind === 'object' ? strips.get(id) ?? null : null;
  const items = kind === 'task' && model.items[id].length > 0;
  const depth = strip !== null && strip.waiting.count > 0;
  const above = items ? ITEM + GAP : depth ? DEPTH + GAP : 0;
  return {
    kind,
    id,
    lane: (kind === 'task' ? model.lanes[id] : model.owners.get(id)) ?? EMPTY,
    strip,
    pinned,
    y,
    height: BAR + 2 * PADDING + above,
    barY: y + PADDING + above,
    itemY: items ? y + PADDING : null,
    depthY: depth ? y + PADDING : null,
  };
}

export function layOut(model: Model, { strips, pins, folded }: Arrangement): Layout {
  const all = members(model, strips);
  const rows: Row[] = [];
  const heads: Head[] = [];
  let y = 0;
  const add = (member: Member, pinned: boolean): void => {
    const row = rowOf(model, member, strips, y, pinned);
    rows.push(row);
    y += row.height;
  };
  for (const pin of pins) {
    const member = all.find((one) => rowKey(one) === pin);
    if (member !== undefined) add(member, true);
  }
  const pinned = y;
  const groups = [...new Set(all.map((one) => one.group))];
  for (const group of groups) {
    const own = all.filter((one) => one.group === group);
    const closed = folded.includes(group);
    if (groups.length > 1) {
      heads.push({ group, rows: own.length, folded: closed, y, height: HEAD });
      y += HEAD;
    }
    if (closed && groups.length > 1) continue;
    for (const member of own) if (!pins.includes(rowKey(member))) add(member, false);
  }
  return { rows, heads, height: y, pinned };
}

const alike = <T extends object>(a: T, b: T): boolean =>
  (Object.keys(a) as (keyof T)[]).every((key) => a[key] === b[key]);

const allAlike = <T extends object>(a: readonly T[], b: readonly T[]): boolean =>
  a.length === b.length && a.every((one, i) => alike(one, b[i]));

/** Whether both show the same things in the same places. */
export function sameLayout(a: Layout, b: Layout): boolean {
  return a.pinned === b.pinned && allAlike(a.rows, b.rows) && allAlike(a.heads, b.heads);
}

/** Where everything is once `top` pixels are scrolled away: pinned rows stay, none lies under them. */
export function scrolled(layout: Layout, top: number): Layout {
  if (layout.pinned === 0 || top === 0) return layout;
  const shifted = (y: number | null): number | null => (y === null ? null : y + top);
  const rows = layout.rows
    .filter((row) => row.pinned || row.y + row.height > layout.pinned + top)
    .map((row) => (row.pinned
      ? { ...row, y: row.y + top, barY: row.barY + top, itemY: shifted(row.itemY), depthY: shifted(row.depthY) }
      : row));
  return { ...layout, rows };
}

/** The row at a height, or the nearest above; of two on each other the pinned one. */
export function rowAt(layout: Layout, y: number): Row | undefined {
  const at = layout.rows.find((row) => row.y <= y && y < row.y + row.height);
  return at ?? layout.rows.reduce<Row | undefined>(
    (best, row) => (row.y <= y && (best === undefined || row.y > best.y) ? row : best), layout.rows[0]);
}

/** The rows that show between two heights. */
export function rowsWithin(layout: Layout, top: number, bottom: number): readonly Row[] {
  return layout.rows.filter((row) => row.y < bottom && row.y + row.height > top);
}
