// A workshop that is being put together: kept in this browser until it is made, or a made one that is
// changed. The setup of a step is what an address would say of it.
import type { FieldError, RunSchedule, Scenario, Workshop, WorkshopRequest, WorkshopStep } from '../api/types';
import type { MessageKey } from '../messages';
import { read, write } from './prefs';
import { problemOf, type FieldProblem } from './refusal';
import { checkSchedule, joinQuery, scheduleFromQuery, scheduleOf, scheduleToQuery, textsOfRun } from './schedule';
import { checkText, fromQuery, queryOfValues, textOf, valuesOf, type Refusals } from './setup';

/** As the server counts characters. */
export const TITLE_MOST = 120;
export const NOTE_MOST = 2000;
export const STEPS_MOST = 40;

export interface DraftStep {
  /** Tells it apart wherever it is moved. */
  readonly key: number;
  readonly scenario: string;
  readonly query: string;
  readonly note: string;
  /** The step as the server has it, with the address of its setup; null of a new one. */
  readonly stored: { readonly query: string; readonly raw: Readonly<Record<string, unknown>> } | null;
}

export interface Draft {
  readonly title: string;
  readonly steps: readonly DraftStep[];
}

export const NO_DRAFT: Draft = { title: '', steps: [] };

const newKey = (steps: readonly DraftStep[]): number => 1 + Math.max(0, ...steps.map((step) => step.key));

export function addStep(draft: Draft, scenario: string, query: string): Draft {
  const step = { key: newKey(draft.steps), scenario, query, note: '', stored: null };
  return { ...draft, steps: [...draft.steps, step] };
}

export const changeStep = (draft: Draft, key: number, patch: Partial<Pick<DraftStep, 'query' | 'note'>>): Draft =>
  ({ ...draft, steps: draft.steps.map((step) => (step.key === key ? { ...step, ...patch } : step)) });

export const removeStep = (draft: Draft, key: number): Draft =>
  ({ ...draft, steps: draft.steps.filter((step) => step.key !== key) });

/** Moves a step by one place; where it cannot go it stays. */
export function moveStep(draft: Draft, key: number, by: -1 | 1): Draft {
  const from = draft.steps.findIndex((step) => step.key === key);
  const to = from + by;
  if (from < 0 || to < 0 || to >= draft.steps.length) return draft;
  const steps = [...draft.steps];
  [steps[from], steps[to]] = [steps[to], steps[from]];
  return { ...draft, steps };
}

/* ---- kept in this browser ---- */

const KEY = 'interleave.workshop.draft';

const textIn = (from: unknown, name: string): string => {
  const found: unknown = typeof from === 'object' && from !== null ? Reflect.get(from, name) : undefined;
  return typeof found === 'string' ? found : '';
};

/** What was kept; whatever else stands there is no draft. */
export function parseDraft(text: string | null): Draft {
  let from: unknown = null;
  try {
    from = JSON.parse(text ?? 'null');
  } catch {
    return NO_DRAFT;
  }
  const steps: unknown = typeof from === 'object' && from !== null ? Reflect.get(from, 'steps') : undefined;
  const draft = (Array.isArray(steps) ? steps : []).slice(0, STEPS_MOST)
    .filter((step: unknown) => textIn(step, 'scenario') !== '')
    .reduce<Draft>((found, step: unknown) => {
      const added = addStep(found, textIn(step, 'scenario'), textIn(step, 'query'));
      return changeStep(added, added.steps[added.steps.length - 1].key, { note: textIn(step, 'note') });
    }, NO_DRAFT);
  return { ...draft, title: textIn(from, 'title') };
}

export const draftText = ({ title, steps }: Draft): string =>
  JSON.stringify({ title, steps: steps.map(({ scenario, query, note }) => ({ scenario, query, note })) });

export const readDraft = (): Draft => parseDraft(read(KEY));
export const writeDraft = (draft: Draft): void => write(KEY, draftText(draft));

/** The other draft, with the keys of the steps that are in both. */
export function adopted(draft: Draft, other: Draft): Draft {
  const left = [...draft.steps];
  const steps = other.steps.reduce<readonly DraftStep[]>((found, step) => {
    const same = left.findIndex(({ scenario, query, note }) =>
      scenario === step.scenario && query === step.query && note === step.note);
    const kept = same < 0 ? { ...step, key: newKey([...draft.steps, ...found]) } : left.splice(same, 1)[0];
    return [...found, kept];
  }, []);
  return { title: other.title, steps };
}

/** Tells of a draft that another tab has written. Returns what ends that. */
export function onDraftElsewhere(hook: (draft: Draft) => void): () => void {
  const heard = ({ key }: StorageEvent): void => { if (key === KEY || key === null) hook(readDraft()); };
  addEventListener('storage', heard);
  return () => removeEventListener('storage', heard);
}

/* ---- from and to the server ---- */

/** The scenarios of the steps, by id. */
export type Scenarios = Readonly<Record<string, Scenario>>;

const scheduleQuery = (schedule: RunSchedule | null): string =>
  (schedule === null ? '' : scheduleToQuery(textsOfRun(schedule)));

/** What an address would say of a step's setup. */
export const queryOfStep = (step: WorkshopStep, scenario: Scenario): string =>
  joinQuery(queryOfValues(scenario.params, step.params), scheduleQuery(step.schedule));

export function draftOf(workshop: Workshop, scenarios: Scenarios): Draft {
  const steps = workshop.steps.map((step, i): DraftStep => {
    const scenario = scenarios[step.scenario];
    const query = scenario === undefined ? '' : queryOfStep(step, scenario);
    return { key: i + 1, scenario: step.scenario, query, note: step.note, stored: { query, raw: step.raw } };
  });
  return { title: workshop.title, steps };
}

/** A setup that leaves open what is as declared. */
function setupOf(step: DraftStep, scenario: Scenario | undefined): Readonly<Record<string, unknown>> {
  const { query, stored } = step;
  if (stored !== null && stored.query === query) return stored.raw;
  if (scenario === undefined) return { scenario: step.scenario };
  const texts = fromQuery(scenario.params, query);
  const said = scenario.params.filter((param) => texts[param.name] !== textOf(param.fallback));
  const schedule = scheduleFromQuery(query);
  return {
    scenario: scenario.id,
    ...(said.length === 0 ? {} : { params: valuesOf(said, texts) }),
    ...(scheduleToQuery(schedule) === '' ? {} : { schedule: scheduleOf(schedule) }),
  };
}

export function requestOf(draft: Draft, scenarios: Scenarios): WorkshopRequest {
  return {
    title: draft.title.trim(),
    steps: draft.steps.map((step) => ({
      ...setupOf(step, scenarios[step.scenario]), note: step.note.trim() === '' ? undefined : step.note,
    })),
  };
}

/* ---- what is wrong ---- */

const length = (text: string): number => [...text].length;

export const titleProblem = (title: string): FieldProblem | null =>
  (title.trim() !== '' && length(title.trim()) <= TITLE_MOST ? null : { key: 'make.error.title', args: { most: TITLE_MOST } });

export const noteProblem = (note: string): FieldProblem | null =>
  (length(note) <= NOTE_MOST ? null : { key: 'make.error.note', args: { most: NOTE_MOST } });

export function stepsProblem(steps: readonly DraftStep[]): FieldProblem | null {
  if (steps.length === 0) return { key: 'make.error.none' };
  return steps.length <= STEPS_MOST ? null : { key: 'make.error.many', args: { most: STEPS_MOST } };
}

/** Whether something of a step is to be corrected. */
export function isWrong(step: DraftStep, scenario: Scenario | undefined): boolean {
  if (scenario === undefined || noteProblem(step.note) !== null) return true;
  const texts = fromQuery(scenario.params, step.query);
  return scenario.params.some((param) => checkText(param, texts[param.name] ?? '') !== null)
    || checkSchedule(scheduleFromQuery(step.query), scenario.schedules) !== null;
}

export interface StepRefusals {
  readonly params: Refusals;
  readonly schedule: Refusals;
  readonly note: FieldProblem | null;
  /** What is about no field of it. */
  readonly other: FieldProblem | null;
}

export interface DraftRefusals {
  readonly title: FieldProblem | null;
  readonly steps: FieldProblem | null;
  /** By the place of the step, from 0. */
  readonly each: Readonly<Record<number, StepRefusals>>;
}

export const NOT_REFUSED: StepRefusals = { params: {}, schedule: {}, note: null, other: null };
export const NOTHING_REFUSED: DraftRefusals = { title: null, steps: null, each: {} };

const said = (key: MessageKey, most: number): FieldProblem => ({ key, args: { most } });

function refuseStep(known: StepRefusals, rest: readonly string[], error: FieldError): StepRefusals {
  const [part, name] = rest;
  if (part === 'note') return { ...known, note: said('make.error.note', NOTE_MOST) };
  if ((part === 'params' || part === 'schedule') && name !== undefined) {
    return { ...known, [part]: { ...known[part], [name]: problemOf(error) } };
  }
  return { ...known, other: problemOf(error) };
}

/** What the server objected to, by where it stands in the draft: /title, /steps/2/params/n. */
export function refusedDraft(errors: readonly FieldError[]): DraftRefusals {
  return errors.reduce<DraftRefusals>((found, error) => {
    const [, part, at, ...rest] = error.pointer.split('/');
    if (part === 'title') return { ...found, title: said('make.error.title', TITLE_MOST) };
    if (part !== 'steps' || at === undefined || !/^\d+$/.test(at)) return { ...found, steps: problemOf(error) };
    const i = Number(at);
    return { ...found, each: { ...found.each, [i]: refuseStep(found.each[i] ?? NOT_REFUSED, rest, error) } };
  }, NOTHING_REFUSED);
}
