/*
 * A class that does not go home: for so many minutes 60 participants run the steps of a workshop,
 * browsers look at its board and come and go, others explore, repeat, step, read traces, pictures and
 * lists, and delete. Every few seconds the server's memory and descriptors are read. Ends with 1 when
 * they have grown from the second quarter of the time to the last, or when an answer was wrong.
 *
 *     node tests/bench/soak.mjs [MINUTES]
 */
import { readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { Server, events } from '../api/server.mjs';

const MINUTES = Number(process.argv[2] ?? 10), PARTICIPANTS = 60, WATCHERS = 20, SAMPLE_MS = 3000;
const GROWTH = 1.1; // that much more memory is growth

const steps = [
  { scenario: 'race-counter', params: { n: 200 } },
  { scenario: 'deadlock-two-locks', schedule: { mode: 'random' } },
  { scenario: 'pool-map-order', params: { tasks: 8, service_us: 1000 } },
  { scenario: 'generator-send' },
];
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const some = (list) => list[Math.floor(Math.random() * list.length)];
const until = performance.now() + MINUTES * 60000;
const going = () => performance.now() < until;

const counts = new Map();
const wrong = [];
function count(what, answer, ...fine) {
  const name = answer.status === 429 || answer.status === 503 ? `${what}: turned away` : what;
  counts.set(name, (counts.get(name) ?? 0) + 1);
  if (name === what && !fine.includes(answer.status)) wrong.push(`${what}: ${answer.status}`);
  return answer.status;
}

const headers = { 'content-type': 'application/json' };
const ids = []; // of the last runs

/* One of the class; `cookie` is theirs from the first run on. */
async function takePart(server, workshop, name) {
  let cookie = '';
  while (going()) {
    const body = JSON.stringify({ workshop: { id: workshop.id, step: Math.floor(Math.random() * steps.length), name } });
    const answer = await server.api('/runs?wait=30', { method: 'POST', headers, cookie, body });
    const run = await answer.json();
    cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? cookie;
    if (count('runs of the class', answer, 201) === 201) {
      ids.push(run.id);
      if (ids.length > 500) ids.shift();
    }
    await sleep(200 + Math.random() * 800);
  }
}

/* A browser on the board: looks for a while, leaves, comes back. */
async function look(server, workshop) {
  while (going()) {
    const control = new AbortController();
    const answer = await server.api(`/workshops/${workshop.id}/board/events`, { cookie: '', signal: control.signal });
    count('looks at the board', answer, 200);
    const leaving = setTimeout(() => control.abort(), 1000 + Math.random() * 20000);
    await events(answer, 'gone').catch(() => {});
    clearTimeout(leaving);
  }
}

const reads = [
  () => '/api/v1/runs?limit=50',
  () => '/api/v1/runs?scenario=race-counter',
  () => '/api/v1/scenarios',
  () => `/api/v1/runs/${some(ids)}`,
  () => `/api/v1/runs/${some(ids)}/trace?format=json`,
  () => `/api/v1/runs/${some(ids)}/trace?format=chrome`,
  () => `/api/v1/runs/${some(ids)}/output`,
  () => `/api/v1/runs/${some(ids)}/events`,
  () => `/r/${some(ids)}`,
  () => `/r/${some(ids)}/picture.png?lang=zh-CN`,
  () => '/metrics',
];

async function read(server) {
  while (going()) {
    if (ids.length > 0) {
      const answer = await server.fetch(some(reads)(), { cookie: '' });
      count('reads', answer, 200, 404);
      await answer.arrayBuffer();
    }
    await sleep(50);
  }
}

/* A client of its own that makes experiments and runs, and deletes what it made. */
async function explore(server) {
  let cookie = '';
  const kinds = [{ kind: 'explore', max_preemptions: 2, max_seconds: 5 }, { kind: 'repeat', count: 20 }];
  while (going()) {
    const setup = { scenario: 'race-counter', params: { n: 3 } };
    const answer = await server.api('/experiments?wait=30', { method: 'POST', headers, cookie, body: JSON.stringify({ ...setup, ...some(kinds) }) });
    cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? cookie;
    const made = await answer.json();
    if (count('experiments', answer, 201) === 201) {
      await events(await server.api(`/experiments/${made.id}/events`, { cookie }));
      if (Math.random() < 0.5) count('deleted', await server.api(`/experiments/${made.id}`, { method: 'DELETE', cookie }), 204);
    }
    const long = await server.api('/runs', { method: 'POST', headers, cookie, body: JSON.stringify({ ...setup, params: { n: 1e6 } }) });
    const run = await long.json();
    if (count('runs that are deleted', long, 201) === 201) count('deleted', await server.api(`/runs/${run.id}`, { method: 'DELETE', cookie }), 204);
    await sleep(500);
  }
}

/* ---- what it takes ---- */

async function usage(server) {
  const at = `/proc/${server.process.pid}`;
  const status = await readFile(`${at}/status`, 'utf8');
  const size = await stat(path.join(server.directory, 'test.db'));
  return {
    memory: Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024,
    descriptors: (await readdir(`${at}/fd`)).length,
    threads: Number(/Threads:\s+(\d+)/.exec(status)[1]),
    database: size.size / 1048576,
  };
}

async function sample(server, samples) {
  while (going()) {
    samples.push(await usage(server));
    await sleep(SAMPLE_MS);
  }
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

/* Medians of the second and of the last quarter: the first fills caches and boards. */
function compare(samples, what, unit) {
  const quarter = Math.floor(samples.length / 4);
  const early = median(samples.slice(quarter, 2 * quarter).map((s) => s[what]));
  const late = median(samples.slice(-quarter).map((s) => s[what]));
  console.log(`${what}: ${early.toFixed(1)} → ${late.toFixed(1)}${unit}, most ${Math.max(...samples.map((s) => s[what])).toFixed(1)}`);
  return late / early;
}

const server = await Server.start({ args: ['--client-limit', '0'] });
let grown;
try {
  const answer = await server.api('/workshops', { method: 'POST', headers, body: JSON.stringify({ title: 'soak', steps }) });
  const workshop = await answer.json();
  const samples = [];
  await Promise.all([
    ...Array.from({ length: PARTICIPANTS }, (_, i) => takePart(server, workshop, `participant ${i}`)),
    ...Array.from({ length: WATCHERS }, () => look(server, workshop)),
    read(server), read(server), explore(server), sample(server, samples),
  ]);
  console.log(`${MINUTES} minutes: ${[...counts].sort().map(([what, n]) => `${what} ${n}`).join(', ')}`);
  const memory = compare(samples, 'memory', ' MB');
  const descriptors = compare(samples, 'descriptors', '');
  compare(samples, 'threads', '');
  compare(samples, 'database', ' MB');
  grown = memory > GROWTH || descriptors > GROWTH;
  if (grown) console.log('it has grown');
  for (const line of new Set(wrong)) console.log(`wrong: ${line}`);
} finally {
  await server.stop();
}
process.exitCode = grown || wrong.length > 0 ? 1 : 0;
