import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TraceDecoder, TraceError } from '../src/trace/decode';
import { EVENT } from '../src/trace/kinds.gen';
import { recent, toJson } from '../src/trace/sort';
import { encodeChunk, type TestChunk } from './encode';

const golden = join(process.cwd(), '../tests/golden');
const goldens = existsSync(golden) ? readdirSync(golden).filter((name) => name.endsWith('.bin')) : [];

function decoded(...chunks: Uint8Array[]): TraceDecoder {
  const decoder = new TraceDecoder();
  for (const chunk of chunks) decoder.push(chunk);
  decoder.end();
  return decoder;
}

test('golden traces say what the C export says', () => {
  assert.ok(goldens.length > 0, `no golden trace in ${golden}`);
  for (const name of goldens) {
    const bytes = readFileSync(join(golden, name));
    const expected: unknown = JSON.parse(readFileSync(join(golden, name.replace('.bin', '.json')), 'utf8'));
    assert.deepEqual(toJson(decoded(bytes).log), expected, name);
  }
});

const FIRST: TestChunk = {
  tasks: [{ kind: 1, name: 'main' }, { kind: 2, name: '工人', parent: 0 }],
  objects: [{ kind: 2, name: 'lock' }],
  events: [
    { t: 10, task: 0, kind: EVENT.TASK_CREATED, value: 1 },
    { t: 20, task: 1, kind: EVENT.TASK_STARTED, cause: 0 },
    { t: 20, task: 1, kind: EVENT.LOCK_ACQUIRED, object: 0, aux: 7 },
  ],
};
const SECOND: TestChunk = {
  first: 3,
  wide: true,
  last: true,
  dropped: 5,
  skipped: 6,
  events: [{ t: 2 ** 40, task: 0, kind: EVENT.CELL_WROTE, value: -(2 ** 41), line: 300 }],
};

test('two chunks, narrow and wide', () => {
  const { log } = decoded(encodeChunk(FIRST), encodeChunk(SECOND));
  assert.equal(log.count, 4);
  assert.deepEqual([...log.t.subarray(0, 4)], [10, 20, 20, 2 ** 40]);
  assert.deepEqual([...log.cause.subarray(0, 4)], [-1, 0, -1, -1]);
  assert.equal(log.value[3], -(2 ** 41));
  assert.equal(log.aux[2], 7);
  assert.deepEqual([...log.line.subarray(0, 4)], [0, 0, 0, 300]);
  assert.equal(log.tasks[1].name, '工人');
  assert.deepEqual([log.dropped, log.skipped, log.complete], [5, 6, true]);
});

test('a log that is whole keeps no room for more', () => {
  const { log } = decoded(encodeChunk({ ...FIRST, last: true }));
  const { t, value, cause, task, object, aux, kind, line } = log;
  assert.deepEqual([t, value, cause, task, object, aux, kind, line].map((column) => column.length), new Array(8).fill(3));
  assert.deepEqual([...t], [10, 20, 20]);
});

test('bytes may come in any pieces', () => {
  const bytes = Buffer.concat([encodeChunk(FIRST), encodeChunk(SECOND)]);
  const decoder = new TraceDecoder();
  let events = 0;
  for (const byte of bytes) events += decoder.push(Uint8Array.of(byte));
  decoder.end();
  assert.equal(events, 4);
  assert.equal(decoder.offset, bytes.length);
});

test('after a lost connection it goes on at the last whole chunk', () => {
  const [first, second] = [encodeChunk(FIRST), encodeChunk(SECOND)];
  const decoder = new TraceDecoder();
  decoder.push(Buffer.concat([first, second.subarray(0, 30)]));
  decoder.resume();
  assert.equal(decoder.offset, first.length);
  decoder.push(second);
  assert.equal(decoder.log.complete, true);
});

test('bytes that end inside a chunk are reported', () => {
  const bytes = encodeChunk(FIRST);
  for (const cut of [1, 63, 64, bytes.length - 1]) {
    const decoder = new TraceDecoder();
    decoder.push(bytes.subarray(0, cut));
    assert.throws(() => decoder.end(), TraceError, `cut at ${cut}`);
  }
});

const refused: readonly [string, TestChunk | ((bytes: DataView) => void), RegExp][] = [
  ['magic', (v) => v.setUint8(0, 0), /not a trace chunk/],
  ['size', (v) => v.setUint32(4, 72, true), /says 72 bytes/],
  ['huge size', (v) => v.setUint32(8, 65537, true), /65537 events/],
  ['flags', (v) => v.setUint32(12, 8, true), /unknown flags/],
  ['task count', (v) => v.setUint32(16, 4000, true), /4000 more tasks/],
  ['first', { ...FIRST, first: 9 }, /begins at event 9/],
  ['kind', { ...FIRST, events: [{ t: 0, task: 0, kind: 200 }] }, /unknown kind 200/],
  ['task', { ...FIRST, events: [{ t: 0, task: 2, kind: 2 }] }, /unknown task 2/],
  ['object', { ...FIRST, events: [{ t: 0, task: 0, object: 1, kind: 21 }] }, /unknown object 1/],
  ['cause', { ...FIRST, events: [{ t: 0, task: 0, kind: 2, cause: 0 }] }, /caused by event 0/],
  ['entry id', { ...FIRST, firstTask: 1 }, /entry 1 where 0 was due/],
  ['entry kind', { tasks: [{ kind: 99, name: 'x' }] }, /unknown kind 99/],
  ['name', { tasks: [{ kind: 1, name: 'a\tb' }] }, /a name that is no text/],
  ['half a name', (v) => v.setUint8(72, 0xe5), /a name that is no text/],
  ['long name', { tasks: [{ kind: 1, name: 'x'.repeat(40) }] }, /a name of 40 bytes/],
  ['late time', (v) => v.setUint32(28, 0x200000, true), /time out of range/],
  ['parent', { tasks: [{ kind: 1, name: 'x', parent: 3 }] }, /parent 3/],
];

for (const [what, chunk, reason] of refused) {
  test(`hostile bytes are refused: ${what}`, () => {
    const bytes = encodeChunk(typeof chunk === 'function' ? FIRST : chunk);
    if (typeof chunk === 'function') chunk(new DataView(bytes.buffer));
    assert.throws(() => new TraceDecoder().push(bytes), (error: unknown) =>
      error instanceof TraceError && reason.test(error.message));
  });
}

test('time that runs backwards within a chunk is refused', () => {
  const bytes = encodeChunk({
    ...FIRST, events: [{ t: 5, task: 0, kind: 2 }, { t: 9, task: 0, kind: 10 }],
  });
  new DataView(bytes.buffer).setUint32(64 + 3 * 48, 6, true);
  new DataView(bytes.buffer).setUint32(64 + 3 * 48 + 4, 2, true);
  assert.throws(() => new TraceDecoder().push(bytes), /backwards/);
});

test('nothing may follow the last chunk', () => {
  assert.throws(() => decoded(encodeChunk({ ...FIRST, last: true }), encodeChunk(SECOND)),
    /more after the last chunk/);
});

test('any flipped bit is refused or decodes: it never breaks', () => {
  const good = encodeChunk({ ...FIRST, last: true });
  for (let bit = 0; bit < good.length * 8; bit++) {
    const bytes = good.slice();
    bytes[bit >> 3] ^= 1 << (bit & 7);
    try {
      new TraceDecoder().push(bytes);
    } catch (error) {
      assert.ok(error instanceof TraceError, `bit ${bit}: ${String(error)}`);
    }
  }
});

test('events of overlapping chunks are put in order and causes renumbered', () => {
  const { log } = decoded(
    encodeChunk(FIRST),
    encodeChunk({
      first: 3,
      last: true,
      events: [{ t: 15, task: 0, kind: EVENT.PRINT }, { t: 30, task: 0, kind: EVENT.PRINT, cause: 2 }],
    }),
  );
  const { events } = toJson(log);
  assert.deepEqual(events.map((e) => e.t), [10, 15, 20, 20, 30]);
  assert.deepEqual(events.map((e) => e.cause), [null, null, 0, null, 3]);
});

test('the time some events before the last', () => {
  const { log } = decoded(encodeChunk(FIRST), encodeChunk(SECOND));
  assert.deepEqual([recent(log, 0), recent(log, 1), recent(log, 3), recent(log, 4)], [2 ** 40, 20, 10, 0]);
});
