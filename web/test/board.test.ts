import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ShapeError } from '../src/api/shape';
import type { Board, OutcomeRule } from '../src/api/types';
import { boardShape } from '../src/api/workshopShape';
import {
  byMeaning, cellOf, countsOf, merge, ruleOfSeen, sorted, stepsDone, stepsUsed, tally,
} from '../src/store/board';

const outcome = (count: number, rule: number | null, runs = 1): object => ({
  text: `count=${count}`, class: rule === 0 ? 'acceptable' : rule === 1 ? 'interesting' : null, ended: 'completed', rule, runs,
  participants: runs,
});
const cell = (step: number, saw: readonly number[], rest: object = {}): object => ({
  step, runs: Math.max(1, saw.length), run: `r${step}`, status: saw.length > 0 ? 'done' : 'running', outcome: null, saw, ...rest,
});
const person = (name: string, step: number, cells: readonly object[]): object => ({ name, step, at: '', cells });
const step = (at: number, runs: number, done: number, outcomes: readonly object[]): object =>
  ({ step: at, participants: runs, runs, done, outcomes });

const BOARD: Board = boardShape({
  id: 'a', closed: false, version: 3,
  steps: [step(0, 6, 5, [outcome(20, 0), outcome(18, 1), outcome(17, 1), outcome(9, null)]), step(1, 0, 0, [])],
  participants: [
    person('Cem 10', 0, [cell(0, [0])]),
    person('Ann', 0, [cell(0, [1, 2])]),
    person('Bob', 0, [cell(0, [0, 1])]),
    person('Cem 9', 0, [cell(0, [])]),
  ],
});
const text = { en: 'x', zh: '某' };
const rule = (pattern: string, ended = '', when = ''): OutcomeRule =>
  ({ pattern, ended, when, class: 'interesting', meaning: text });
const RULES = [rule('count=20'), rule('count=*'), rule('', 'deadlock', 'threads=2')];

test('a board as the server tells it; whatever else is refused', () => {
  assert.deepEqual(countsOf(BOARD), { participants: 4, runs: 6, going: 1 });
  assert.equal(cellOf(BOARD.participants[3], 0)?.going, true);
  assert.equal(cellOf(BOARD.participants[0], 1), null);
  assert.throws(() => boardShape({ steps: [], participants: [{ name: 7, step: 0, cells: [] }] }), ShapeError);
  assert.throws(() => boardShape({ participants: [] }), ShapeError);
});

test('a change takes the place of what it names, and leaves the rest', () => {
  const change = boardShape({
    closed: true,
    steps: [step(1, 1, 0, [])],
    participants: [person('Ann', 1, [cell(1, [])]), person('Dora', 0, [cell(0, [])])],
  });
  const after = merge(BOARD, change);
  assert.equal(after.closed, true);
  assert.deepEqual(after.participants.map(({ name }) => name), ['Cem 10', 'Ann', 'Bob', 'Cem 9', 'Dora']);
  const ann = after.participants[1];
  assert.deepEqual([ann.step, ann.cells.map((one) => one.step)], [1, [0, 1]], 'her first cell is kept');
  assert.deepEqual(after.steps.map((one) => one.runs), [6, 1]);
  assert.equal(after.participants[0], BOARD.participants[0], 'who did nothing is the same');
  assert.deepEqual(BOARD.participants.map(({ cells }) => cells.length), [1, 1, 1, 1], 'the old board is as it was');
});

test('changes one after the other lead to the board as it is told as a whole', () => {
  const empty = boardShape({ closed: false, steps: [step(0, 0, 0, []), step(1, 0, 0, [])], participants: [] });
  const { steps, participants } = BOARD;
  const parts: Board[] = [
    ...participants.map((one): Board => ({ closed: false, steps: [], participants: [{ ...one, cells: [] }] })),
    ...participants.map((one): Board => ({ closed: false, steps: [], participants: [one] })).reverse(),
    { closed: false, steps: [...steps].reverse(), participants: [] },
  ];
  assert.deepEqual(parts.reduce(merge, empty), BOARD);
});

test('everybody counts once in a meaning, however many ways they saw it', () => {
  const ruleOf = (seen: { readonly rule: number | null }): OutcomeRule | null => (seen.rule === null ? null : RULES[seen.rule]);
  const { total, groups } = tally(BOARD.steps[0], BOARD.participants, ruleOf, byMeaning(RULES));
  assert.equal(total, 3, 'who still waits has seen nothing');
  assert.deepEqual(groups.map(({ key, seen, class: of }) => [key, seen, of]),
    [['rule 0', 2, 'acceptable'], ['rule 1', 2, 'interesting']], 'what nobody here saw has no row');
  const named = tally(BOARD.steps[0], BOARD.participants, ruleOf, (seen) => seen.text ?? '');
  assert.deepEqual(named.groups.map(({ key, seen }) => [key, seen]), [['count=20', 2], ['count=18', 2], ['count=17', 1]]);
});

test('an outcome that is only an end has the meaning declared for that end', () => {
  const seen = { text: null, class: null, ended: 'deadlock', rule: null };
  assert.equal(ruleOfSeen(RULES, { threads: 2 }, seen), RULES[2]);
  assert.equal(ruleOfSeen(RULES, { threads: 3 }, seen), null);
  assert.equal(ruleOfSeen(RULES, {}, { ...seen, ended: null }), null);
  assert.equal(ruleOfSeen(RULES, {}, { ...seen, rule: 1 }), RULES[1]);
});

test('by name as people count, by progress who is furthest first', () => {
  assert.deepEqual(sorted(BOARD.participants, 'name', 'en').map(({ name }) => name), ['Ann', 'Bob', 'Cem 9', 'Cem 10']);
  assert.deepEqual(sorted(BOARD.participants, 'progress', 'en').map(({ name }) => name), ['Ann', 'Bob', 'Cem 10', 'Cem 9']);
  assert.deepEqual(BOARD.participants.map(stepsDone), [1, 1, 1, 0]);
  assert.deepEqual([stepsUsed(BOARD), stepsUsed({ ...BOARD, steps: [] })], [1, 0]);
});
