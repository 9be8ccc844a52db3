/*
 * Memory, disk and clock go wrong around a server that serves: it answers clearly, loses nothing it
 * acknowledged, and goes on when they are well again. INTERLEAVE_EVERY_FAULT=1 fails every allocation
 * and every write of each request, not a part of them (`make fault-test`).
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { Faults, noFaults } from './faults.mjs';
import { Server, eventStream, quick, slow } from './server.mjs';

const all = Boolean(process.env.INTERLEAVE_EVERY_FAULT);
const json = { 'content-type': 'application/json' };
const controlled = { scenario: 'race-counter', params: { threads: 2, n: 20 }, schedule: { mode: 'random' } };
const repeated = { ...quick, kind: 'repeat', count: 2 };
const send = (server, where, body, method = 'POST') => server.api(where, { method, headers: json, body: JSON.stringify(body) });
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const EIO = 5, ENOSPC = 28, EROFS = 30;

/* An answer within its time: status, headers and text; null when the connection was closed. */
async function attempt(request) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error('no answer')), 60000); });
  const whole = request().then(async (answer) => ({ status: answer.status, headers: answer.headers, text: await answer.text() }))
    .catch(() => null);
  try {
    return await Promise.race([whole, late]);
  } finally {
    clearTimeout(timer);
  }
}

/* What may be said while something is wrong: what was asked for, or that it cannot be done now. */
function assertClear(answer, good, what) {
  if (answer === null) return;
  if (good.includes(answer.status)) {
    const type = answer.headers.get('content-type');
    const said = type === 'text/event-stream' ? [...answer.text.matchAll(/^data: (.*)\n\n/mg)].map((found) => found[1]) : [];
    if (type?.startsWith('application/json')) said.push(answer.text);
    for (const text of said) assert.doesNotThrow(() => JSON.parse(text), what);
    return;
  }
  assert.ok([500, 503].includes(answer.status), `${what}: ${answer.status} ${answer.text.slice(0, 200)}`);
  assert.match(answer.headers.get('content-type'), /^application\/problem\+json/, what);
  assert.equal(JSON.parse(answer.text).status, answer.status, what);
  assert.doesNotMatch(answer.text, /sqlite|SQL|\.db/i, what);
}

/* What is said of an experiment is all of it, or that it cannot be said. */
function assertWhole(answer, like, what) {
  if (answer?.status !== like.status) return;
  assert.deepEqual(Object.keys(JSON.parse(answer.text)), Object.keys(JSON.parse(like.text)), what);
}

/* Runs that somebody was told of, and those somebody saw done. */
class Seen {
  accepted = new Set();
  done = new Map();
  take(answer) {
    if (answer?.status !== 201) return;
    const run = JSON.parse(answer.text);
    this.accepted.add(run.id);
    if (run.status !== 'done') return;
    assert.ok(run.ended, 'what is done has ended somehow');
    this.done.set(run.id, run);
  }
  async assertKept(server) {
    for (const id of this.accepted) {
      const run = await server.json(`/runs/${id}?wait=20`);
      assert.equal(run.status, 'done', id);
      assert.ok(['completed', 'internal-error'].includes(run.ended), `${id} ${run.ended}`);
    }
    for (const [id, run] of this.done)
      assert.deepEqual({ ...(await server.json(`/runs/${id}`)), mine: run.mine }, run);
  }
}

const integrity = (file) => execFileSync('sqlite3', [file, 'PRAGMA integrity_check'], { encoding: 'utf8' }).trim();

/* Ends the server; what was seen is there without what goes wrong, in a database that is whole. */
async function assertAfterwards(faults, seen, t) {
  const { directory, cookie } = faults.server;
  assert.equal(await faults.server.end(), 0, faults.server.log);
  assert.equal(integrity(path.join(directory, 'test.db')), 'ok');
  const again = await Server.start({ directory, cookie });
  t.after(() => again.stop());
  await seen.assertKept(again);
}

/* A server with something of everything, and requests for it. */
async function furnished() {
  const faults = await Faults.start({ args: ['--client-limit', '0'] });
  const { server } = faults;
  const made = {
    run: await server.run(quick),
    workshop: await (await send(server, '/workshops', { title: 'x', steps: [quick] })).json(),
    experiment: await (await send(server, '/experiments?wait=20', repeated)).json(),
  };
  const unseen = [];
  for (let i = 0; i < (all ? 200 : 40); i++)
    unseen.push((await (await send(server, '/workshops', { title: 'x', steps: [quick] })).json()).id);
  const seat = (name) => ({ workshop: { id: made.workshop.id, step: 0, name } });
  await server.run(seat('Ann'));
  const key = () => ({ 'idempotency-key': String(Math.random()) });
  const requests = {
    'POST run': [201, () => server.post(quick, '?wait=20')],
    'POST run with a key': [201, () => server.post(quick, '', key())],
    'POST controlled run': [201, () => server.post(controlled, '?wait=20')],
    'POST run of a workshop': [201, () => server.post(seat('Bob'), '?wait=20')],
    'GET run': [200, () => server.api(`/runs/${made.run.id}`)],
    'GET runs': [200, () => server.api('/runs?limit=3')],
    'GET trace': [200, () => server.api(`/runs/${made.run.id}/trace?format=json`)],
    'GET output': [200, () => server.api(`/runs/${made.run.id}/output?format=json`)],
    'GET events': [200, () => server.api(`/runs/${made.run.id}/events`)],
    'GET events while it goes on': [200, async () => {
      const posted = await server.post(quick);
      return posted.status === 201 ? server.api(`/runs/${(await posted.json()).id}/events`) : posted;
    }],
    'PUT run': [204, () => send(server, `/runs/${made.run.id}`, { kept: true }, 'PUT')],
    'POST workshop': [201, () => send(server, '/workshops', { title: 'y', steps: [controlled] })],
    'PUT workshop': [200, () => server.api(`/workshops/${made.workshop.id}`, {
      method: 'PUT', body: '{"title":"z"}', headers: { ...json, authorization: `Bearer ${made.workshop.instructor_key}` },
    })],
    'GET workshop': [200, () => server.api(`/workshops/${made.workshop.id}`)],
    'GET board': [200, () => server.api(`/workshops/${made.workshop.id}/board`)],
    'GET board that nobody has seen': [200, () => server.api(`/workshops/${unseen.pop() ?? made.workshop.id}/board`)],
    'GET board as CSV': [200, () => server.api(`/workshops/${made.workshop.id}/board?format=csv`)],
    'POST experiment': [201, () => send(server, '/experiments?wait=20', repeated)],
    'POST exploration': [201, () => send(server, '/experiments?wait=20', {
      scenario: 'race-counter', params: { threads: 2, n: 2 }, kind: 'explore', max_schedules: 20,
    })],
    'POST experiment beside another': [201, () => send(server, '/experiments?wait=20', { ...repeated, beside: made.experiment.id })],
    'GET experiments': [200, () => server.api('/experiments')],
    'GET experiment': [200, () => server.api(`/experiments/${made.experiment.id}`)],
    'GET events of an experiment': [200, () => server.api(`/experiments/${made.experiment.id}/events`)],
    'GET picture': [200, () => server.fetch(`/s/race-counter/picture.png?lang=en`)],
    'GET page': [200, () => server.fetch(`/r/${made.run.id}`)],
    'GET metrics': [200, () => server.fetch('/metrics')],
    'GET readyz': [200, () => server.fetch('/readyz')],
  };
  return { faults, server, requests, seat, board: `/workshops/${made.workshop.id}/board` };
}

test('memory that is not there when a request wants it costs this request, and nothing else', { skip: noFaults }, async (t) => {
  const { faults, server, requests } = await furnished();
  t.after(() => faults.stop());
  const seen = new Seen();
  const isRun = (name) => /POST .*run/.test(name);
  let failed = 0;
  for (const [name, [good, request]] of Object.entries(requests)) {
    const whole = await attempt(request);
    for (let n = 1, more = true; more; n += all || n < 30 ? 1 : 7) {
      const what = `${name}, allocation ${n}`;
      faults.memory({ first: n });
      const answer = await attempt(request);
      const { memory } = faults.calm();
      failed += memory.failed;
      more = memory.seen >= n && n < 5000;
      assert.equal(server.process.signalCode ?? server.process.exitCode, null, `${what}: ${server.log}`);
      assertClear(answer, [good], what);
      if (isRun(name)) seen.take(answer);
      if (/^\w+ exp/.test(name)) assertWhole(answer, whole, what);
    }
    const well = await attempt(request);
    assert.equal(well?.status, good, `${name} is well again: ${well?.text}`);
  }
  t.diagnostic(`${failed} allocations failed`);
  assert.ok(failed > 200);
  assert.equal((await server.run(quick)).ended, 'completed');
  await assertAfterwards(faults, seen, t);
});

test('memory that is short for a while costs no run that was acknowledged', { skip: noFaults }, async (t) => {
  const { faults, server, requests } = await furnished();
  t.after(() => faults.stop());
  const seen = new Seen(), names = Object.keys(requests);
  let failed = 0;
  for (const every of all ? [7, 13, 29, 53, 97, 199, 401] : [13, 97]) {
    faults.memory({ every });
    const clients = [...Array(8)].map(async (_, k) => {
      for (let i = 0; i < (all ? 100 : 30); i++) {
        const name = names[(i * 8 + k * 3) % names.length];
        const answer = await attempt(requests[name][1]);
        assertClear(answer, [requests[name][0], 409, 429], name);
        if (/POST .*run/.test(name)) seen.take(answer);
      }
    });
    await Promise.all(clients);
    failed += faults.calm().memory.failed;
    assert.equal((await server.run(quick)).ended, 'completed', 'it is well again');
  }
  t.diagnostic(`${failed} allocations failed, ${seen.accepted.size} runs were accepted`);
  assert.ok(failed > 100 && seen.accepted.size > 5);
  await assertAfterwards(faults, seen, t);
});

/* Follows events of a board up to that version; the cells that they told, or null when they end before. */
async function follow(first, stream, version) {
  const cells = {};
  for (let next = first; !next.done; next = await stream.next()) {
    const { event, data } = next.value;
    assert.notEqual(event, 'gone');
    for (const participant of data.participants)
      for (const cell of participant.cells) cells[`${participant.name} ${cell.step}`] = cell;
    if (data.version === version) return cells;
  }
  return null;
}

test('who looks at a board while memory is short is told all of it, or has to come back', { skip: noFaults }, async (t) => {
  const { faults, server, requests, seat, board } = await furnished();
  const changes = [() => server.post(seat('Bob'), '?wait=20'), requests['PUT workshop'][1]];
  t.after(() => faults.stop());
  let failed = 0, ends = 0;
  for (let n = 1; n < 400; n += all ? 1 : 8) {
    const control = new AbortController(), late = setTimeout(() => control.abort(), 60000);
    const stream = eventStream(await server.api(`${board}/events`, { signal: control.signal }));
    const first = await stream.next();
    faults.memory({ first: n, last: n + n % 40 });
    await attempt(changes[n % 16 < 8 ? 0 : 1]);
    failed += faults.calm().memory.failed;
    assert.equal((await server.run(seat('Eve'))).ended, 'completed', 'it is well again');
    const now = await server.json(board);
    const told = await follow(first, stream, now.version);
    for (const { name, cells } of told ? now.participants : [])
      for (const cell of cells) assert.deepEqual(told[`${name} ${cell.step}`], cell, `${name}, allocation ${n}`);
    ends += told === null;
    clearTimeout(late);
    control.abort();
  }
  t.diagnostic(`${failed} allocations failed, ${ends} streams ended`);
  assert.ok(failed > 50);
});

test('a disk that fails now and then loses nothing that was acknowledged', { skip: noFaults }, async (t) => {
  const { faults, server, requests } = await furnished();
  t.after(() => faults.stop());
  const seen = new Seen();
  const writing = ['POST run', 'POST run with a key', 'PUT run', 'POST workshop', 'POST experiment'];
  let failed = 0;
  for (const name of writing) {
    const [good, request] = requests[name];
    for (let n = 1, more = true; more; n += all ? 1 : 2) {
      const error = [EIO, ENOSPC, EROFS][n % 3];
      faults.disk({ first: n, last: n + n % 2, error });
      const answer = await attempt(request);
      const { disk } = faults.calm();
      failed += disk.failed;
      more = disk.seen >= n && n < 500;
      assertClear(answer, [good], `${name}, write ${n}`);
      if (name.startsWith('POST run')) seen.take(answer);
      if (all || n % 3 === 0) seen.take(await attempt(() => server.post(quick, '?wait=20')));
    }
    assert.equal((await attempt(request)).status, good, `${name} is well again`);
  }
  t.diagnostic(`${failed} writes failed`);
  assert.ok(failed > 20);
  await assertAfterwards(faults, seen, t);
});

test('a disk that is read-only for a while is read from, and written to afterwards', { skip: noFaults }, async (t) => {
  const { faults, server } = await furnished();
  t.after(() => faults.stop());
  const seen = new Seen();
  const before = await server.run(quick);
  const going = await (await server.post(slow(300))).json();
  faults.disk({ first: 1, last: 1e15, error: EROFS });
  for (let i = 0; i < 5; i++) {
    const refused = await server.post(quick, '?wait=5');
    assert.equal(refused.status, 503);
    assert.ok(Number(refused.headers.get('retry-after')) > 0);
    assert.deepEqual(await server.json(`/runs/${before.id}`), before);
  }
  assert.equal((await server.json(`/runs/${going.id}?wait=1`)).status, 'running', 'done means stored');
  for (let i = 0; i < 2000 && faults.diskFailed() <= 5; i++) await sleep(10); /* the run that goes on ends, too */
  assert.ok(faults.calm().disk.failed > 5);
  const done = await server.json(`/runs/${going.id}?wait=20`);
  assert.deepEqual([done.status, done.ended], ['done', 'timeout']);
  seen.take(await attempt(() => server.post(quick, '?wait=20')));
  assert.equal(seen.done.size, 1);
  await assertAfterwards(faults, seen, t);
});

const YEAR = 365 * 86400 * 1000;
const times = (run) => ['created_at', 'started_at', 'finished_at'].map((name) => Date.parse(run[name]));
const inOrder = (run) => {
  const [created, started, finished] = times(run);
  assert.ok(created <= started && started <= finished, JSON.stringify(times(run)));
};

test('a clock that is set back and forth takes nothing away and mixes nothing up', { skip: noFaults }, async (t) => {
  const keeps = 15;
  const faults = await Faults.start({ args: ['--retention', String(keeps), '--workshop-retention', String(keeps)] });
  const { server } = faults;
  t.after(() => faults.stop());
  const start = Date.now();
  const ids = [];
  /* One run that goes on while the clock is set, and one after it. */
  for (const shift of [-YEAR, 0, YEAR, -20 * YEAR, 0]) {
    const { id } = await (await server.post(slow(200))).json();
    faults.shift(shift);
    const across = await server.json(`/runs/${id}?wait=20`);
    assert.equal(across.ended, 'timeout');
    inOrder(across);
    const after = await server.run(quick);
    inOrder(after);
    assert.ok(Math.abs(times(after)[0] - Date.now() - shift) < 60000, 'it says what the clock says');
    ids.unshift(id);
    ids.unshift(after.id);
  }
  const made = await (await send(server, '/workshops', { title: 'x', steps: [quick] })).json();
  const experiment = await (await send(server, '/experiments?wait=20', repeated)).json();
  assert.equal(experiment.ended, 'completed');
  /* It looks for what is to go every 1.5 s. */
  for (const shift of [YEAR, 0]) {
    faults.shift(shift);
    await sleep(2000);
    const { runs } = await server.json('/runs?limit=100');
    if (Date.now() - start > keeps * 1000) return t.diagnostic('too slow a machine to tell');
    assert.deepEqual(runs.map((run) => run.id).filter((id) => ids.includes(id)), ids, 'all are there, newest first');
    assert.equal((await server.api(`/workshops/${made.id}`)).status, 200);
    assert.equal((await server.api(`/experiments/${experiment.id}`)).status, 200);
  }
  for (const where of [`/runs/${ids[0]}`, `/runs/${ids.at(-1)}`, `/workshops/${made.id}`])
    while ((await server.api(where)).status !== 404) {
      assert.ok(Date.now() - start < 180000, `${where} goes in its time`);
      await sleep(200);
    }
});
