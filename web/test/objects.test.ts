// An object's moments: from change to change, from event to event, and what is said of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signal } from '@preact/signals';
import { en } from '../src/messages/en';
import { formatMessage } from '../src/messages/message';
import { zhCN } from '../src/messages/zh-CN';
import type { App } from '../src/store/app';
import type { Language } from '../src/store/prefs';
import { eventOf, momentAbout, stepChange, stepEvent, toCause } from '../src/timeline/moves';
import { told } from '../src/timeline/sentences';
import { changesOf, eventAbout, periodBefore, periodOf } from '../src/trace/changes';
import { TraceDecoder } from '../src/trace/decode';
import { EVENT, OBJECT } from '../src/trace/kinds.gen';
import { sliceAt } from '../src/trace/lane';
import { advance, newModel, type Model } from '../src/trace/model';
import { stepAt } from '../src/trace/steps';
import { stripsOf } from '../src/trace/strips';
import { waitsAt } from '../src/trace/waits';
import { traceOf, type TestEvent } from './encode';
import { numbers } from './random';

const OBJECTS = [
  { kind: OBJECT.LOCK, name: 'lock' }, { kind: OBJECT.QUEUE, name: 'queue' }, { kind: OBJECT.SEMAPHORE, name: 'sem' },
];
const [LOCK, QUEUE, SEMAPHORE] = [0, 1, 2];

function modelOf(events: readonly TestEvent[], tasks = 4): Model {
  const decoder = new TraceDecoder();
  decoder.push(traceOf(tasks, OBJECTS, events));
  const model = newModel(decoder.log);
  advance(model);
  return model;
}

const appIn = (language: Language): App => ({
  language: signal(language),
  t: (key, args) => formatMessage((language === 'en' ? en : zhCN)[key], args ?? {}, language),
  space: () => (language === 'zh-CN' ? '' : ' '),
}) as App;

const EVENTS: readonly TestEvent[] = [
  { t: 0, task: 0, kind: EVENT.TASK_STARTED },
  { t: 5, task: 0, kind: EVENT.CAPACITY, object: QUEUE, value: 2 },
  { t: 6, task: 0, kind: EVENT.CAPACITY, object: SEMAPHORE, value: 3 },
  { t: 10, task: 1, kind: EVENT.TASK_STARTED },
  { t: 20, task: 1, kind: EVENT.LOCK_ACQUIRED, object: LOCK },
  { t: 30, task: 0, kind: EVENT.LOCK_WAIT, object: LOCK },
  { t: 40, task: 2, kind: EVENT.TASK_STARTED },
  { t: 45, task: 2, kind: EVENT.LOCK_WAIT, object: LOCK },
  { t: 50, task: 1, kind: EVENT.LOCK_RELEASED, object: LOCK },
  { t: 51, task: 0, kind: EVENT.LOCK_ACQUIRED, object: LOCK, cause: 8 },
  { t: 60, task: 1, kind: EVENT.QUEUE_PUT, object: QUEUE, aux: 1 },
  { t: 70, task: 1, kind: EVENT.SEMAPHORE_ACQUIRED, object: SEMAPHORE, aux: 2 },
  { t: 80, task: 0, kind: EVENT.LOCK_RELEASED, object: LOCK },
  { t: 81, task: 2, kind: EVENT.LOCK_ACQUIRED, object: LOCK, cause: 12 },
];

test('an object is stepped through from change to change, there and back', () => {
  const model = modelOf(EVENTS);
  const changes = changesOf(model.owners.get(LOCK), stripsOf(model).get(LOCK));
  const seen: number[] = [];
  for (let t = 0; seen.at(-1) !== t;) {
    seen.push(t);
    t = stepChange(model, changes, LOCK, t, 1).t;
  }
  assert.deepEqual(seen, [0, 20, 30, 45, 50, 51, 80, 81]);
  const back = [81];
  for (let t = 81; t > 0;) back.push(t = stepChange(model, changes, LOCK, t, -1).t);
  assert.deepEqual(back, [...seen].reverse());
  assert.deepEqual(stepChange(model, changes, LOCK, 47, 1), { task: 1, t: 50, event: -1, object: LOCK });
});

test('its events are those of all tasks; from one of them the cause is a task’s', () => {
  const model = modelOf(EVENTS);
  let at = momentAbout(model, LOCK, 47);
  assert.deepEqual(at, { task: 2, t: 47, event: -1, object: LOCK }, 'the task that was last at it');
  const ahead = [0, 1, 2, 3, 4].map(() => (at = stepEvent(model, at, 1)).event);
  assert.deepEqual(ahead, [8, 9, 12, 13, 13]);
  assert.deepEqual(at, { task: 2, t: 81, event: 13, object: LOCK });
  assert.equal(stepEvent(model, momentAbout(model, LOCK, 47), -1).event, 7);
  assert.deepEqual(toCause(model, at), { task: 0, t: 80, event: 12 });
  assert.deepEqual(momentAbout(model, QUEUE, 0), { task: 0, t: 0, event: -1, object: QUEUE }, 'before all it is of who made it');
  assert.equal(eventOf(model, momentAbout(model, QUEUE, 0)), -1);
});

test('what is said of an object: who has it, how full it is, who waits', () => {
  const model = modelOf(EVENTS);
  const strips = stripsOf(model);
  const said = (object: number, t: number, language: Language): string => {
    const { name, sentence, from, to } = told(appIn(language), { model, strips: () => strips }, momentAbout(model, object, t))!;
    return `${name}: ${sentence} ${from} ${to}`;
  };
  assert.equal(said(LOCK, 47, 'en'), 'lock: held by t1. Waiting for it: main and t2. 45 50');
  assert.equal(said(LOCK, 47, 'zh-CN'), 'lock: 由 t1 持有。在等它的是 main和t2。 45 50');
  assert.equal(said(LOCK, 5, 'en'), 'lock: free. Nobody waits for it. 0 20');
  assert.equal(said(QUEUE, 65, 'en'), 'queue: has 1 item of at most 2. Nobody waits for it. 60 81');
  assert.equal(said(SEMAPHORE, 75, 'en'), 'sem: has 2 permits left; 3 at first. With a permit: t1. Nobody waits for it. 70 81');
  assert.equal(said(SEMAPHORE, 75, 'zh-CN'), 'sem: 还剩 2 个名额，最初有 3 个。占着名额的是 t1。没有任务在等它。 70 81');
  const moment = { task: 2, t: 47, event: -1 };
  const task = told(appIn('en'), { model, strips: () => strips }, moment);
  assert.deepEqual([task?.name, task?.sentence, eventOf(model, moment)], ['t2', 'waits for lock, which t1 has.', 7]);
});

test('periods are what looking at every single moment finds', () => {
  const kinds = [EVENT.LOCK_WAIT, EVENT.LOCK_ACQUIRED, EVENT.LOCK_RELEASED, EVENT.QUEUE_PUT, EVENT.QUEUE_WAIT, EVENT.QUEUE_GOT, EVENT.NOTE];
  for (let seed = 1; seed <= 20; seed++) {
    const next = numbers(seed);
    const roll = (n: number): number => Math.floor(next() * n);
    const events: TestEvent[] = [0, 1, 2, 3].map((task) => ({ t: 0, task, kind: EVENT.TASK_STARTED }));
    for (let t = 1; t < 150; t += 1 + roll(3)) {
      const kind = kinds[roll(kinds.length)];
      events.push({ t, task: roll(4), kind, object: kind <= EVENT.LOCK_RELEASED && kind >= EVENT.LOCK_WAIT ? LOCK : QUEUE, aux: roll(4) });
    }
    const model = modelOf(events);
    const strips = stripsOf(model);
    for (const object of [LOCK, QUEUE]) {
      const strip = strips.get(object);
      const owners = model.owners.get(object);
      const looks = (t: number): string => {
        const waiting = waitsAt(model, t).waiting.filter((one) => one.object === object).length;
        const owner = owners === undefined ? -1 : owners.ref[sliceAt(owners, t)];
        return `${waiting} ${owner} ${strip === undefined ? -1 : strip.level.value[stepAt(strip.level, t)]}`;
      };
      const changes = changesOf(owners, strip);
      for (let t = 0; t < model.until; t++) {
        const [from, to] = periodOf(changes, t, model.until);
        assert.ok(from <= t && t < to, `${seed} ${t}`);
        for (let at = from; at < to; at++) assert.equal(looks(at), looks(t), `${seed} ${object} ${at} in ${from} to ${to}`);
        if (from > 0) assert.notEqual(looks(from - 1), looks(from), `${seed} ${object}: a change at ${from}`);
        const [earlier] = periodOf(changes, from - 1, model.until);
        if (from > 0 && earlier > 0) assert.equal(periodBefore(changes, t), earlier);
      }
      const last = (t: number): number => events.reduce((best, e, i) => (e.object === object && e.t <= t ? i : best), -1);
      for (let t = 149; t >= 0; t -= 7)
        assert.equal(eventAbout(model.log, object, t), last(t));
    }
  }
});
