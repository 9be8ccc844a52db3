// The guard at the edge: turns unknown JSON into the types of types.ts or says what is wrong where.
import type {
  Access, Cell, Check, DataRace, Enabled, Operation, OutcomeClass, ParamValue, Position, Reason, Run,
  RunSchedule, RunStatus, ScenarioSummary, ScheduleMode, Seat, Segment, Text, Timing, Wait,
} from './types';

export type Fields = Readonly<Record<string, unknown>>;

export class ShapeError extends Error {}

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function fields(value: unknown, what: string): Fields {
  if (!isFields(value)) throw new ShapeError(`${what} is not an object`);
  return value;
}

export function text(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new ShapeError(`${what} is not text`);
  return value;
}

export function number(value: unknown, what: string): number {
  if (typeof value !== 'number') throw new ShapeError(`${what} is not a number`);
  return value;
}

export function list<T>(value: unknown, what: string, each: (item: unknown, what: string) => T): T[] {
  if (!Array.isArray(value)) throw new ShapeError(`${what} is not a list`);
  return value.map((item: unknown, i) => each(item, `${what}[${i}]`));
}

export function oneOf<T extends string>(value: unknown, what: string, allowed: readonly T[]): T {
  const found = allowed.find((word) => word === value);
  if (found === undefined) throw new ShapeError(`${what} is none of ${allowed.join(', ')}`);
  return found;
}

export const textOr = (value: unknown, other: string): string => (typeof value === 'string' ? value : other);
export const textOrNull = (value: unknown): string | null =>
  (typeof value === 'string' && value !== '' ? value : null);
export const numberOrNull = (value: unknown): number | null => (typeof value === 'number' ? value : null);
export const listOr = (value: unknown): unknown => value ?? [];

export function bilingual(value: unknown, what: string): Text {
  const from = fields(value, what);
  return { en: text(from.en, `${what}.en`), zh: text(from.zh, `${what}.zh`) };
}

export const CLASSES: readonly OutcomeClass[] = ['acceptable', 'interesting', 'forbidden'];
export const STATUSES: readonly RunStatus[] = ['queued', 'running', 'done'];
export const MODES: readonly ScheduleMode[] = ['free', 'random', 'pct', 'round-robin', 'replay'];
const TIMINGS: readonly Timing[] = ['virtual', 'ignored'];

export const bilingualOrNull = (value: unknown, what: string): Text | null =>
  (value === null || value === undefined ? null : bilingual(value, what));

export function value(from: unknown, what: string): ParamValue {
  if (typeof from === 'number' || typeof from === 'boolean' || typeof from === 'string') return from;
  return list(from, what, number);
}

export function summaryShape(from: unknown, what: string): ScenarioSummary {
  const f = fields(from, what);
  return {
    id: text(f.id, `${what}.id`),
    family: text(f.family, `${what}.family`),
    number: numberOrNull(f.number) ?? 0,
    title: bilingual(f.title, `${what}.title`),
    summary: bilingual(f.summary, `${what}.summary`),
    lesson: bilingual(f.lesson, `${what}.lesson`),
  };
}

export function figures(from: unknown): Record<string, number> {
  const entries = Object.entries(isFields(from) ? from : {});
  return Object.fromEntries(entries.filter((e): e is [string, number] => typeof e[1] === 'number'));
}

function check(from: unknown, what: string): Check {
  const f = fields(from, what);
  return {
    name: text(f.name, `${what}.name`),
    held: f.held === true,
    expected: textOr(f.expected, ''),
    actual: textOr(f.actual, ''),
  };
}

function wait(from: unknown, what: string): Wait {
  const f = fields(from, what);
  return { task: text(f.task, what), object: textOr(f.object, ''), holder: textOr(f.holder, '') };
}

function runOutcome(from: unknown): Run['outcome'] {
  if (from === null || from === undefined) return null;
  const f = fields(from, 'outcome');
  const known = CLASSES.find((word) => word === f.class) ?? null;
  return { text: text(f.text, 'outcome.text'), class: known, rule: numberOrNull(f.rule) };
}

function isolation(from: unknown): Run['isolation'] {
  if (!isFields(from)) return null;
  return { tier: textOr(from.tier, ''), layers: list(listOr(from.layers), 'layers', text) };
}

function exit(from: unknown): Run['exit'] {
  if (!isFields(from)) return null;
  return { code: numberOrNull(from.code), signal: numberOrNull(from.signal) };
}

function cell(from: unknown, what: string): Cell {
  if (from === null || typeof from === 'number' || typeof from === 'string') return from;
  throw new ShapeError(`${what} is no cell`);
}

export function paramValues(from: unknown): Record<string, ParamValue> {
  return Object.fromEntries(Object.entries(fields(from, 'params'))
    .map(([name, v]) => [name, value(v, name)] as const));
}

export const timing = (from: unknown): Timing | null => TIMINGS.find((word) => word === from) ?? null;

function reason(from: unknown): Reason | null {
  return isFields(from) ? { code: textOr(from.code, ''), figures: figures(from) } : null;
}

export function runSchedule(from: unknown): RunSchedule {
  const f = fields(from ?? {}, 'schedule');
  return {
    mode: oneOf(f.mode ?? 'free', 'schedule.mode', MODES),
    seed: numberOrNull(f.seed),
    depth: numberOrNull(f.depth),
    timing: timing(f.timing),
    token: textOrNull(f.token),
    steps: numberOrNull(f.steps),
    preemptions: numberOrNull(f.preemptions),
    problem: textOrNull(f.problem),
    reason: reason(f.reason),
  };
}

function operation(from: unknown, what: string): Operation {
  const f = fields(from, what);
  return {
    task: text(f.task, `${what}.task`),
    taskId: numberOrNull(f.task_id) ?? 0,
    operation: textOr(f.operation, ''),
    object: textOrNull(f.object),
  };
}

const enabled = (from: unknown, what: string): Enabled => ({
  ...operation(from, what), token: text(fields(from, what).token, `${what}.token`),
});

const position = (from: unknown, what: string): Position => {
  const f = fields(from, what);
  return { ...operation(from, what), line: numberOrNull(f.line), enabled: f.enabled === true };
};

const access = (from: unknown, what: string): Access => ({
  ...operation(from, what), event: numberOrNull(fields(from, what).event),
});

function race(from: unknown, what: string): DataRace {
  const f = fields(from, what);
  return {
    object: textOr(f.object, ''),
    first: access(f.first, `${what}.first`),
    second: access(f.second, `${what}.second`),
  };
}

function seat(from: unknown): Seat {
  const f = fields(from, 'workshop');
  return { id: text(f.id, 'workshop.id'), step: number(f.step, 'workshop.step'), name: text(f.name, 'workshop.name') };
}

export function runShape(from: unknown): Run {
  const f = fields(from, 'run');
  return {
    id: text(f.id, 'id'),
    scenario: text(f.scenario, 'scenario'),
    params: paramValues(f.params),
    schedule: runSchedule(f.schedule),
    enabled: list(listOr(f.enabled), 'enabled', enabled),
    positions: list(listOr(f.positions), 'positions', position),
    races: list(listOr(f.races), 'races', race),
    explanation: bilingualOrNull(f.explanation, 'explanation'),
    mine: f.mine === true,
    status: oneOf(f.status, 'status', STATUSES),
    queuePosition: numberOrNull(f.queue_position),
    ended: typeof f.ended === 'string' ? f.ended : null,
    exit: exit(f.exit),
    outcome: runOutcome(f.outcome),
    checks: list(listOr(f.checks), 'checks', check),
    metrics: figures(f.metrics),
    waitsFor: list(listOr(f.waits_for), 'waits_for', wait),
    table: list(listOr(f.table), 'table', (row, what) => list(row, what, cell)),
    isolation: isolation(f.isolation),
    workshop: f.workshop === null || f.workshop === undefined ? null : seat(f.workshop),
    createdAt: textOr(f.created_at, ''),
  };
}

export function segmentsShape(from: unknown): Segment[] {
  return list(fields(from, 'output').segments, 'segments', (item, what) => {
    const f = fields(item, what);
    return { task: numberOrNull(f.task), t: numberOrNull(f.t) ?? 0, text: text(f.text, what) };
  });
}
