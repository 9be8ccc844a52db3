// What the reader looks at, as the fragment of the address: #v=0-5000&s=2@1200e&p=t2,o1&m=900&c=order.
// s=o3@1200 is a moment of an object.
import type { Selection } from '../store/run';
import type { Model } from '../trace/model';
import type { RowKind } from './layout';
import { momentAbout } from './moves';

export interface Place {
  /** What is in sight, in nanoseconds or, by the order, in events; null: all there is. */
  readonly span: readonly [number, number] | null;
  /** The selected moment of a task or an object; with `event` it is its event of that time. */
  readonly at: { readonly kind: RowKind; readonly id: number; readonly t: number; readonly event: boolean } | null;
  readonly pins: readonly string[];
  readonly folded: readonly string[];
  /** Marked times, rising, in nanoseconds. */
  readonly marks: readonly number[];
  /** The item that is followed. */
  readonly item: number | null;
  /** Time is the order of events. */
  readonly ordered: boolean;
}

export const NOWHERE: Place = { span: null, at: null, pins: [], folded: [], marks: [], item: null, ordered: false };

const LISTED_MOST = 64;
const KEY = /^[to]\d{1,4}$/;
const GROUP = /^[a-z-]{1,20}$/;

const listed = (text: string | null, is: (part: string) => boolean): string[] =>
  [...new Set((text ?? '').split(',').filter(is))].slice(0, LISTED_MOST);

function spanOf(text: string | null): readonly [number, number] | null {
  const match = /^(-?\d{1,15}(?:\.\d{1,3})?)~(-?\d{1,15}(?:\.\d{1,3})?)$/.exec(text ?? '');
  if (match === null) return null;
  const [from, to] = [Number(match[1]), Number(match[2])];
  return from < to ? [from, to] : null;
}

function momentOf(text: string | null): Place['at'] {
  const match = /^(o?)(\d{1,4})@(\d{1,15})(e?)$/.exec(text ?? '');
  return match === null ? null
    : { kind: match[1] === 'o' ? 'object' : 'task', id: Number(match[2]), t: Number(match[3]), event: match[4] === 'e' };
}

/** Of two runs under one ruler the second has keys of its own; what is in sight is the first's to say. */
export type PlaceSide = 'first' | 'second';

const keysOf = (side: PlaceSide): Readonly<Record<'at' | 'pins' | 'folded' | 'marks' | 'item', string>> => (side === 'first'
  ? { at: 's', pins: 'p', folded: 'f', marks: 'm', item: 'i' }
  : { at: 's2', pins: 'p2', folded: 'f2', marks: 'm2', item: 'i2' });

const decimals = (value: number): string => String(Math.round(value * 1000) / 1000);

/** What a fragment says; what it says badly is as if it did not. */
export function readPlace(fragment: string, side: PlaceSide = 'first'): Place {
  const query = new URLSearchParams(fragment.replace(/^#/, ''));
  const keys = keysOf(side);
  return {
    span: side === 'first' ? spanOf(query.get('v')) : null,
    at: momentOf(query.get(keys.at)),
    pins: listed(query.get(keys.pins), (part) => KEY.test(part)),
    folded: listed(query.get(keys.folded), (part) => GROUP.test(part)),
    marks: listed(query.get(keys.marks), (part) => /^\d{1,15}$/.test(part)).map(Number).sort((a, b) => a - b),
    item: /^-?\d{1,15}$/.test(query.get(keys.item) ?? '') ? Number(query.get(keys.item)) : null,
    ordered: side === 'first' && query.get('c') === 'order',
  };
}

function partsOf(place: Place, side: PlaceSide): string[] {
  const keys = keysOf(side);
  const parts: string[] = [];
  if (side === 'first' && place.span !== null) parts.push(`v=${decimals(place.span[0])}~${decimals(place.span[1])}`);
  if (place.at !== null) {
    const { kind, id, t, event } = place.at;
    parts.push(`${keys.at}=${kind === 'object' ? 'o' : ''}${id}@${Math.round(t)}${event ? 'e' : ''}`);
  }
  if (place.pins.length > 0) parts.push(`${keys.pins}=${place.pins.join(',')}`);
  if (place.folded.length > 0) parts.push(`${keys.folded}=${place.folded.join(',')}`);
  if (place.marks.length > 0) parts.push(`${keys.marks}=${place.marks.map(Math.round).join(',')}`);
  if (place.item !== null) parts.push(`${keys.item}=${place.item}`);
  if (side === 'first' && place.ordered) parts.push('c=order');
  return parts;
}

const SECOND = new Set(Object.values(keysOf('second')));

/** The fragment with its #, or nothing when there is nothing to say; what `before` says of the other side stays. */
export function writePlace(place: Place, side: PlaceSide = 'first', before = ''): string {
  const isSecond = (part: string): boolean => SECOND.has(part.split('=')[0]);
  const other = before.replace(/^#/, '').split('&').filter((part) => part !== '' && isSecond(part) === (side === 'first'));
  const own = partsOf(place, side);
  const parts = side === 'first' ? [...own, ...other] : [...other, ...own];
  return parts.length === 0 ? '' : `#${parts.join('&')}`;
}

/** The selection a place names; of an object's events of one time the last. */
export function selectionAt(model: Model, at: Place['at']): Selection | null {
  const { log } = model;
  if (at === null || at.id >= (at.kind === 'task' ? log.tasks : log.objects).length) return null;
  const ids = at.kind === 'task' ? log.task : log.object;
  let event = -1;
  for (let i = 0; at.event && i < log.count; i++) if (ids[i] === at.id && log.t[i] === at.t) event = i;
  if (at.kind === 'task') return { task: at.id, t: at.t, event };
  return event < 0 ? momentAbout(model, at.id, at.t) : { task: log.task[event], t: at.t, event, object: at.id };
}
