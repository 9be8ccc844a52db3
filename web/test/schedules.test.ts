import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scenarioShape } from '../src/api/scenarioShape';
import { runShape, ShapeError } from '../src/api/shape';
import type { DataRace, RunSchedule } from '../src/api/types';
import { en } from '../src/messages/en';
import { formatMessage } from '../src/messages/message';
import { zhCN } from '../src/messages/zh-CN';
import { distinctRaces } from '../src/pages/schedules';
import { unfollowed } from '../src/store/refusal';
import { parseRoute, runPath } from '../src/store/route';
import {
  FREELY, SEED_MOST, checkSchedule, exactly, joinQuery, scheduleFromQuery, scheduleOf,
  scheduleToQuery, textsOfRun, type ScheduleTexts,
} from '../src/store/schedule';
import { defaultChoice, lineOf, prefixOf, stepOfEvent } from '../src/store/stepping';

const ALL = ['free', 'random', 'pct', 'round-robin', 'replay'] as const;
const texts = (rest: Partial<ScheduleTexts>): ScheduleTexts => ({ ...FREELY, ...rest });

test('a schedule is whole in its address', () => {
  const cases: readonly (readonly [ScheduleTexts, string])[] = [
    [FREELY, ''],
    [texts({ mode: 'random' }), 'schedule=random'],
    [texts({ mode: 'random', seed: '42' }), 'schedule=random:42'],
    [texts({ mode: 'pct' }), 'schedule=pct'],
    [texts({ mode: 'pct', seed: '7', depth: '5' }), 'schedule=pct:7:5'],
    [texts({ mode: 'pct', depth: '5' }), 'schedule=pct::5'],
    [texts({ mode: 'round-robin', timing: 'ignored' }), 'schedule=round-robin&timing=ignored'],
    [texts({ mode: 'replay', token: 'A1:b_-~12' }), 'schedule=replay:A1:b_-~12'],
    [texts({ mode: 'replay', token: 'a+b&c=d%' }), 'schedule=replay:a%2Bb%26c%3Dd%25'],
  ];
  for (const [schedule, query] of cases) {
    assert.equal(scheduleToQuery(schedule), query);
    assert.deepEqual(scheduleFromQuery(query), schedule, query);
  }
  assert.equal(joinQuery('', scheduleToQuery(FREELY)), '');
  assert.equal(joinQuery('n=2', 'schedule=random'), 'n=2&schedule=random');
});

test('what is wrong with a schedule, and where', () => {
  const wrong = (rest: Partial<ScheduleTexts>, modes: readonly typeof ALL[number][] = ALL): string | undefined => {
    const found = checkSchedule(texts(rest), modes);
    return found === null ? undefined : `${found.field} ${found.problem.key}`;
  };
  assert.equal(wrong({}), undefined);
  assert.equal(wrong({ mode: 'random' }), undefined, 'the server draws a seed');
  assert.equal(wrong({ mode: 'random', seed: String(SEED_MOST) }), undefined);
  assert.equal(wrong({ mode: 'random', seed: '9007199254740993' }), 'seed form.error.range');
  assert.equal(wrong({ mode: 'random', seed: '-1' }), 'seed form.error.integer');
  assert.equal(wrong({ mode: 'pct', depth: '17' }), 'depth form.error.range');
  assert.equal(wrong({ mode: 'pct', depth: '' }), 'depth form.error.integer');
  assert.equal(wrong({ mode: 'replay' }), 'token schedule.error.token');
  assert.equal(wrong({ mode: 'replay', token: 'x'.repeat(2001) }), 'token schedule.error.long');
  assert.equal(wrong({ mode: 'random' }, ['free']), 'mode schedule.error.mode');
  assert.equal(wrong({ mode: 'sideways' }), 'mode schedule.error.mode');
});

test('only what a mode takes is sent', () => {
  assert.deepEqual(scheduleOf(texts({ seed: '4', token: 'x' })), { mode: 'free' });
  assert.deepEqual(scheduleOf(texts({ mode: 'random', token: 'x' })), { mode: 'random', timing: 'virtual' });
  assert.deepEqual(scheduleOf(texts({ mode: 'pct', seed: ' 7 ' })), { mode: 'pct', seed: 7, depth: 3, timing: 'virtual' });
  assert.deepEqual(scheduleOf(texts({ mode: 'replay', token: ' t ', timing: 'ignored' })), { mode: 'replay', token: 't' });
});

const SCHEDULE: RunSchedule = {
  mode: 'random', seed: 42, depth: null, timing: 'ignored', token: 'tok', steps: 57, preemptions: 12, problem: null, reason: null,
};

test('again exactly: by the token, or by the seed when there is none', () => {
  assert.deepEqual(exactly(SCHEDULE), { mode: 'replay', token: 'tok' });
  assert.deepEqual(exactly({ ...SCHEDULE, token: null }), { mode: 'random', seed: 42, timing: 'ignored' });
  assert.equal(scheduleToQuery(textsOfRun(SCHEDULE)), 'schedule=random:42&timing=ignored');
  assert.equal(scheduleToQuery(textsOfRun({ ...SCHEDULE, mode: 'replay' })), 'schedule=replay:tok');
});

const RUN = { id: 'r', scenario: 's', params: {}, status: 'done', ended: 'stopped' };

test('why a token could not be followed is said by its code, in both languages', () => {
  const said = (reason: unknown): readonly (string | undefined)[] => {
    const { schedule } = runShape({ ...RUN, schedule: { mode: 'replay', problem: 'in English', reason } });
    const why = unfollowed(schedule);
    return why === null ? [schedule.problem ?? ''] : [en, zhCN].map((catalogue) => formatMessage(catalogue[why.key], why.args ?? {}, 'en'));
  };
  assert.deepEqual(said({ code: 'no-such-choice', step: 4, choice: 9, choices: 2 }),
    ['for operation 4 it takes choice 9, but there are only 2.', '第 4 步操作要选第 9 个，而当时只有 2 个可选。']);
  assert.deepEqual(said({ code: 'ended-earlier', step: 1 }),
    ['the program ended after 1 operation, before the token did.', '程序走完 1 步操作就结束了，令牌却还没有用完。']);
  for (const text of said({ code: 'other-operations' })) assert.doesNotMatch(text ?? '', /in English|[{}]/);
  for (const unknown of [undefined, null, 'x', {}, { code: 'news' }]) assert.deepEqual(said(unknown), ['in English']);
});

test('a controlled run as the server tells it', () => {
  const run = runShape({
    ...RUN,
    schedule: { mode: 'replay', seed: null, depth: null, timing: 'virtual', token: 'ab~3', steps: 3, preemptions: 1, problem: null },
    enabled: [{ task: 'thread 1', task_id: 1, operation: 'acquire', object: 'lock A', token: 'c' },
      { task: 'thread 2', task_id: 2, operation: 'sleep', object: null, token: 'd' }],
    races: [{ object: 'share', first: { task: 'a', task_id: 1, operation: 'read' }, second: { task: 'b', task_id: 2, operation: 'write' } }],
    explanation: { en: 'x', zh: '某' },
  });
  assert.deepEqual([run.enabled[0].taskId, run.enabled[1].object, run.races[0].second.operation], [1, null, 'write']);
  assert.deepEqual([lineOf(run)?.token, lineOf(run)?.steps], ['ab~3', 3]);
  const free = runShape({ ...RUN, schedule: { mode: 'free', seed: null, token: null } });
  assert.deepEqual([free.schedule.mode, free.enabled, free.explanation, lineOf(free)], ['free', [], null, null]);
  assert.throws(() => runShape({ ...RUN, schedule: { mode: 'explore' } }), ShapeError);
});

const SCENARIO = {
  id: 's', family: 'locks', title: { en: 'x', zh: '某' }, summary: { en: 'x', zh: '某' },
  lesson: { en: 'x', zh: '某' }, params: [],
};

test('races between the same two accesses are told once, the first of each', () => {
  const side = (taskId: number, operation: string, event: number) =>
    ({ task: `t${taskId}`, taskId, operation, object: null, event });
  const race = (first: ReturnType<typeof side>, second: ReturnType<typeof side>): DataRace =>
    ({ object: 'share', first, second });
  const found = distinctRaces([
    race(side(1, 'read', 3), side(2, 'write', 5)), race(side(2, 'write', 5), side(1, 'read', 9)),
    race(side(2, 'write', 5), side(1, 'write', 11)), race(side(1, 'read', 13), side(2, 'write', 15)),
  ]);
  assert.deepEqual(found.map(({ first, second }) => [first.event, second.event]), [[3, 5], [5, 11]]);
});

test('the schedules of a scenario: free is always there, unknown ones are passed over', () => {
  assert.deepEqual(scenarioShape({ ...SCENARIO, schedules: ['replay', 'random', 'tarot'], explorable: true }).schedules,
    ['free', 'random', 'replay']);
  const free = scenarioShape({ ...SCENARIO, schedules: ['free'], free_only: { en: 'forks', zh: '分叉' } });
  assert.deepEqual([free.schedules, free.explorable, free.freeOnly?.zh], [['free'], false, '分叉']);
  assert.equal(scenarioShape({ ...SCENARIO, free_only: null }).freeOnly, null);
});

test('a position is the token and how far to go', () => {
  assert.equal(prefixOf('abc', 0), 'abc~0');
  assert.equal(prefixOf('abc~12', 11), 'abc~11');
});

test('what comes next if nobody decides', () => {
  const choice = (taskId: number) => ({ task: `t${taskId}`, taskId, operation: 'read', object: null, token: `${taskId}` });
  assert.equal(defaultChoice([choice(1), choice(2)], 2)?.taskId, 2);
  assert.equal(defaultChoice([choice(1), choice(2)], 7)?.taskId, 1);
  assert.equal(defaultChoice([], 1), null);
});

test('the operation that recorded an event is found with few questions', async () => {
  // Operation k records k % 3 events; eventsAfter[k] is their sum, and two were there from the start.
  const eventsAfter = [2];
  for (let k = 1; k <= 400; k++) eventsAfter.push(eventsAfter[k - 1] + (k % 3));
  const events = eventsAfter[400];
  for (let rank = 0; rank < events; rank++) {
    let asked = 0;
    const step = await stepOfEvent(rank, 400, events, async (k) => {
      asked++;
      return eventsAfter[k];
    });
    assert.equal(step, eventsAfter.findIndex((n) => n > rank), `event ${rank}`);
    assert.ok(asked <= 12, `${asked} questions for event ${rank}`);
  }
});

test('addresses of positions and experiments', () => {
  assert.deepEqual(parseRoute('/r/a', '?of=b'), { page: 'run', id: 'a', of: 'b' });
  assert.equal(runPath('a', 'b'), '/r/a?of=b');
  assert.equal(runPath('a'), '/r/a');
  assert.deepEqual(parseRoute('/x/e', ''), { page: 'experiment', id: 'e' });
});
