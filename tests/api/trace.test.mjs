import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Server, slow } from './server.mjs';

const run = promisify(execFile);
let server, done;
before(async () => {
  server = await Server.start();
  done = await server.run({ scenario: 'pool-map-order', params: { tasks: 200, service_us: 100 } });
});
after(() => server.stop());

const bytes = async (answer) => Buffer.from(await answer.arrayBuffer());
const trace = (query, id = done.id, options = {}) => server.api(`/runs/${id}/trace${query}`, options);

/* The headers of the chunks: magic, length, events, flags. */
function chunks(data) {
  const list = [];
  for (let at = 0; at < data.length; ) {
    assert.equal(data.toString('latin1', at, at + 4), 'ILC1');
    const size = data.readUInt32LE(at + 4);
    list.push({ events: data.readUInt32LE(at + 8), last: (data.readUInt32LE(at + 12) & 2) !== 0 });
    at += size;
    assert.ok(at <= data.length);
  }
  return list;
}

test('binary is whole chunks with every event, the last one marked', async () => {
  const answer = await trace('');
  assert.equal(answer.headers.get('content-type'), 'application/octet-stream');
  const list = chunks(await bytes(answer));
  assert.equal(list.reduce((n, c) => n + c.events, 0), done.metrics.events);
  assert.deepEqual(list.map((c) => c.last), list.map((_, i) => i === list.length - 1));
});

test('json, chrome and csv tell the same events', async () => {
  const json = await (await trace('?format=json')).json();
  assert.equal(json.events.length, done.metrics.events);
  assert.equal(json.dropped, 0);
  assert.ok(json.tasks.length === done.metrics.tasks && json.objects.length > 0);
  for (const [i, e] of json.events.entries()) {
    assert.ok(Number.isInteger(e.t) && typeof e.kind === 'string');
    assert.ok(e.cause === null || (e.cause < i && json.events[e.cause].t <= e.t));
  }
  assert.ok(json.events.some((e) => e.cause !== null), 'causes are recorded');
  const csv = await trace('?format=csv');
  assert.match(csv.headers.get('content-type'), /^text\/csv/);
  const lines = (await csv.text()).trimEnd().split(/\r?\n/);
  assert.equal(lines.length, done.metrics.events + 1);
  const chrome = await (await trace('?format=chrome')).json();
  assert.ok(chrome.traceEvents.length >= done.metrics.tasks);
});

test('offset goes on within the raw bytes', async () => {
  const whole = await bytes(await trace('?format=binary'));
  assert.deepEqual(await bytes(await trace('?offset=100')), whole.subarray(100));
  assert.equal((await bytes(await trace(`?offset=${whole.length}`))).length, 0);
  assert.equal((await bytes(await trace('?offset=999999999'))).length, 0);
});

/* fetch() would decode or refuse the encoding, so this one is by hand. */
const encoded = (where, accept) =>
  new Promise((resolve, reject) => {
    http.get(server.base + where, { headers: { 'accept-encoding': accept } }, (answer) => {
      const parts = [];
      answer.on('data', (d) => parts.push(d));
      answer.on('end', () => resolve({ headers: answer.headers, body: Buffer.concat(parts) }));
    }).on('error', reject);
  });

test('a client that takes zstd gets the stored frame, which unpacks to the same', async (t) => {
  const where = `/api/v1/runs/${done.id}/trace`;
  const packed = await encoded(where, 'gzip, zstd');
  assert.equal(packed.headers['content-encoding'], 'zstd');
  assert.equal(packed.headers.vary, 'Accept-Encoding');
  assert.equal(packed.body.readUInt32LE(0), 0xfd2fb528);
  const plain = await encoded(where, 'zstd;q=0');
  assert.equal(plain.headers['content-encoding'], undefined);
  assert.ok(packed.body.length < plain.body.length / 2);
  const part = await encoded(`${where}?offset=64`, 'zstd');
  assert.equal(part.headers['content-encoding'], undefined);
  const directory = await mkdtemp(path.join(tmpdir(), 'interleave-'));
  t.after(() => rm(directory, { recursive: true }));
  const file = path.join(directory, 'trace');
  await writeFile(`${file}.zst`, packed.body);
  try {
    await run('zstd', ['-dq', `${file}.zst`, '-o', file]);
  } catch (error) {
    if (error.code === 'ENOENT') return t.skip('there is no zstd program');
    throw error;
  }
  assert.deepEqual(await readFile(file), plain.body);
});

test('follow streams while the run goes on and ends with it', async () => {
  const long = { scenario: 'pool-map-order', params: { workers: 2, tasks: 30, service_us: 50000, limit_ms: 20000 } };
  const { id } = await (await server.post(long)).json();
  const answer = await trace('?follow=true', id);
  const parts = [];
  let early = false;
  for await (const part of answer.body) {
    if (parts.length === 0) early = (await server.json(`/runs/${id}`)).status === 'running';
    parts.push(Buffer.from(part));
  }
  assert.ok(early, 'the first bytes came while it ran');
  const followed = Buffer.concat(parts);
  const list = chunks(followed);
  assert.ok(list.length > 2 && list.at(-1).last);
  assert.equal((await server.json(`/runs/${id}?wait=10`)).status, 'done');
  assert.deepEqual(await bytes(await trace('', id)), followed, 'stream and store are the same');
  assert.deepEqual(await bytes(await trace('?follow=true&offset=64', id)), followed.subarray(64));
});

test('a running run gives what is there, in every format', async () => {
  const { id } = await server.begin(slow());
  for (const format of ['binary', 'json', 'chrome', 'csv']) {
    const answer = await trace(`?format=${format}`, id);
    assert.equal(answer.status, 200, format);
    assert.ok((await bytes(answer)).length > 50, format);
  }
  await server.api(`/runs/${id}`, { method: 'DELETE' });
});

test('a large export keeps nobody else waiting', async () => {
  const { id } = await server.run({
    scenario: 'race-counter', params: { variant: 'lock', threads: 8, n: 100000, limit_ms: 20000 },
  });
  const agents = [...Array(8)].map(() => new http.Agent({ keepAlive: true, maxSockets: 1 }));
  const ping = (agent) =>
    new Promise((resolve, reject) => {
      const start = performance.now();
      http.get(`${server.base}/healthz`, { agent }, (answer) => {
        answer.resume().on('end', () => resolve(performance.now() - start));
      }).on('error', reject);
    });
  await Promise.all(agents.map(ping));
  let first = 0;
  const start = performance.now();
  const exports = [...Array(4)].map(async () => {
    const answer = await trace('?format=json', id);
    first ||= performance.now() - start;
    return (await bytes(answer)).length;
  });
  const waits = [];
  const pings = agents.map(async (agent) => {
    while (!first) waits.push(await ping(agent));
  });
  const sizes = await Promise.all(exports);
  await Promise.all(pings);
  for (const agent of agents) agent.destroy();
  assert.ok(sizes[0] > 4e6 && sizes.every((n) => n === sizes[0]));
  assert.ok(Math.max(...waits) < first / 2, `${Math.max(...waits)} ms of ${first}`);
});

test('more exports than can wait are refused, the others served', async () => {
  const answers = await Promise.all([...Array(150)].map(async () => {
    const answer = await trace('?format=csv');
    return [answer.status, (await bytes(answer)).length];
  }));
  const good = answers.filter(([status]) => status === 200);
  assert.ok(good.length >= 64);
  assert.equal(new Set(good.map(([, n]) => n)).size, 1);
  assert.ok(answers.every(([status]) => [200, 503].includes(status)));
});

test('wrong arguments are 422', async () => {
  for (const [query, pointer] of [
    ['format=xml', '?format'], ['follow=1', '?follow'], ['offset=-1', '?offset'], ['offset=x', '?offset'],
  ]) {
    const answer = await trace(`?${query}`);
    assert.equal(answer.status, 422, query);
    assert.equal((await answer.json()).errors[0].pointer, pointer);
  }
});
