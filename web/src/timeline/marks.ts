// What is drawn over the bars, as places on the canvas: arrows, item bars, names of states.
import { changesOf, periodOf } from '../trace/changes';
import { sliceAt, sliceEnd } from '../trace/lane';
import { EVENT } from '../trace/kinds.gen';
import { NOTHING, upperBound } from '../trace/log';
import { TASK_REF, type ItemBar, type Model } from '../trace/model';
import { STATE } from '../trace/states';
import { largestWithin, stepAt, type Steps } from '../trace/steps';
import { BAR, ITEM, type Layout, type Row } from './layout';
import { toX, viewEnd, viewStart, type View } from './scale';

export interface Arrow {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

export interface Arrows {
  readonly list: readonly Arrow[];
  /** Arrows in sight that are too many to draw. */
  readonly hidden: number;
}

const ARROWS_MOST = 500;
const ARROWS_LOOKED_AT = 4000;

/** The first arrow whose effect is not before t; arrows come nearly in order of time. */
function firstArrow(model: Model, t: number): number {
  let low = 0;
  let high = model.arrowCount;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (model.log.t[model.arrows[middle]] < t) low = middle + 1;
    else high = middle;
  }
  return low;
}

const middleOf = (row: Row): number => row.barY + BAR / 2;

/** Row of each task, by id. */
export function taskRows(layout: Layout): (Row | undefined)[] {
  const rows: (Row | undefined)[] = [];
  for (const row of layout.rows) if (row.kind === 'task') rows[row.id] = row;
  return rows;
}

/** The arrow from an event's cause to the event, or null when it has none. */
export function arrowOf(model: Model, layout: Layout, view: View, event: number): Arrow | null {
  const { log } = model;
  const cause = log.cause[event];
  if (cause === undefined || cause < 0) return null;
  const rows = taskRows(layout);
  const [from, to] = [rows[log.task[cause]], rows[log.task[event]]];
  if (from === undefined || to === undefined || from === to) return null;
  return {
    x1: toX(view, log.t[cause]), y1: middleOf(from), x2: toX(view, log.t[event]), y2: middleOf(to),
  };
}

/** Cause arrows in sight; of several that would lie on each other, one. */
export function arrowsIn(model: Model, layout: Layout, view: View): Arrows {
  const { log } = model;
  const begin = firstArrow(model, viewStart(view));
  const end = firstArrow(model, viewEnd(view));
  if (end - begin > ARROWS_LOOKED_AT) return { list: [], hidden: end - begin };
  const rows = taskRows(layout);
  const list: Arrow[] = [];
  const last = new Map<number, number>();
  for (let k = begin; k < Math.min(model.arrowCount, end + 64); k++) {
    const event = model.arrows[k];
    const cause = log.cause[event];
    const [from, to] = [rows[log.task[cause]], rows[log.task[event]]];
    if (from === undefined || to === undefined) continue;
    const x2 = toX(view, log.t[event]);
    const pair = log.task[cause] * 65536 + log.task[event];
    if (Math.abs(x2 - (last.get(pair) ?? -Infinity)) < 3) continue;
    last.set(pair, x2);
    list.push({ x1: toX(view, log.t[cause]), y1: middleOf(from), x2, y2: middleOf(to) });
    if (list.length > ARROWS_MOST) return { list: [], hidden: end - begin };
  }
  return { list, hidden: 0 };
}

const WAY: ReadonlySet<number> = new Set([
  EVENT.ITEM_SUBMITTED, EVENT.ITEM_STARTED, EVENT.ITEM_FINISHED, EVENT.ITEM_FAILED, EVENT.ITEM_DELIVERED,
]);

/** Whether an event of this kind is about an item, whose number is its value. */
export const isOfItem = (kind: number): boolean => WAY.has(kind);

/** The events of an item's way, in the order of time. */
export function itemWay({ log }: Model, item: number): number[] {
  const way: number[] = [];
  for (let i = 0; i < log.count; i++) if (log.value[i] === item && WAY.has(log.kind[i])) way.push(i);
  return way.sort((a, b) => log.t[a] - log.t[b] || a - b);
}

/** Where an item's way goes, lane by lane. */
export function wayPoints(model: Model, layout: Layout, view: View, item: number): { x: number; y: number }[] {
  const rows = taskRows(layout);
  return itemWay(model, item).flatMap((event) => {
    const row = rows[model.log.task[event]];
    return row === undefined ? [] : [{ x: toX(view, model.log.t[event]), y: row.itemY === null ? middleOf(row) : row.itemY + ITEM / 2 }];
  });
}

export interface ItemPlace {
  readonly bar: ItemBar;
  readonly x: number;
  readonly width: number;
}

/** The first bar from `low` on that ends right of column x. */
function firstItem(bars: readonly ItemBar[], view: View, until: number, low: number, x: number): number {
  let high = bars.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (toX(view, Math.min(bars[middle].end, until)) <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Item bars in sight, each at least a column wide; those that would lie on each other are left out. */
export function itemsIn(bars: readonly ItemBar[], view: View, until: number): ItemPlace[] {
  const places: ItemPlace[] = [];
  for (let i = firstItem(bars, view, until, 0, -1); i < bars.length && bars[i].start <= viewEnd(view);) {
    const x = Math.max(toX(view, bars[i].start), -8);
    const right = Math.min(toX(view, Math.min(bars[i].end, until)), view.width + 8);
    places.push({ bar: bars[i], x, width: Math.max(1, right - x) });
    i = firstItem(bars, view, until, i + 1, Math.max(right, x + 2));
  }
  return places;
}

export interface Label {
  readonly x: number;
  readonly width: number;
  readonly text: string;
}

/** Names of what the wide enough slices of a row are about. */
export function labelsIn(
  model: Model,
  row: Row,
  view: View,
  states: Uint8Array,
  least: number,
): Label[] {
  const labels: Label[] = [];
  for (let x = 0; x < view.width;) {
    let end = x + 1;
    while (end < view.width && states[end] === states[x]) end++;
    if (end - x >= least && states[x] !== STATE.NONE && (row.kind === 'object' || states[x] !== STATE.READY)) {
      const text = nameAt(model, row, (view.first + (x + end) / 2) * view.scale);
      if (text !== '') labels.push({ x, width: end - x, text });
    }
    x = end;
  }
  return labels;
}

function nameAt(model: Model, row: Row, t: number): string {
  const i = sliceAt(row.lane, t);
  if (i < 0) return '';
  const ref = row.lane.ref[i];
  if (ref === NOTHING) return '';
  if (row.kind === 'object' || ref & TASK_REF) return model.log.tasks[ref & ~TASK_REF]?.name ?? '';
  return model.log.objects[ref]?.name ?? '';
}

/** A number over time as columns: the largest within each, with equal neighbours in one. */
export interface Level {
  readonly x: number;
  readonly width: number;
  readonly value: number;
}

export function levelsIn(steps: Steps, view: View, until: number): Level[] {
  const levels: Level[] = [];
  const last = Math.min(view.width, Math.ceil(toX(view, until)));
  for (let x = Math.max(0, -view.first); x < last;) {
    const from = (view.first + x) * view.scale;
    const i = stepAt(steps, from);
    const next = i + 1 < steps.count ? steps.t[i + 1] : Infinity;
    // As many columns as the step holds for, or one that several share.
    const width = Math.max(1, Math.min(last, Math.floor(toX(view, next))) - x);
    const value = largestWithin(steps, from, from + view.scale);
    const before = levels[levels.length - 1];
    if (before?.value === value) levels[levels.length - 1] = { ...before, width: before.width + width };
    else levels.push({ x, width, value });
    x += width;
  }
  return levels;
}

export interface Point {
  readonly x: number;
  readonly row: Row;
  readonly text: string;
  /** Columns to the next one of its row. */
  readonly room: number;
}

const POINTS_LOOKED_AT = 2000;
/** Columns from one to the next, on average, below which they would hide all else. */
const POINTS_APART = 6;
const POINT_SIGNS: Readonly<Record<number, string>> = {
  [EVENT.CELL_READ]: 'R', [EVENT.CELL_WROTE]: 'W', [EVENT.CELL_ADDED]: '+',
};

/** Reads and writes of shared cells, once the view is close enough to tell them apart. */
export function pointsIn(model: Model, layout: Layout, view: View): Point[] {
  const { log } = model;
  const begin = upperBound(log.t, log.count, viewStart(view));
  const end = upperBound(log.t, log.count, viewEnd(view));
  if (end - begin > POINTS_LOOKED_AT) return [];
  const rows = taskRows(layout);
  const points: Point[] = [];
  const next = new Map<number, number>();
  for (let i = end - 1; i >= begin; i--) {
    const [sign, row] = [POINT_SIGNS[log.kind[i]], rows[log.task[i]]];
    if (sign === undefined || row === undefined) continue;
    const x = toX(view, log.t[i]);
    points.push({ x, row, text: `${sign} ${log.value[i]}`, room: (next.get(row.id) ?? Infinity) - x });
    next.set(row.id, x);
  }
  const rooms = points.map((point) => point.room).filter(Number.isFinite);
  const apart = rooms.reduce((sum, room) => sum + room, 0) / Math.max(1, rooms.length);
  return rooms.length > 0 && apart < POINTS_APART ? [] : points.reverse();
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/** From when to when a row is as it is at t, or null before its task was there. */
export function periodIn(model: Model, row: Row, t: number): readonly [number, number] | null {
  if (row.kind === 'object') return periodOf(changesOf(row.lane, row.strip), t, model.until);
  const i = sliceAt(row.lane, t);
  return i < 0 ? null : [row.lane.start[i], sliceEnd(row.lane, i, model.until)];
}

/** Where that lies. */
export function periodBox(model: Model, row: Row, view: View, t: number): Box | null {
  const period = periodIn(model, row, t);
  if (period === null) return null;
  const x = Math.max(-4, toX(view, period[0]));
  const right = Math.min(view.width + 4, toX(view, period[1]));
  return { x, y: row.barY, width: Math.max(2, right - x) };
}
