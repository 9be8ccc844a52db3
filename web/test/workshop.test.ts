import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scenarioShape } from '../src/api/scenarioShape';
import { workshopShape } from '../src/api/workshopShape';
import {
  NO_DRAFT, addStep, adopted, changeStep, draftOf, draftText, isWrong, moveStep, noteProblem, parseDraft, refusedDraft, removeStep,
  requestOf, stepsProblem, titleProblem, type Draft,
} from '../src/store/draft';
import { keptBy } from '../src/store/keep';
import { boardPath, editPath, parseRoute, workshopPath } from '../src/store/route';
import { idIn, isName, kept, parseWorkshops, plainId, sameName } from '../src/store/workshops';
import { darkPath } from '../src/ui/Qr';

const title = { en: 'x', zh: '某' };
const int = (name: string, fallback: number): object =>
  ({ name, title, help: title, type: 'integer', minimum: 0, maximum: 100, default: fallback });
const SCENARIO = scenarioShape({
  id: 'race', family: 'locks', title, summary: title, lesson: title, params: [int('n', 5), int('seed', 1)],
  schedules: ['free', 'random', 'pct'], outcomes: [],
});
const SCENARIOS = { race: SCENARIO };
const THREE = ['n=1', 'n=2', 'n=3'].reduce((draft, query) => addStep(draft, 'race', query), NO_DRAFT);
const order = ({ steps }: Draft): string => steps.map(({ query }) => query.slice(2)).join('');

test('the addresses of a workshop', () => {
  assert.deepEqual(parseRoute('/w', ''), { page: 'join' });
  assert.deepEqual(parseRoute('/w/new', ''), { page: 'make', id: null });
  assert.deepEqual(parseRoute(workshopPath('abc-def-gh2', 1), ''), parseRoute('/w/abc-def-gh2?step=2', ''));
  assert.deepEqual(parseRoute('/w/abc-def-gh2', '?step=2'), { page: 'workshop', id: 'abc-def-gh2', step: 1 });
  for (const step of ['0', '-1', 'x', '']) assert.deepEqual(parseRoute('/w/a', `?step=${step}`), { page: 'workshop', id: 'a', step: null });
  assert.deepEqual(parseRoute(boardPath('a'), ''), { page: 'board', id: 'a' });
  assert.deepEqual(parseRoute(editPath('a'), ''), { page: 'make', id: 'a' });
  assert.equal(parseRoute('/w/a/b', '').page, 'missing');
});

test('steps are moved, changed and removed; at the ends they stay', () => {
  const [first, , last] = THREE.steps;
  assert.equal(order(moveStep(THREE, first.key, 1)), '213');
  assert.equal(order(moveStep(THREE, last.key, -1)), '132');
  assert.equal(order(moveStep(THREE, first.key, -1)), '123');
  assert.equal(order(moveStep(THREE, last.key, 1)), '123');
  assert.equal(order(removeStep(THREE, first.key)), '23');
  assert.equal(order(changeStep(THREE, last.key, { query: 'n=9' })), '129');
  const added = addStep(removeStep(THREE, last.key), 'race', 'n=4');
  assert.equal(new Set(added.steps.map(({ key }) => key)).size, 3, 'keys tell steps apart');
});

test('a draft is kept as it is, and whatever else is kept is none', () => {
  const draft = { ...changeStep(THREE, 2, { note: 'a\nb' }), title: '星期一' };
  assert.deepEqual(parseDraft(draftText(draft)), draft);
  for (const bad of [null, '', '{', '7', '[]', '{"steps":7}', '{"steps":[7,{"scenario":8}]}']) {
    assert.deepEqual(parseDraft(bad), NO_DRAFT, String(bad));
  }
  assert.equal(parseDraft(JSON.stringify({ title: 7, steps: Array(50).fill({ scenario: 'race' }) })).steps.length, 40);
});

test('what is as declared stays open, so that everybody has a seed of their own', () => {
  const draft = changeStep(addStep({ ...NO_DRAFT, title: ' Monday ' }, 'race', 'n=7&seed=1&schedule=random'), 1, { note: 'look' });
  assert.deepEqual(requestOf(draft, SCENARIOS), {
    title: 'Monday',
    steps: [{ scenario: 'race', params: { n: 7 }, schedule: { mode: 'random', timing: 'virtual' }, note: 'look' }],
  });
  const [step] = requestOf(addStep(NO_DRAFT, 'race', ''), SCENARIOS).steps ?? [];
  assert.deepEqual(JSON.parse(JSON.stringify(step)), { scenario: 'race' });
});

test('a step that was not changed goes back as the server has it', () => {
  const stored = { scenario: 'race', params: { seed: 1, n: 3 }, schedule: { mode: 'random' }, note: 'old' };
  const workshop = workshopShape({ id: 'a', title: 'T', steps: [stored, { scenario: 'race' }] });
  assert.equal(workshop.key, null);
  const draft = draftOf(workshop, SCENARIOS);
  assert.equal(draft.steps[0].query, 'n=3&schedule=random');
  const sent = requestOf(changeStep(draft, 1, { note: 'new' }), SCENARIOS).steps ?? [];
  assert.deepEqual(sent[0], { ...stored, note: 'new' });
  const changed = requestOf(changeStep(draft, 1, { query: 'n=4' }), SCENARIOS).steps ?? [];
  assert.deepEqual(changed[0], { scenario: 'race', params: { n: 4 }, note: 'old' });
});

test('what is wrong is known before it is sent', () => {
  assert.equal(titleProblem('  ')?.key, 'make.error.title');
  assert.equal(titleProblem('雷'.repeat(120)), null);
  assert.equal(titleProblem('雷'.repeat(121))?.key, 'make.error.title');
  assert.equal(noteProblem('\u{1f600}'.repeat(2000)), null, 'characters, not halves of them');
  assert.equal(noteProblem('x'.repeat(2001))?.key, 'make.error.note');
  assert.equal(stepsProblem([])?.key, 'make.error.none');
  assert.equal(isWrong(THREE.steps[0], SCENARIO), false);
  assert.equal(isWrong(addStep(NO_DRAFT, 'race', 'n=101').steps[0], SCENARIO), true);
  assert.equal(isWrong(addStep(NO_DRAFT, 'race', 'schedule=pct:1:99').steps[0], SCENARIO), true);
  assert.equal(isWrong(THREE.steps[0], undefined), true);
});

test('what the server objects to is at its field', () => {
  const error = (pointer: string, code: string, bounds: object = {}): Parameters<typeof refusedDraft>[0][number] =>
    ({ pointer, code, detail: 'must be', minimum: null, maximum: null, ...bounds });
  const refused = refusedDraft([
    error('/title', 'out-of-range'), error('/steps/2/params/n', 'out-of-range', { minimum: 0, maximum: 9 }),
    error('/steps/2/note', 'too-long'), error('/steps/0/schedule/seed', 'not-an-integer'), error('/steps/1/scenario', 'unknown'),
  ]);
  assert.equal(refused.title?.key, 'make.error.title');
  assert.deepEqual(refused.each[2].params, { n: { key: 'form.error.range', args: { minimum: 0, maximum: 9 } } });
  assert.equal(refused.each[2].note?.key, 'make.error.note');
  assert.equal(refused.each[0].schedule.seed.key, 'form.error.integer');
  assert.equal(refused.each[1].other?.key, 'refused.unknown');
  assert.equal(refused.steps, null);
  assert.equal(refusedDraft([error('/steps', 'too-long')]).steps?.key, 'refused.long');
});

test('ids and names are those of the server', () => {
  for (const typed of ['ABC-def-gh2', 'abcdefgh2', ' abc def gh2 ']) assert.equal(plainId(typed), 'abc-def-gh2', typed);
  assert.equal(plainId('OIL-oil-000'), '011-011-000');
  assert.equal(sameName(' Ann', 'aNN '), true);
  assert.equal(sameName('Ä', 'ä'), false, 'only plain letters have two cases there');
  for (const name of ['a', '李雷', '\u{1f600}'.repeat(40)]) assert.equal(isName(name), true, name);
  for (const name of ['', '  ', 'x'.repeat(41), 'a\u0085b']) assert.equal(isName(name), false, name);
});

test('this browser keeps the latest workshops, each with its key and its name', () => {
  const list = kept(kept(kept([], 'a', { title: 'A', key: 'k' }), 'b', { name: 'Ann' }), 'a', { name: 'Bob' });
  assert.deepEqual(list, [{ id: 'a', title: 'A', key: 'k', name: 'Bob', fresh: false }, { id: 'b', title: 'b', key: null, name: 'Ann', fresh: false }]);
  assert.deepEqual(parseWorkshops(JSON.stringify(list)), list);
  assert.deepEqual(parseWorkshops('[7,{"id":1},{"id":"c"}]'), [{ id: 'c', title: 'c', key: null, name: null, fresh: false }]);
  for (const bad of [null, '{', '7', '{}']) assert.deepEqual(parseWorkshops(bad), [], String(bad));
  const many = Array.from({ length: 120 }).reduce<ReturnType<typeof kept>>((found, _, i) => kept(found, String(i), {}), []);
  assert.deepEqual([many.length, many[0].id], [100, '119']);
});

test('the dark modules of a code are strokes, row by row', () => {
  assert.equal(darkPath([[true, true, false, true], [false, false, true, true]]), 'M0 0h2v1h-2zM3 0h1v1h-1zM2 1h2v1h-2z');
  assert.equal(darkPath([[false]]), '');
});

test('a draft from another tab: what is in both keeps its key, what is new has one of its own', () => {
  const other = parseDraft(draftText(addStep({ ...removeStep(THREE, THREE.steps[0].key), title: 'T' }, 'race', 'n=3')));
  const draft = adopted(THREE, other);
  assert.deepEqual(draft.steps.map(({ query }) => query), ['n=2', 'n=3', 'n=3']);
  const keys = draft.steps.map(({ key }) => key);
  assert.deepEqual(keys.slice(0, 2), [THREE.steps[1].key, THREE.steps[2].key]);
  assert.ok(!THREE.steps.some(({ key }) => key === keys[2]), 'an open step is never shown as another one');
  assert.equal(draft.title, 'T');
  const changed = adopted(THREE, parseDraft(draftText(changeStep(THREE, THREE.steps[1].key, { note: 'x' }))));
  assert.deepEqual([...new Set(changed.steps.map(({ key }) => key))].length, 3);
  assert.notEqual(changed.steps[1].key, THREE.steps[1].key);
});

test('a link may be pasted where an id is wanted', () => {
  for (const typed of ['http://x:8080/w/abc-def-gh2', 'x/w/abc-def-gh2/board', '/w/abc-def-gh2?step=2#top', 'abc-def-gh2']) {
    assert.equal(idIn(typed), 'abc-def-gh2', typed);
  }
});

test('what a link leads to', () => {
  assert.deepEqual(keptBy('http://x:8080/r/a#v=1'), [['runs', 'a']]);
  assert.deepEqual(keptBy('/r/a?of=b'), [['runs', 'a'], ['runs', 'b']]);
  assert.deepEqual(keptBy('/embed/r/a'), [['runs', 'a']]);
  assert.deepEqual(keptBy('/c/a/b'), [['runs', 'a'], ['runs', 'b']]);
  assert.deepEqual(keptBy('/x/a'), [['experiments', 'a']]);
  for (const link of ['/', '/s/a?n=1', '/w/a', '/w/a/board']) assert.deepEqual(keptBy(link), [], link);
});
