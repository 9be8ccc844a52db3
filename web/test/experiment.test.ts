import assert from 'node:assert/strict';
import { test } from 'node:test';
import { experimentShape } from '../src/api/experimentShape';
import { ShapeError } from '../src/api/shape';
import type { Experiment, OutcomeRule } from '../src/api/types';
import { layOutBins, shortNames } from '../src/charts/histogram';
import {
  classOf, compare, foundAll, leadOf, mostOften, naturalOrder, outcomeRows,
} from '../src/store/experiment';

const found = (text: string, count: number, rest: object = {}): object => ({
  text, class: 'acceptable', rule: 0, ended: 'completed', count, share: count / 100, preemptions: null,
  first: 1, run: null, token: null, ...rest,
});
const EXPLORED: Experiment = experimentShape({
  id: 'e', kind: 'explore', scenario: 's', params: { n: 2 }, count: null, max_preemptions: null,
  max_schedules: 1000000, max_seconds: 20, timing: 'ignored', beside: 'r', status: 'done', queue_position: null,
  ended: 'completed', progress: { done: 34, total: null }, complete: true, schedules: 34, blocked: 2, cut: 0,
  outcomes: [
    found('count=4', 20, { preemptions: 0, token: 'a' }), found('count=2', 8, { preemptions: 2, token: 'b' }),
    found('deadlock', 6, { ended: 'deadlock', class: 'forbidden', rule: 1, preemptions: 1, token: 'c' }),
  ],
});
const REPEATED: Experiment = experimentShape({
  id: 'r', kind: 'repeat', scenario: 's', params: { n: 2 }, count: 200, status: 'done', ended: 'completed',
  progress: { done: 200, total: 200 }, complete: true, outcomes: [
    found('count=4', 197, { run: 'x' }), found('timeout', 2, { ended: 'timeout', class: 'forbidden', rule: 1, run: 'y' }),
    found('count=9', 1, { run: 'z' }),
  ],
});

test('an experiment as the server tells it', () => {
  assert.equal(EXPLORED.outcomes[1].token, 'b');
  assert.deepEqual([EXPLORED.total, EXPLORED.done, REPEATED.total], [null, 34, 200]);
  assert.throws(() => experimentShape({ id: 'e', kind: 'guess', scenario: 's', params: {}, status: 'done' }), ShapeError);
});

test('possible beside seen: by outcome, a deadlock also when it ended at a limit', () => {
  const rows = outcomeRows(EXPLORED, REPEATED);
  assert.deepEqual(rows.map((row) => [row.outcome.text, row.explored?.count ?? 0, row.repeated?.count ?? 0]),
    [['count=4', 20, 197], ['count=2', 8, 0], ['deadlock', 6, 2], ['count=9', 0, 1]]);
  assert.deepEqual(outcomeRows(REPEATED, EXPLORED).map((row) => row.key), rows.map((row) => row.key));
  const { missed, extra } = compare(rows);
  assert.deepEqual([missed.map((row) => row.outcome.text), extra.map((row) => row.outcome.text)], [['count=2'], ['count=9']]);
  assert.deepEqual(outcomeRows(REPEATED, null).map((row) => row.repeated?.count), [197, 2, 1]);
});

test('a histogram goes by the numbers, with what never completed at its end', () => {
  const names = ['count=10', 'z', 'count=9', 'b=5', 'count=-3', 'abc', 'deadlock'];
  const rows = outcomeRows({ ...EXPLORED, outcomes: names.map((text, i) => ({
    ...EXPLORED.outcomes[0], text, rule: null, count: 9 - i, ended: text === 'deadlock' ? 'deadlock' : 'completed',
  })) }, null);
  assert.deepEqual(naturalOrder(rows).map((row) => row.outcome.text),
    ['count=-3', 'b=5', 'count=9', 'count=10', 'abc', 'z', 'deadlock']);
});

test('what came most often: in the experiment that is asked for, whatever the other says', () => {
  const outcomes = [found('count=4', 10), found('count=2', 190)];
  const repeated = experimentShape({ ...REPEATED, outcomes, progress: { done: 200, total: 200 } });
  const most = (one: Experiment, other: Experiment | null): unknown[] => {
    const { row, share } = mostOften(outcomeRows(one, other), one.kind);
    return [row.outcome.text, share];
  };
  assert.deepEqual(most(EXPLORED, repeated), ['count=4', 0.2]);
  assert.deepEqual(most(repeated, EXPLORED), ['count=2', 1.9]);
  assert.deepEqual(most({ ...repeated, outcomes: [] }, EXPLORED), ['count=4', 0.2]);
});

test('only an exploration without a bound that is done and complete found everything', () => {
  assert.equal(foundAll(EXPLORED), true);
  assert.equal(foundAll({ ...EXPLORED, maxPreemptions: 0 }), false);
  assert.equal(foundAll({ ...EXPLORED, complete: false, ended: 'time-limit' }), false);
  assert.equal(foundAll({ ...EXPLORED, status: 'running' }), false);
});

test('how far it got, in a sentence', () => {
  const lead = (rest: Partial<Experiment>, of: Experiment = EXPLORED): string => {
    const { key, args } = leadOf({ ...of, ...rest });
    return `${key.replace('experiment.lead.', '')} ${Object.values(args).join(' ')}`;
  };
  assert.equal(lead({}), 'complete 34');
  assert.equal(lead({ maxPreemptions: 2 }), 'within 34 2');
  assert.equal(lead({ complete: false, ended: 'schedule-limit', maxSchedules: 34 }), 'schedules 34');
  assert.equal(lead({ complete: false, ended: 'time-limit' }), 'time 34 20');
  assert.equal(lead({ complete: false, ended: 'cancelled' }), 'cancelled 34');
  assert.equal(lead({ complete: false, ended: 'crashed' }), 'failed 34');
  assert.equal(lead({ status: 'running', ended: null, complete: false }), 'exploring 34');
  assert.equal(lead({}, REPEATED), 'repeated 200');
  assert.equal(lead({ status: 'running', ended: null, done: 7 }, REPEATED), 'repeating 7 200');
  assert.equal(lead({ ended: 'cancelled', done: 7 }, REPEATED), 'repeatCancelled 7 200');
});

test('the class of an outcome: judged, or declared', () => {
  const rules: readonly OutcomeRule[] = [
    { pattern: 'a', ended: '', when: '', class: 'forbidden', meaning: { en: 'x', zh: '某' } },
  ];
  assert.equal(classOf({ ...EXPLORED.outcomes[0], class: null }, rules), 'forbidden');
  assert.equal(classOf({ ...EXPLORED.outcomes[0], class: null, rule: null }, rules), null);
});

test('columns: as high as their share, one beside the other, what came at all is seen', () => {
  const { columns, rooms, highest } = layOutBins([[0.5, 0.25], [0.0001, 0]], 100, 120);
  assert.equal(highest, 0.5);
  assert.deepEqual(rooms.map((room) => room.x), [0, 50]);
  assert.equal(columns[0][0]?.height, 120);
  assert.equal(columns[0][1]?.height, 60);
  assert.ok((columns[0][0]?.x ?? 0) + (columns[0][0]?.width ?? 0) <= (columns[0][1]?.x ?? 0));
  assert.equal(columns[1][0]?.height, 2);
  assert.equal(columns[1][1], null);
});

test('names below columns leave out what all begin with', () => {
  assert.deepEqual(shortNames(['count=-1', 'count=12']), ['-1', '12']);
  assert.deepEqual(shortNames(['main=1 left=0', 'main=1 left=2']), ['0', '2']);
  assert.deepEqual(shortNames(['abc', 'abd']), ['abc', 'abd']);
  assert.deepEqual(shortNames(['count=1']), ['count=1']);
});

test('a way that was made shorter, in a sentence', () => {
  const shrunk = (rest: object, preemptions: number | null): string => {
    const outcomes = preemptions === null ? [] : [found('count=-15', 1, { share: null, preemptions, token: 't' })];
    const { key, args } = leadOf(experimentShape({
      id: 'x', kind: 'shrink', scenario: 's', params: {}, status: 'done', ended: 'completed', token: 'given',
      given_preemptions: 395, complete: true, schedules: 9, progress: { done: 9, total: null }, outcomes, ...rest,
    }));
    return `${key.replace('experiment.lead.', '')} ${Object.values(args).join(' ')}`;
  };
  assert.equal(shrunk({}, 2), 'shortest 395 2');
  assert.equal(shrunk({ given_preemptions: 2 }, 2), 'short 2 2');
  assert.equal(shrunk({ complete: false, ended: 'time-limit' }, 7), 'shorter 395 7');
  assert.equal(shrunk({ complete: false, ended: 'cancelled' }, 395), 'noShorter 395 395');
  assert.equal(shrunk({ complete: false, ended: 'replay-failed', given_preemptions: null }, null), 'unfollowed ');
  assert.equal(shrunk({ complete: false, ended: 'crashed', given_preemptions: null }, null), 'failed 9');
  assert.equal(shrunk({ status: 'running', ended: null, complete: false }, 40), 'shrinking 9 40');
  assert.equal(shrunk({ status: 'queued', ended: null, given_preemptions: null }, null), 'exploring 9');
});
