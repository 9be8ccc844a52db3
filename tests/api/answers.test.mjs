/* Large answers, and those who do not read them. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import { test } from 'node:test';
import { noFaults } from './faults.mjs';
import { metric, quick, started } from './server.mjs';

/* One whose trace is 11 MB, more than the kernel takes for somebody who does not read. */
const large = { scenario: 'producer-consumer', params: { items: 10000, produce_us: 0, consume_us: 0, producers: 16, consumers: 16, limit_ms: 20000 } };

const proxied = (t, ...args) => started(t, '--trusted-proxy', '127.0.0.1', ...args);

/* An answer of which the head was read, and nothing else until that is asked for. */
function ask(t, server, where, address) {
  return new Promise((resolve, reject) => {
    const headers = address ? { 'x-forwarded-for': address } : {};
    const request = http.get(server.base + where, { headers, agent: false }, (answer) => {
      answer.pause();
      t.after(() => answer.destroy());
      answer.on('error', () => {});
      resolve({ answer, status: answer.statusCode, headers: answer.headers });
    });
    request.on('error', reject);
  });
}

async function bytesOf({ answer }) {
  let n = 0;
  for await (const part of answer) n += part.length;
  return n;
}

/* Whether it says so before long. */
async function soon(what) {
  const end = Date.now() + 5000;
  while (!(await what())) if (Date.now() > end) return false;
  return true;
}

async function residentMegabytes(server) {
  return Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${server.process.pid}/status`, 'utf8'))[1]) / 1024;
}

test('large answers that are not read have a bound, for one address and for all', async (t) => {
  const server = await proxied(t, '--answer-limit', '26M');
  const limits = await server.json('/limits');
  assert.deepEqual([limits.answer_bytes, limits.answer_bytes_of_address], [26 << 20, 6.5 * (1 << 20)]);
  const run = await server.run(large), small = await server.run(quick);
  const where = `/api/v1/runs/${run.id}/trace?format=binary`;
  const first = await ask(t, server, where, '203.0.113.1');
  assert.equal(first.status, 200);
  const size = Number(first.headers['content-length']);
  assert.ok(size > 9 << 20 && size < 13 << 20, `${size} bytes`);
  assert.equal(await metric(server, 'interleave_http_answer_bytes'), size);

  const second = await ask(t, server, where, '203.0.113.1');
  assert.equal(second.status, 503);
  assert.ok(Number(second.headers['retry-after']) >= 1);
  assert.match(second.headers['content-type'], /^application\/problem\+json/);
  await bytesOf(second);
  assert.equal((await ask(t, server, where.replace(run.id, small.id), '203.0.113.1')).status, 200, 'small ones do not count');

  const other = await ask(t, server, where, '203.0.113.2');
  assert.equal(other.status, 200, 'another address has its own');
  const third = await ask(t, server, where, '203.0.113.3');
  assert.equal(third.status, 503, 'all together have a bound');
  assert.equal((await ask(t, server, where)).status, 503, 'that holds for the loopback, too');
  assert.equal(await metric(server, 'interleave_http_answers_refused_total'), 3);
  assert.equal(await metric(server, 'interleave_http_answer_bytes'), 2 * size);

  first.answer.destroy();
  assert.equal(await bytesOf(other), size);
  assert.ok(await soon(async () => (await metric(server, 'interleave_http_answer_bytes')) === 0), 'one was read, of the other the reader has gone');
  assert.equal(await bytesOf(await ask(t, server, where, '203.0.113.1')), size);
});

test('the memory of large answers is given back', { skip: noFaults }, async (t) => {
  const server = await proxied(t, '--answer-limit', '256M');
  const run = await server.run(large);
  const before = await residentMegabytes(server);
  const where = `/api/v1/runs/${run.id}/trace?format=binary`;
  const readers = await Promise.all([...Array(12)].map(() => ask(t, server, where)));
  assert.ok(readers.every((r) => r.status === 200));
  assert.ok((await residentMegabytes(server)) > before + 80, 'they are in memory');
  for (const { answer } of readers) answer.destroy();
  assert.ok(await soon(async () => (await metric(server, 'interleave_http_answer_bytes')) === 0));
  assert.ok(await soon(async () => (await residentMegabytes(server)) < before + 40), `${before} MB before, ${await residentMegabytes(server)} after`);
});

test('who does not read what was made in the background keeps nobody else from it', async (t) => {
  const server = await proxied(t, '--answer-limit', '1G');
  const run = await server.run({ ...large, params: { ...large.params, items: 1000 } }), small = await server.run(quick);
  const where = (id) => `/api/v1/runs/${id}/trace?format=json`;
  const readers = await Promise.all([...Array(10)].map(() => ask(t, server, where(run.id))));
  assert.deepEqual(readers.map((r) => r.status), Array(10).fill(200));
  assert.ok(await metric(server, 'interleave_http_answer_bytes') > 10 * (5 << 20), 'none was read');
  const begun = Date.now();
  assert.ok(await bytesOf(await ask(t, server, where(small.id))) > 100);
  assert.ok(Date.now() - begun < 5000);
});
