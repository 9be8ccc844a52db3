// The guard for what the server tells of workshops and boards.
import {
  CLASSES, fields, isFields, list, listOr, number, numberOrNull, paramValues, runSchedule, text, textOr, textOrNull,
} from './shape';
import type {
  Board, BoardCell, BoardOutcome, BoardStep, Participant, SeenOutcome, Workshop, WorkshopStep,
} from './types';

function workshopStep(from: unknown, what: string): WorkshopStep {
  const raw = fields(from, what);
  return {
    scenario: text(raw.scenario, `${what}.scenario`),
    params: paramValues(raw.params ?? {}),
    schedule: isFields(raw.schedule) ? runSchedule(raw.schedule) : null,
    note: textOr(raw.note, ''),
    raw,
  };
}

export function workshopShape(from: unknown): Workshop {
  const f = fields(from, 'workshop');
  return {
    id: text(f.id, 'id'),
    title: text(f.title, 'title'),
    closed: f.closed === true,
    mayChange: f.may_change === true,
    key: textOrNull(f.instructor_key),
    steps: list(f.steps, 'steps', workshopStep),
    createdAt: textOr(f.created_at, ''),
  };
}

function seen(from: unknown, what: string): SeenOutcome {
  const f = fields(from, what);
  return {
    text: textOrNull(f.text),
    class: CLASSES.find((word) => word === f.class) ?? null,
    ended: textOrNull(f.ended),
    rule: numberOrNull(f.rule),
  };
}

function boardOutcome(from: unknown, what: string): BoardOutcome {
  const f = fields(from, what);
  return { ...seen(from, what), runs: number(f.runs, what), participants: number(f.participants, what) };
}

function boardStep(from: unknown, what: string): BoardStep {
  const f = fields(from, what);
  return {
    step: number(f.step, `${what}.step`),
    participants: number(f.participants, `${what}.participants`),
    runs: number(f.runs, `${what}.runs`),
    done: number(f.done, `${what}.done`),
    outcomes: list(f.outcomes, `${what}.outcomes`, boardOutcome),
  };
}

function boardCell(from: unknown, what: string): BoardCell {
  const f = fields(from, what);
  return {
    step: number(f.step, `${what}.step`),
    runs: number(f.runs, `${what}.runs`),
    run: text(f.run, `${what}.run`),
    going: f.status !== 'done',
    outcome: isFields(f.outcome) ? seen(f.outcome, `${what}.outcome`) : null,
    saw: list(listOr(f.saw), `${what}.saw`, number),
  };
}

function participant(from: unknown, what: string): Participant {
  const f = fields(from, what);
  return {
    name: text(f.name, `${what}.name`),
    step: number(f.step, `${what}.step`),
    cells: list(f.cells, `${what}.cells`, boardCell),
  };
}

export function boardShape(from: unknown): Board {
  const f = fields(from, 'board');
  return {
    closed: f.closed === true,
    steps: list(f.steps, 'steps', boardStep),
    participants: list(f.participants, 'participants', participant),
  };
}
