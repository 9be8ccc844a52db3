// The guard for experiments.
import {
  CLASSES, STATUSES, fields, list, listOr, number, numberOrNull, oneOf, paramValues, text, textOr, textOrNull, timing,
} from './shape';
import type { Experiment, FoundOutcome } from './types';

function found(from: unknown, what: string): FoundOutcome {
  const f = fields(from, what);
  return {
    text: textOr(f.text, ''),
    class: CLASSES.find((word) => word === f.class) ?? null,
    rule: numberOrNull(f.rule),
    ended: textOr(f.ended, 'completed'),
    count: number(f.count, `${what}.count`),
    share: numberOrNull(f.share) ?? 0,
    preemptions: numberOrNull(f.preemptions),
    first: numberOrNull(f.first),
    run: textOrNull(f.run),
    token: textOrNull(f.token),
  };
}

export function experimentShape(from: unknown): Experiment {
  const f = fields(from, 'experiment');
  const progress = fields(f.progress ?? {}, 'progress');
  return {
    id: text(f.id, 'id'),
    kind: oneOf(f.kind, 'kind', ['repeat', 'explore', 'shrink']),
    scenario: text(f.scenario, 'scenario'),
    mine: f.mine === true,
    params: paramValues(f.params),
    count: numberOrNull(f.count),
    maxPreemptions: numberOrNull(f.max_preemptions),
    maxSchedules: numberOrNull(f.max_schedules),
    maxSeconds: numberOrNull(f.max_seconds),
    timing: timing(f.timing),
    token: textOrNull(f.token),
    givenPreemptions: numberOrNull(f.given_preemptions),
    beside: textOrNull(f.beside),
    status: oneOf(f.status, 'status', STATUSES),
    queuePosition: numberOrNull(f.queue_position),
    ended: textOrNull(f.ended),
    done: numberOrNull(progress.done) ?? 0,
    total: numberOrNull(progress.total),
    complete: f.complete === true,
    schedules: numberOrNull(f.schedules) ?? 0,
    blocked: numberOrNull(f.blocked) ?? 0,
    cut: numberOrNull(f.cut) ?? 0,
    others: numberOrNull(f.others) ?? 0,
    wallNs: numberOrNull(f.wall_ns),
    outcomes: list(listOr(f.outcomes), 'outcomes', found),
    createdAt: textOr(f.created_at, ''),
  };
}
