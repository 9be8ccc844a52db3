// What the reader looks at, as the fragment of the address: #v=0-5000&s=2@1200e&p=t2,o1&m=900&c=order
import type { Selection } from '../store/run';
import type { TraceLog } from '../trace/log';

export interface Place {
  /** What is in sight, in nanoseconds or, by the order, in events; null: all there is. */
  readonly span: readonly [number, number] | null;
  /** The selected moment; with `event` it is the task's event of that time. */
  readonly at: { readonly task: number; readonly t: number; readonly event: boolean } | null;
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
  const match = /^(\d{1,4})@(\d{1,15})(e?)$/.exec(text ?? '');
  return match === null ? null : { task: Number(match[1]), t: Number(match[2]), event: match[3] === 'e' };
}

/** What a fragment says; what it says badly is as if it did not. */
export function readPlace(fragment: string): Place {
  const query = new URLSearchParams(fragment.replace(/^#/, ''));
  return {
    span: spanOf(query.get('v')),
    at: momentOf(query.get('s')),
    pins: listed(query.get('p'), (part) => KEY.test(part)),
    folded: listed(query.get('f'), (part) => GROUP.test(part)),
    marks: listed(query.get('m'), (part) => /^\d{1,15}$/.test(part)).map(Number).sort((a, b) => a - b),
    item: /^-?\d{1,15}$/.test(query.get('i') ?? '') ? Number(query.get('i')) : null,
    ordered: query.get('c') === 'order',
  };
}

const decimals = (value: number): string => String(Math.round(value * 1000) / 1000);

/** The fragment with its #, or nothing when there is nothing to say. */
export function writePlace(place: Place): string {
  const parts: string[] = [];
  if (place.span !== null) parts.push(`v=${decimals(place.span[0])}~${decimals(place.span[1])}`);
  if (place.at !== null) parts.push(`s=${place.at.task}@${Math.round(place.at.t)}${place.at.event ? 'e' : ''}`);
  if (place.pins.length > 0) parts.push(`p=${place.pins.join(',')}`);
  if (place.folded.length > 0) parts.push(`f=${place.folded.join(',')}`);
  if (place.marks.length > 0) parts.push(`m=${place.marks.map(Math.round).join(',')}`);
  if (place.item !== null) parts.push(`i=${place.item}`);
  if (place.ordered) parts.push('c=order');
  return parts.length === 0 ? '' : `#${parts.join('&')}`;
}

/** The selection a place names: within a task no two events have the same time. */
export function selectionAt(log: TraceLog, at: Place['at']): Selection | null {
  if (at === null || at.task >= log.tasks.length) return null;
  for (let i = 0; at.event && i < log.count; i++) {
    if (log.task[i] === at.task && log.t[i] === at.t) return { task: at.task, t: at.t, event: i };
  }
  return { task: at.task, t: at.t, event: -1 };
}
