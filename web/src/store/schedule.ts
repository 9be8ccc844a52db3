// Who runs when: as texts in a form, in an address ("random:42", "pct:7:3", "replay:TOKEN"), and as
// what the server is asked for.
import { MODES } from '../api/shape';
import type { Run, RunSchedule, ScheduleMode, ScheduleRequest, Timing } from '../api/types';
import type { FieldProblem } from './refusal';

export interface ScheduleTexts {
  /** A word of an address may be none of the modes there are. */
  readonly mode: string;
  readonly seed: string;
  readonly depth: string;
  readonly token: string;
  readonly timing: Timing;
}

/** What is said of each mode in the form, and what it takes. */
export const SEED_MOST = 2 ** 53 - 1;
export const DEPTH_MOST = 16;
export const TOKEN_MOST = 2000;

export const FREELY: ScheduleTexts = { mode: 'free', seed: '', depth: '3', token: '', timing: 'virtual' };

export const takesSeed = (mode: string): boolean => mode === 'random' || mode === 'pct';
/** A token says itself what sleeps are worth. */
export const takesTiming = (mode: string): boolean => mode !== 'free' && mode !== 'replay';
export const isMode = (word: string): word is ScheduleMode => MODES.some((mode) => mode === word);

/** The schedule of an address; without one it is free. */
export function scheduleFromQuery(query: string): ScheduleTexts {
  const said = new URLSearchParams(query);
  const timing: Timing = said.get('timing') === 'ignored' ? 'ignored' : 'virtual';
  const [mode, ...rest] = (said.get('schedule') ?? 'free').split(':');
  const texts = { ...FREELY, mode, timing };
  switch (mode) {
    case 'random': return { ...texts, seed: rest.join(':') };
    case 'pct': return { ...texts, seed: rest[0] ?? '', depth: rest.slice(1).join(':') || FREELY.depth };
    case 'replay': return { ...texts, token: rest.join(':'), timing: FREELY.timing };
    default: return texts;
  }
}

function modePart({ mode, seed, depth, token }: ScheduleTexts): string {
  switch (mode) {
    case 'random': return seed === '' ? mode : `${mode}:${seed}`;
    case 'pct': return seed === '' && depth === FREELY.depth ? mode : `${mode}:${seed}:${depth}`;
    case 'replay': return `${mode}:${token}`;
    default: return mode;
  }
}

/** What an address says of the schedule; nothing when it is free. */
export function scheduleToQuery(texts: ScheduleTexts): string {
  if (texts.mode === 'free') return '';
  // Colons and tildes may stand in a query as they are, which keeps addresses readable.
  const schedule = encodeURIComponent(modePart(texts)).replaceAll('%3A', ':');
  return `schedule=${schedule}${takesTiming(texts.mode) && texts.timing === 'ignored' ? '&timing=ignored' : ''}`;
}

/** Parts of a query, joined. */
export const joinQuery = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join('&');

export type ScheduleField = 'mode' | 'seed' | 'depth' | 'token';

function wholeWithin(text: string, least: number, most: number): FieldProblem | null {
  const trimmed = text.trim();
  if (!/^\d+$/.test(trimmed)) return { key: 'form.error.integer' };
  const value = Number(trimmed);
  return value >= least && value <= most ? null : { key: 'form.error.range', args: { minimum: least, maximum: most } };
}

/** The first thing that is wrong with a schedule for a program that has these modes, or null. */
export function checkSchedule(
  texts: ScheduleTexts,
  modes: readonly ScheduleMode[],
): { readonly field: ScheduleField; readonly problem: FieldProblem } | null {
  const { mode, seed, depth, token } = texts;
  if (!modes.some((known) => known === mode)) {
    return { field: 'mode', problem: { key: 'schedule.error.mode', args: { mode } } };
  }
  // Without a seed the server draws one.
  const badSeed = takesSeed(mode) && seed.trim() !== '' ? wholeWithin(seed, 0, SEED_MOST) : null;
  if (badSeed !== null) return { field: 'seed', problem: badSeed };
  const badDepth = mode === 'pct' ? wholeWithin(depth, 1, DEPTH_MOST) : null;
  if (badDepth !== null) return { field: 'depth', problem: badDepth };
  if (mode !== 'replay') return null;
  const length = token.trim().length;
  if (length === 0) return { field: 'token', problem: { key: 'schedule.error.token' } };
  if (length > TOKEN_MOST) {
    return { field: 'token', problem: { key: 'schedule.error.long', args: { most: TOKEN_MOST } } };
  }
  return null;
}

/** What to ask the server for, of texts that were checked. */
export function scheduleOf({ mode, seed, depth, token, timing }: ScheduleTexts): ScheduleRequest {
  const seeded = seed.trim() === '' ? {} : { seed: Number(seed) };
  switch (mode) {
    case 'random': return { mode, ...seeded, timing };
    case 'pct': return { mode, ...seeded, depth: Number(depth), timing };
    case 'round-robin': return { mode, timing };
    case 'replay': return replayOf(token.trim());
    default: return { mode: 'free' };
  }
}

/** The schedule a run ran under, as the form would have it. */
export function textsOfRun(schedule: RunSchedule): ScheduleTexts {
  return {
    mode: schedule.mode,
    seed: schedule.seed === null ? '' : String(schedule.seed),
    depth: schedule.depth === null ? FREELY.depth : String(schedule.depth),
    token: schedule.token ?? '',
    timing: schedule.timing ?? FREELY.timing,
  };
}

/** What does the same once more: the token, or without one the seed it was made from. */
export function exactly(schedule: RunSchedule): ScheduleRequest {
  return schedule.token === null ? scheduleOf(textsOfRun(schedule)) : replayOf(schedule.token);
}

export const replayOf = (token: string): ScheduleRequest => ({ mode: 'replay', token });

/** Preemptions of which fewer may do. */
export const SHRINKS_FROM = 2;

/** Whether there may be a shorter way to how a run ended. */
export const shrinks = ({ status, ended, schedule }: Run): boolean => status === 'done'
  && ended !== 'stopped' && ended !== 'replay-failed' && schedule.token !== null
  && (schedule.preemptions ?? 0) >= SHRINKS_FROM;

export const isControlled = (schedule: RunSchedule): boolean => schedule.mode !== 'free';

/** A seed for the form. */
export const newSeed = (): string => String(Math.floor(Math.random() * 1_000_000));
