// What an experiment's table says: its rows, beside another experiment's, and how far it got.
import type { Experiment, FoundOutcome, OutcomeClass, OutcomeRule } from '../api/types';
import type { MessageKey } from '../messages';
import type { Args } from '../messages/message';

/** Ends that are the same to a reader: what never goes on is found at once, or at a time limit. */
const STUCK: ReadonlySet<string> = new Set(['deadlock', 'livelock', 'timeout']);

/** What makes two outcomes of different experiments the same. */
export function outcomeKey({ text, ended, rule }: FoundOutcome): string {
  if (ended === 'completed') return `text ${text}`;
  if (rule !== null) return `rule ${rule}`;
  return STUCK.has(ended) ? 'stuck' : `ended ${ended} ${text}`;
}

export interface OutcomeRow {
  readonly key: string;
  /** What to show of it: the explored one where there are both. */
  readonly outcome: FoundOutcome;
  readonly explored: FoundOutcome | null;
  readonly repeated: FoundOutcome | null;
}

const merged = (outcomes: readonly FoundOutcome[]): Map<string, FoundOutcome> => {
  const rows = new Map<string, FoundOutcome>();
  for (const outcome of outcomes) {
    const key = outcomeKey(outcome);
    const known = rows.get(key);
    // A deadlock may end at its limit in one run and be found at once in another.
    rows.set(key, known === undefined ? outcome
      : { ...known, count: known.count + outcome.count, share: known.share + outcome.share });
  }
  return rows;
};

/** The rows of a table: of one experiment, or of two beside each other, most executions first. */
export function outcomeRows(one: Experiment, other: Experiment | null): OutcomeRow[] {
  const of = (kind: Experiment['kind']): Map<string, FoundOutcome> =>
    merged([one, other].find((experiment) => experiment?.kind === kind)?.outcomes ?? []);
  const [explored, repeated] = [of('explore'), of('repeat')];
  return [...new Set([...explored.keys(), ...repeated.keys()])].map((key) => {
    const [possible, seen] = [explored.get(key) ?? null, repeated.get(key) ?? null];
    return { key, outcome: (possible ?? seen) as FoundOutcome, explored: possible, repeated: seen };
  }).sort((a, b) => (b.explored?.count ?? 0) - (a.explored?.count ?? 0)
    || (b.repeated?.count ?? 0) - (a.repeated?.count ?? 0));
}

/** The order of outcomes along a histogram: by their numbers, those without one behind. */
export function naturalOrder<R extends { readonly outcome: Pick<FoundOutcome, 'text' | 'ended'> }>(rows: readonly R[]): R[] {
  const order = new Intl.Collator('en', { numeric: true });
  // A minus sign is a hyphen to a collator.
  const signed = (text: string): number => {
    const found = /-?\d+(\.\d+)?/.exec(text);
    return found === null ? Infinity : Number(found[0]);
  };
  return [...rows].sort((a, b) => {
    const [x, y] = [a.outcome, b.outcome];
    if ((x.ended === 'completed') !== (y.ended === 'completed')) return x.ended === 'completed' ? -1 : 1;
    const [m, n] = [signed(x.text), signed(y.text)];
    return m === n ? order.compare(x.text, y.text) : m - n;
  });
}

/** The row that came most often, with its share: in this kind of experiment if it has any yet. */
export function mostOften(
  rows: readonly OutcomeRow[],
  kind: Experiment['kind'],
): { readonly row: OutcomeRow; readonly share: number } {
  const inSeries = (series: 'explored' | 'repeated'): { row: OutcomeRow; share: number }[] => rows
    .filter((row) => row[series] !== null)
    .map((row) => ({ row, share: row[series]?.share ?? 0 }))
    .sort((a, b) => b.share - a.share);
  const [explored, repeated] = [inSeries('explored'), inSeries('repeated')];
  return (kind === 'explore' ? [...explored, ...repeated] : [...repeated, ...explored])[0];
}

/** The class of an outcome: as it was judged, or as the scenario declares it. */
export const classOf = (outcome: FoundOutcome, rules: readonly OutcomeRule[]): OutcomeClass | null =>
  outcome.class ?? (outcome.rule === null ? null : rules[outcome.rule]?.class ?? null);

export interface Sentence {
  readonly key: MessageKey;
  readonly args: Args;
}

function exploredLead(of: Experiment): Sentence {
  const count = of.schedules;
  if (of.status !== 'done') return { key: 'experiment.lead.exploring', args: { count } };
  if (of.complete) {
    return of.maxPreemptions === null
      ? { key: 'experiment.lead.complete', args: { count } }
      : { key: 'experiment.lead.within', args: { count, bound: of.maxPreemptions } };
  }
  switch (of.ended) {
    case 'schedule-limit': return { key: 'experiment.lead.schedules', args: { most: of.maxSchedules ?? count } };
    case 'time-limit':
      return { key: 'experiment.lead.time', args: { count, seconds: of.maxSeconds ?? 0 } };
    case 'cancelled': return { key: 'experiment.lead.cancelled', args: { count } };
    case 'completed': return { key: 'experiment.lead.incomplete', args: { count } };
    default: return { key: 'experiment.lead.failed', args: { count } };
  }
}

function shrunkLead(of: Experiment): Sentence {
  const [given, found] = [of.givenPreemptions, of.outcomes[0]?.preemptions ?? null];
  if (of.status !== 'done') {
    return found === null ? { key: 'experiment.lead.exploring', args: { count: of.schedules } }
      : { key: 'experiment.lead.shrinking', args: { count: of.schedules, found } };
  }
  if (of.ended === 'replay-failed') return { key: 'experiment.lead.unfollowed', args: {} };
  if (given === null || found === null) return { key: 'experiment.lead.failed', args: { count: of.schedules } };
  const args = { given, found };
  if (of.complete) return { key: found < given ? 'experiment.lead.shortest' : 'experiment.lead.short', args };
  return { key: found < given ? 'experiment.lead.shorter' : 'experiment.lead.noShorter', args };
}

/** How far it got, in a sentence. */
export function leadOf(of: Experiment): Sentence {
  if (of.kind === 'explore') return exploredLead(of);
  if (of.kind === 'shrink') return shrunkLead(of);
  const total = of.total ?? of.count ?? of.done;
  if (of.status !== 'done') return { key: 'experiment.lead.repeating', args: { done: of.done, total } };
  if (of.ended === 'completed') return { key: 'experiment.lead.repeated', args: { total: of.done } };
  return of.ended === 'cancelled'
    ? { key: 'experiment.lead.repeatCancelled', args: { done: of.done, total } }
    : { key: 'experiment.lead.failed', args: { count: of.done } };
}

/** Whether an exploration found every outcome there is. */
export const foundAll = (explored: Experiment): boolean =>
  explored.status === 'done' && explored.complete && explored.maxPreemptions === null;

export interface Comparison {
  /** Possible and never seen. */
  readonly missed: readonly OutcomeRow[];
  /** Seen and not found by exploring. */
  readonly extra: readonly OutcomeRow[];
}

export const compare = (rows: readonly OutcomeRow[]): Comparison => ({
  missed: rows.filter((row) => row.repeated === null),
  extra: rows.filter((row) => row.explored === null),
});
