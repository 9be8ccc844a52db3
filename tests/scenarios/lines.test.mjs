// The line an event says it comes from is one on which the program calls a primitive.
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runner, scenarios } from './family.mjs';

const [ENTRY, HEADER, WIDE, LINES] = [48, 64, 1, 4];
const KINDS = new Map([...readFileSync('sandbox/trace/kinds.def', 'utf8')
  .matchAll(/^EVENT\((\d+), \w+, "([^"]+)"/gm)].map(([, number, text]) => [Number(number), text]));
const NOTED = new Set([...readFileSync('sandbox/prim/lines.h', 'utf8').matchAll(/^#define (\w+)\(\.\.\.\)/gm)]
  .map((match) => match[1]));

/** What is called where these come from; the others may come from within another call, or from none. */
const CALLED = {
  'cell.read': /cell_|value_|managed_/,
  'cell.wrote': /cell_|value_|managed_/,
  print: /print/,
  'barrier.wait': /barrier_wait/,
  'condition.notified': /condition_notify/,
  'coroutine.yielded': /yield|sleep/,
  'memory.created': /memory_create/,
  'semaphore.acquired': /semaphore_acquire/,
  'sleep.began': /sleep_us|device_io|loop_/,
  'work.began': /work_us/,
};
/** A call may be written on so many lines; its last one is noted. */
const CALL_LINES = 5;

const padded = (bytes) => Math.ceil(bytes / 8) * 8;

/** Kind and line of every event; the format is described in sandbox/trace/chunk.h. */
function events(trace) {
  const found = [];
  for (let at = 0; at < trace.length; at += trace.readUInt32LE(at + 4)) {
    const [n, flags, tasks, objects] = [8, 12, 16, 20].map((field) => trace.readUInt32LE(at + field));
    const widths = [4, flags & WIDE ? 8 : 4, 4, 2, 2, 2];
    const kind = widths.reduce((sum, width) => sum + padded(n * width), at + HEADER + (tasks + objects) * ENTRY);
    const line = kind + padded(n);
    for (let i = 0; i < n; i++) {
      found.push({ kind: KINDS.get(trace[kind + i]), line: flags & LINES ? trace.readUInt16LE(line + 2 * i) : 0 });
    }
  }
  return found;
}

async function traceOf(id, folder, ...options) {
  const file = join(folder, `${id}.bin`);
  await new Promise((resolve) => { execFile(runner, ['run', id, '--trace', file, ...options], resolve); });
  return events(readFileSync(file));
}

function judge(scenario, trace) {
  const source = readFileSync(`scenarios/${scenario.family}/${scenario.id.replaceAll('-', '_')}.c`, 'utf8').split('\n');
  assert.ok(trace.some(({ line }) => line > 0), 'some event comes from the program');
  for (const { kind, line } of trace) {
    const expected = CALLED[kind];
    if (line === 0 && expected === undefined) continue;
    assert.ok(line >= 1 && line <= source.length, `${kind} at line ${line} of ${source.length}`);
    const call = source.slice(Math.max(0, line - CALL_LINES), line).join('\n');
    const called = [...call.matchAll(/(\w+)\(/g)].map(([, name]) => name).filter((name) => NOTED.has(name));
    assert.ok(called.some((name) => expected?.test(name) ?? true), `${kind} at line ${line}: ${source[line - 1]}`);
  }
}

describe('the lines events come from', () => {
  for (const scenario of scenarios) {
    test(scenario.id, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'interleave-lines-'));
      try {
        judge(scenario, await traceOf(scenario.id, folder));
        if (scenario.schedules.includes('random')) {
          judge(scenario, await traceOf(scenario.id, folder, '--schedule', 'random:1'));
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
});
