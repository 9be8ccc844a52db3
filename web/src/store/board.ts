// What a board says: its parts put together as they change, who saw what, who is where.
import type {
  Board, BoardCell, BoardOutcome, BoardStep, OutcomeClass, OutcomeRule, Participant, ParamValue, SeenOutcome,
} from '../api/types';
import { applies } from './outcome';

/** Those of the new list, the others of the old one as they were, by what `keyOf` says. */
function renewed<T>(list: readonly T[], changed: readonly T[], keyOf: (one: T) => unknown, join: (old: T, fresh: T) => T): T[] {
  const fresh = new Map(changed.map((one) => [keyOf(one), one]));
  const kept = list.map((one) => {
    const found = fresh.get(keyOf(one));
    fresh.delete(keyOf(one));
    return found === undefined ? one : join(one, found);
  });
  return [...kept, ...fresh.values()];
}

const replaced = <T>(_: T, fresh: T): T => fresh;
const byStep = (a: { readonly step: number }, b: { readonly step: number }): number => a.step - b.step;

function joined(old: Participant, fresh: Participant): Participant {
  return { ...fresh, cells: renewed(old.cells, fresh.cells, (cell) => cell.step, replaced).sort(byStep) };
}

/** The board after a change. */
export function merge(board: Board, change: Board): Board {
  return {
    closed: change.closed,
    steps: renewed(board.steps, change.steps, (step) => step.step, replaced).sort(byStep),
    participants: renewed(board.participants, change.participants, ({ name }) => name, joined),
  };
}

export const cellOf = (participant: Participant, step: number): BoardCell | null =>
  participant.cells.find((cell) => cell.step === step) ?? null;

/** Steps at which somebody has seen how a run ended. */
export const stepsDone = ({ cells }: Participant): number => cells.filter((cell) => cell.saw.length > 0).length;

/** The declared outcome that it is, for a setup with these parameters; or null. */
export function ruleOfSeen(
  rules: readonly OutcomeRule[],
  params: Readonly<Record<string, ParamValue>>,
  { rule, ended }: SeenOutcome,
): OutcomeRule | null {
  if (rule !== null) return rules[rule] ?? null;
  return rules.find((one) => one.ended !== '' && one.ended !== 'completed' && one.ended === ended
    && applies(one.when, params)) ?? null;
}

/** Outcomes of a step that count as one, and who saw any of them. */
export interface Group {
  readonly key: string;
  /** The first of them. */
  readonly outcome: BoardOutcome;
  readonly rule: OutcomeRule | null;
  readonly class: OutcomeClass | null;
  /** Participants. */
  readonly seen: number;
}

export interface Tally {
  /** Participants who have seen how a run of the step ended. */
  readonly total: number;
  readonly groups: readonly Group[];
}

/** Everybody counts once in a group, however often they saw it. Most seen first. */
export function tally(
  { step, outcomes }: BoardStep,
  participants: readonly Participant[],
  ruleOf: (outcome: SeenOutcome) => OutcomeRule | null,
  keyOf: (outcome: SeenOutcome, rule: OutcomeRule | null) => string,
): Tally {
  const rules = outcomes.map(ruleOf);
  const keys = outcomes.map((outcome, i) => keyOf(outcome, rules[i]));
  const views = participants.map((one) => new Set((cellOf(one, step)?.saw ?? []).map((place) => keys[place])));
  const groups = [...new Set(keys)].map((key): Group => {
    const i = keys.indexOf(key);
    return {
      key,
      outcome: outcomes[i],
      rule: rules[i],
      class: outcomes[i].class ?? rules[i]?.class ?? null,
      seen: views.filter((view) => view.has(key)).length,
    };
  });
  return {
    total: views.filter((view) => view.size > 0).length,
    groups: groups.filter((group) => group.seen > 0).sort((a, b) => b.seen - a.seen),
  };
}

/** Outcomes with one meaning are one; without a meaning each is its own. */
export const byMeaning = (rules: readonly OutcomeRule[]) => (outcome: SeenOutcome, rule: OutcomeRule | null): string =>
  (rule === null ? `${outcome.ended} ${outcome.text}` : `rule ${rules.indexOf(rule)}`);

export interface Counts {
  readonly participants: number;
  readonly runs: number;
  readonly going: number;
}

export function countsOf(board: Board): Counts {
  return {
    participants: board.participants.length,
    runs: board.steps.reduce((sum, step) => sum + step.runs, 0),
    going: board.steps.reduce((sum, step) => sum + step.runs - step.done, 0),
  };
}

export type SortBy = 'name' | 'progress';

export function sorted(participants: readonly Participant[], by: SortBy, language: string): Participant[] {
  const { compare } = new Intl.Collator(language, { numeric: true });
  return [...participants].sort((a, b) => {
    const further = by === 'name' ? 0 : stepsDone(b) - stepsDone(a) || b.step - a.step;
    return further !== 0 ? further : compare(a.name, b.name);
  });
}

/** The first steps that have runs: these keep their setups. */
export const stepsUsed = (board: Board): number =>
  1 + Math.max(-1, ...board.steps.filter((step) => step.runs > 0).map((step) => step.step));
