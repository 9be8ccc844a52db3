import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scenarioShape } from '../src/api/scenarioShape';
import { runShape, ShapeError } from '../src/api/shape';
import type { OutcomeRule, Param, Run } from '../src/api/types';
import { ConsoleLog } from '../src/console/lines';
import { familiesOf, nearest, search } from '../src/pages/search';
import { applies, fits, ruleOf } from '../src/store/outcome';
import { problemOf } from '../src/store/refusal';
import { parseRoute } from '../src/store/route';
import { checkText, defaults, fromQuery, queryOfValues, toQuery, valuesOf } from '../src/store/setup';
import { tokens } from '../src/ui/highlight';

const text = { en: 'x', zh: '某' };
const param = (name: string, rest: Partial<Param>): Param => ({
  name, title: text, help: text, type: 'integer', minimum: 1, maximum: 16, fallback: 5, choices: [],
  common: false, ...rest,
});
const PARAMS: readonly Param[] = [
  param('workers', {}),
  param('jitter', { type: 'number', minimum: 0, maximum: 1, fallback: 0.5 }),
  param('loud', { type: 'boolean', fallback: false }),
  param('variant', { type: 'choice', fallback: 'none', choices: [{ value: 'none', title: text }, { value: 'lock', title: text }] }),
  param('times', { type: 'integer-list', minimum: 0, maximum: 900, fallback: [400, 100] }),
];
const problem = (name: string, value: string): string | undefined =>
  checkText(PARAMS.find((p) => p.name === name) ?? PARAMS[0], value)?.key;

test('texts of a form are checked as the server will', () => {
  assert.equal(problem('workers', ' 16 '), undefined);
  assert.equal(problem('workers', '17'), 'form.error.range');
  assert.equal(problem('workers', '0'), 'form.error.range');
  for (const bad of ['', '1.5', '0x10', '1e1', 'abc']) assert.equal(problem('workers', bad), 'form.error.integer', bad);
  assert.equal(problem('jitter', '.5'), undefined);
  assert.equal(problem('jitter', '1.01'), 'form.error.range');
  assert.equal(problem('jitter', 'NaN'), 'form.error.number');
  assert.equal(problem('loud', 'yes'), 'form.error.boolean');
  assert.equal(problem('variant', 'atomic'), 'form.error.choice');
  assert.equal(problem('times', '400, 100'), undefined);
  assert.equal(problem('times', '400,,100'), 'form.error.list');
  assert.equal(problem('times', '400,901'), 'form.error.range');
  assert.equal(problem('times', Array(64).fill(1).join()), undefined);
  assert.equal(problem('times', Array(65).fill(1).join()), 'form.error.many');
});

test('a setup is whole in its address', () => {
  const texts = { ...defaults(PARAMS), workers: '3', times: '1,2' };
  const query = toQuery(PARAMS, texts);
  assert.equal(query, 'workers=3&times=1,2');
  assert.deepEqual(fromQuery(PARAMS, `?${query}`), texts);
  assert.equal(toQuery(PARAMS, defaults(PARAMS)), '');
  const values = valuesOf(PARAMS, texts);
  assert.deepEqual(values, { workers: 3, jitter: 0.5, loud: false, variant: 'none', times: [1, 2] });
  assert.equal(queryOfValues(PARAMS, values), query);
});

test('an address may say what is wrong: it is kept, to be shown', () => {
  assert.equal(fromQuery(PARAMS, '?workers=900').workers, '900');
});

test('patterns and conditions of outcomes', () => {
  assert.ok(fits('count=*', 'count=-7'));
  assert.ok(fits('items=* end', 'items=10 end'));
  assert.ok(!fits('count=0', 'count=00'));
  assert.ok(!fits('a.c', 'abc'));
  assert.ok(applies('variant=lock&workers!=2', { variant: 'lock', workers: 3 }));
  assert.ok(!applies('variant=lock&workers!=2', { variant: 'lock', workers: 2 }));
  assert.ok(!applies('unknown=1', { variant: 'lock' }));
});

const RUN: unknown = {
  id: 'r', scenario: 's', params: { variant: 'none' }, status: 'done', ended: 'completed',
  outcome: { text: 'count=3', class: 'interesting', rule: null },
};
const rule = (pattern: string, ended: string, when: string): OutcomeRule =>
  ({ pattern, ended, when, class: 'interesting', meaning: text });

test('the declared outcome of a run', () => {
  const rules = [rule('count=0', 'completed', ''), rule('count=*', 'completed', 'variant=lock'),
    rule('count=*', 'completed', ''), rule('timeout', 'timeout', '')];
  const run: Run = runShape(RUN);
  assert.equal(ruleOf(rules, run), rules[2]);
  assert.equal(ruleOf(rules, { ...run, ended: 'timeout', outcome: null }), rules[3]);
  assert.equal(ruleOf(rules, { ...run, ended: 'crashed', outcome: null }), null);
  assert.equal(ruleOf(rules, { ...run, outcome: { text: 'x', class: null, rule: 0 } }), rules[0]);
});

test('answers that are not what was agreed are refused', () => {
  assert.throws(() => runShape(null), ShapeError);
  assert.throws(() => runShape({ ...(RUN as object), status: 'gone' }), /status is none of/);
  assert.throws(() => scenarioShape({ id: 's' }), /family is not text/);
});

test('pages and addresses', () => {
  assert.deepEqual(parseRoute('/', ''), { page: 'gallery' });
  assert.deepEqual(parseRoute('/s/a-b', '?n=1'), { page: 'scenario', id: 'a-b', query: '?n=1' });
  assert.deepEqual(parseRoute('/r/x/', ''), { page: 'run', id: 'x', of: null });
  for (const path of ['/s', '/r/a/b', '/y/y', '/%E0%A4%A']) assert.equal(parseRoute(path, '').page, 'missing', path);
});

const scenario = (id: string, family: string, zh: string) =>
  ({ id, family, number: 1, title: { en: id, zh }, summary: text, lesson: text });

test('scenarios are found in either language; families keep their order', () => {
  const all = [scenario('race-counter', 'locks', '计数器'), scenario('pool-map-order', 'pools', '进程池'),
    scenario('odd', 'other', '别的')];
  const found = (query: string): string[] => search(all, query, (f) => f).map((s) => s.id);
  assert.deepEqual(found('计数'), ['race-counter']);
  assert.deepEqual(found('POOL order'), ['pool-map-order']);
  assert.deepEqual(found('pool counter'), []);
  assert.deepEqual(familiesOf(all), ['pools', 'locks', 'other']);
  assert.deepEqual(nearest(all.map((s) => s.id), 'race-conter', 2)[0], 'race-counter');
});

test('output becomes lines, also when it is not ended or overwrites itself', () => {
  const log = new ConsoleLog();
  log.add([{ task: 1, t: 5, text: 'a\nb\n' }, { task: 2, t: 6, text: '\r50 %' }, { task: null, t: 7, text: '\n' }]);
  assert.deepEqual(log.lines.map((l) => [l.task, l.text]), [[1, 'a'], [1, 'b'], [2, ''], [2, '50 %'], [null, '']]);
});

test('the lexer keeps every character', () => {
  const c = '#include <x.h>\n/* a */ static int f(void) { return 0x1f + "s\\"" [0]; } // 中文\n';
  assert.equal(tokens(c, 'c').map((t) => t.text).join(''), c);
  assert.deepEqual(tokens('return f(1)', 'c').map((t) => t.kind), ['keyword', 'plain', 'call', 'plain', 'number', 'plain']);
  const python = 'x = yield r  # why\nprint(f"a")';
  assert.equal(tokens(python, 'python').map((t) => t.text).join(''), python);
  assert.ok(tokens(python, 'python').some((t) => t.kind === 'keyword' && t.text === 'yield'));
});

test('what the server objects to is said by its code, in the words of the form', () => {
  const said = (code: string, detail = 'x', pointer = '/schedule/depth', bounds: readonly (number | null)[] = []): unknown[] => {
    const [minimum = null, maximum = null] = bounds;
    const { key, args } = problemOf({ pointer, code, detail, minimum, maximum });
    return [key, ...Object.values(args ?? {})];
  };
  assert.deepEqual(said('out-of-range', 'too much', '/x', [-5, 0.5]), ['form.error.range', -5, 0.5]);
  assert.deepEqual(said('out-of-range', 'must be 1 to 16, was 99'), ['refused.other', 'must be 1 to 16, was 99']);
  assert.deepEqual(said('not-an-integer'), ['form.error.integer']);
  assert.deepEqual(said('not-a-token'), ['refused.token']);
  assert.deepEqual(said('token-of-another-scenario'), ['refused.token.scenario']);
  assert.deepEqual(said('token-of-other-parameters'), ['refused.token.parameters']);
  assert.deepEqual(said('token-of-another-version'), ['refused.token.version']);
  assert.deepEqual(said('not-a-number-of-steps'), ['refused.token.steps']);
  assert.deepEqual(said('too-many'), ['form.error.many', 64]);
  assert.deepEqual(said('too-long'), ['refused.long']);
  assert.deepEqual(said('unknown', 'x', '/params/threads'), ['refused.unknown', 'threads']);
  assert.deepEqual(said('unknown', 'x', '/beside'), ['refused.beside']);
  assert.deepEqual(said('different', 'x', '/beside'), ['refused.different']);
  assert.deepEqual(said('full', 'x', '/workshop/name'), ['refused.full.people']);
  assert.deepEqual(said('full', 'x', '/workshop/id'), ['refused.full.runs']);
  assert.deepEqual(said('news', 'is a new rule'), ['refused.other', 'is a new rule']);
});
