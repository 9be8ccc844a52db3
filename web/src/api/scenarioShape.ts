// The guard for a whole scenario.
import {
  CLASSES, MODES, bilingual, bilingualOrNull, fields, figures, isFields, list, listOr,
  numberOrNull, oneOf, summaryShape, text, textOr, value,
} from './shape';
import type {
  ChartKind, Choice, Column, OutcomeRule, Param, ParamType, Reference, Scenario,
} from './types';

const TYPES: readonly ParamType[] = ['integer', 'number', 'boolean', 'choice', 'integer-list'];
const CHARTS: readonly ChartKind[] = [
  'none', 'order', 'value', 'turns', 'level', 'tree', 'shares', 'matrix', 'curve', 'bars',
];

function choice(from: unknown, what: string): Choice {
  const f = fields(from, what);
  return { value: text(f.value, `${what}.value`), title: bilingual(f.title, `${what}.title`) };
}

function param(from: unknown, what: string): Param {
  const f = fields(from, what);
  return {
    name: text(f.name, `${what}.name`),
    title: bilingual(f.title, `${what}.title`),
    help: bilingual(f.help, `${what}.help`),
    type: oneOf(f.type, `${what}.type`, TYPES),
    minimum: numberOrNull(f.minimum),
    maximum: numberOrNull(f.maximum),
    fallback: value(f.default, `${what}.default`),
    choices: list(listOr(f.choices), `${what}.choices`, choice),
    common: f.common === true,
  };
}

function outcome(from: unknown, what: string): OutcomeRule {
  const f = fields(from, what);
  return {
    pattern: textOr(f.pattern, ''),
    ended: textOr(f.ended, ''),
    when: textOr(f.when, ''),
    class: oneOf(f.class, `${what}.class`, CLASSES),
    meaning: bilingual(f.meaning, `${what}.meaning`),
  };
}

function column(from: unknown, what: string): Column {
  const f = fields(from, what);
  return {
    name: text(f.name, `${what}.name`),
    title: bilingual(f.title, `${what}.title`),
    unit: textOr(f.unit, ''),
    repeats: f.repeats === true,
  };
}

function reference(from: unknown): Reference | null {
  if (!isFields(from)) return null;
  const rows = Object.entries(fields(from.rows, 'reference.rows'));
  return {
    name: text(from.name, 'reference.name'),
    params: isFields(from.params) ? from.params : {},
    rows: Object.fromEntries(rows.map(([row, of]) => [row, figures(of)])),
  };
}

export function scenarioShape(from: unknown): Scenario {
  const f = fields(from, 'scenario');
  return {
    ...summaryShape(from, 'scenario'),
    params: list(f.params, 'params', param),
    python: textOr(f.python, ''),
    chart: oneOf(f.chart ?? 'none', 'chart', CHARTS),
    outcomes: list(listOr(f.outcomes), 'outcomes', outcome),
    checks: list(listOr(f.checks), 'checks', (item, what) => {
      const check = fields(item, what);
      return { name: text(check.name, what), title: bilingual(check.title, what) };
    }),
    columns: list(listOr(f.columns), 'columns', column),
    reference: reference(f.reference),
    schedules: MODES.filter((mode) => mode === 'free' || list(listOr(f.schedules), 'schedules', text).includes(mode)),
    explorable: f.explorable === true,
    freeOnly: bilingualOrNull(f.free_only, 'free_only'),
  };
}
