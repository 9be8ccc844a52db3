import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Server, root } from './server.mjs';

let server;
before(async () => (server = await Server.start()));
after(() => server.stop());

test('the list describes every scenario and leaves the long parts out', async () => {
  const { scenarios } = await server.json('/scenarios');
  assert.ok(scenarios.length >= 5);
  for (const s of scenarios) {
    for (const name of ['id', 'family', 'number', 'concepts', 'params', 'schedules', 'chart'])
      assert.ok(name in s, `${s.id} has ${name}`);
    for (const name of ['title', 'summary', 'lesson']) assert.ok(s[name].en && s[name].zh);
    for (const name of ['python', 'outcomes', 'checks', 'columns', 'source'])
      assert.ok(!(name in s), `${s.id} leaves out ${name}`);
    assert.ok(s.schedules.includes('free'));
    assert.equal(typeof s.explorable, 'boolean');
    for (const p of s.params) assert.ok(p.name && p.type && 'default' in p);
  }
});

test('the list is filtered by family and searched in both languages', async () => {
  const family = await server.json('/scenarios?family=locks');
  assert.ok(family.scenarios.length > 0);
  assert.ok(family.scenarios.every((s) => s.family === 'locks'));
  const ids = async (q) =>
    (await server.json(`/scenarios?q=${encodeURIComponent(q)}`)).scenarios.map((s) => s.id);
  assert.deepEqual(await ids('LOST'), await ids('lost'));
  assert.ok((await ids('pool')).includes('pool-map-order'));
  assert.ok((await ids('结果有序')).includes('pool-map-order'));
  assert.ok((await ids('apply_async')).includes('pool-callback-progress'), 'Python counts, too');
  assert.deepEqual(await ids('no such words anywhere'), []);
  assert.deepEqual((await server.json('/scenarios?family=none')).scenarios, []);
});

test('one scenario has its Python, outcomes and checks', async () => {
  const s = await server.json('/scenarios/generator-send');
  assert.equal(s.id, 'generator-send');
  assert.ok(s.python.includes('yield'));
  assert.ok(s.outcomes.length > 0 && s.outcomes.every((o) => o.class && o.meaning.zh));
  assert.ok(s.checks.length > 0 && s.checks.every((c) => c.name && c.title.en));
  assert.ok(!('source' in s));
});

test('the source is the very file that was compiled', async () => {
  const answer = await server.api('/scenarios/generator-send/source');
  assert.match(answer.headers.get('content-type'), /^text\/x-c/);
  const file = path.join(root, 'scenarios/coroutines/generator_send.c');
  assert.equal(await answer.text(), await readFile(file, 'utf8'));
});

test('unknown scenarios and addresses are 404, other methods 405', async () => {
  for (const where of ['/scenarios/none', '/scenarios/none/source', '/nothing', '/scenarios/']) {
    const answer = await server.api(where);
    assert.equal(answer.status, 404, where);
    assert.match(answer.headers.get('content-type'), /^application\/problem\+json/);
    const problem = await answer.json();
    assert.equal(problem.status, 404);
    assert.ok(problem.type && problem.title && problem.detail);
  }
  const answer = await server.api('/scenarios', { method: 'DELETE' });
  assert.equal(answer.status, 405);
  assert.equal(answer.headers.get('allow'), 'GET, HEAD');
});

test('HEAD is answered like GET, without a body', async () => {
  const answer = await server.api('/scenarios', { method: 'HEAD' });
  assert.equal(answer.status, 200);
  assert.ok(Number(answer.headers.get('content-length')) > 1000);
  assert.equal(await answer.text(), '');
});

test("a peer's figures stand beside the scenario they belong to", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'interleave-reference-'));
  const file = path.join(folder, 'reference.json');
  const rows = { pipe: { round_trip: 39000.5 } };
  const params = { bytes: 8 };
  await writeFile(file, JSON.stringify({ name: 'CPython 3.11',
    scenarios: { 'generator-send': rows, 'race-counter': rows }, params: { 'generator-send': params } }));
  const other = await Server.start({ args: ['--reference', file] });
  const { reference } = await other.json('/scenarios/generator-send');
  assert.deepEqual(reference, { name: 'CPython 3.11', params, rows });
  assert.deepEqual((await other.json('/scenarios/race-counter')).reference.params, {});
  assert.equal((await other.json('/scenarios/lock-granularity')).reference, null);
  assert.equal((await server.json('/scenarios/generator-send')).reference, null);
  await other.stop();
  await rm(folder, { recursive: true });
});

test('a file of figures that is none keeps the server from starting, with the reason', async () => {
  for (const file of ['/nothing/there', path.join(root, 'Makefile')])
    await assert.rejects(Server.start({ args: ['--reference', file] }), /--reference /);
});
