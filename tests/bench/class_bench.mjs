/*
 * A class at work: 60 participants, each posting a run as soon as the one before is done, while
 * another client's batch of 200 waits in the same queue; what each waits from POST to done, and how
 * even that is. Then 200 browsers on one board: from the moment the first hears that a run is done,
 * its author among them, to the moment each does; and with 5,000 idle ones beside ten. What a list
 * takes beside those, what each of them costs, and what it takes beside 500 who send a byte a second of
 * a request that never ends. Nothing fails on a time.
 */
import { readFile } from 'node:fs/promises';
import net from 'node:net';
import { Server } from '../api/server.mjs';

const PARTICIPANTS = 60, ROUNDS = 50, BATCH = 200, WATCHERS = 200, IDLE = 5000, SLOW = 500, EVENTS = 200;

const quantile = (list, q) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * q))];
const mean = (list) => list.reduce((sum, x) => sum + x, 0) / list.length;
const ms = (x) => `${x.toFixed(1)} ms`;
const sleep = (time) => new Promise((resolve) => setTimeout(resolve, time));

const steps = [{ scenario: 'race-counter', params: { n: 200 } }];
const json = (body) => ({ method: 'POST', cookie: '', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

/* A browser: one connection that keeps its cookie. */
class Browser {
  constructor(server) {
    this.socket = net.connect(server.port, '127.0.0.1').setNoDelay();
    this.text = '';
    this.cookie = '';
    this.socket.on('data', (bytes) => this.take(bytes.toString('latin1')));
    this.socket.on('error', (error) => this.fail?.(error));
  }

  take(text) {
    this.text += text;
    const head = this.text.indexOf('\r\n\r\n');
    const size = /content-length: (\d+)/i.exec(this.text);
    if (head < 0 || !size || this.text.length < head + 4 + Number(size[1])) return;
    this.cookie = /set-cookie: ([^;]+)/i.exec(this.text)?.[1] ?? this.cookie;
    const answer = { status: Number(this.text.slice(9, 12)), head: this.text.slice(0, head), body: this.text.slice(head + 4) };
    this.text = '';
    this.heard(answer);
  }

  post(where, body) {
    const text = JSON.stringify(body);
    this.socket.write(`POST /api/v1${where} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n` +
      `${this.cookie ? `Cookie: ${this.cookie}\r\n` : ''}Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
    return new Promise((resolve, reject) => {
      this.heard = resolve;
      this.fail = reject;
    });
  }

  end() {
    this.socket.destroy();
  }
}

/* Resolves to the milliseconds of each run; one that is turned away waits as it is told. */
async function takePart(server, workshop, i, turned) {
  const browser = new Browser(server);
  const times = [];
  while (times.length < ROUNDS) {
    const start = performance.now();
    const answer = await browser.post('/runs?wait=30', { workshop: { id: workshop.id, step: 0, name: `participant ${i}` } });
    if (answer.status === 429 || answer.status === 503) {
      turned.count++;
      await sleep(1000 * Number(/retry-after: (\d+)/i.exec(answer.head)[1]));
    } else if (answer.status !== 201 || !answer.body.includes('"status":"done"')) {
      throw new Error(`${answer.status}: ${answer.body.slice(0, 300)}`);
    } else {
      times.push(performance.now() - start);
    }
  }
  browser.end();
  return times;
}

/* Another client posts 200 runs at once; resolves when all were answered. */
async function batch(server, turned) {
  const browser = new Browser(server);
  await browser.post('/runs?wait=30', steps[0]);
  let done = 0;
  for (let i = 0; i < BATCH; i++) {
    const { status, head } = await browser.post('/runs', steps[0]);
    if (status === 201) done++;
    else {
      turned.count++;
      await sleep(1000 * Number(/retry-after: (\d+)/i.exec(head)[1]));
      i--;
    }
  }
  browser.end();
  return done;
}

async function classAtWork(server, workshop) {
  const turned = { count: 0 }, others = { count: 0 };
  const began = performance.now();
  const waiting = batch(server, others);
  const all = await Promise.all(Array.from({ length: PARTICIPANTS }, (_, i) => takePart(server, workshop, i, turned)));
  const seconds = (performance.now() - began) / 1000;
  const means = all.map(mean), times = all.flat();
  const tails = all.map((list, i) => quantile(list, 0.95) / mean(all.flatMap((other, k) => (k === i ? [] : other))));
  console.log(`${PARTICIPANTS} participants, ${ROUNDS} runs each, beside a batch of ${BATCH}: POST to done p50 ` +
    `${ms(quantile(times, 0.5))}, p95 ${ms(quantile(times, 0.95))}; slowest participant / mean ` +
    `${(Math.max(...means) / mean(means)).toFixed(2)} (aim 2); the largest p95 of one / the mean of the others ` +
    `${Math.max(...tails).toFixed(2)} (aim 2); ${Math.round(times.length / seconds)} runs a second` +
    `  [turned away ${turned.count}, of the batch ${others.count}]`);
  await waiting;
}

/* Listens to a board; `heard` is called with the id of each run that is told to be done. */
function watch(server, workshop, heard) {
  const socket = net.connect(server.port, '127.0.0.1').setNoDelay();
  let text = '';
  socket.write(`GET /api/v1/workshops/${workshop.id}/board/events HTTP/1.1\r\nHost: x\r\n\r\n`);
  socket.on('data', (bytes) => {
    const at = performance.now();
    text = (text + bytes.toString('latin1')).slice(-20000);
    for (const [, run] of text.matchAll(/"run":"(\w{22})","status":"done"/g)) heard(run, at);
    if (text.includes('\n\n')) text = text.slice(text.lastIndexOf('\n\n'));
  });
  socket.on('error', () => {});
  return new Promise((resolve) => socket.once('data', () => resolve(socket)));
}

async function boardEvents(server, count) {
  const workshop = await (await server.api('/workshops', json({ title: 'a board', steps }))).json();
  const author = new Browser(server);
  const told = new Map(), firsts = Array.from({ length: count }, () => new Map());
  const sockets = await Promise.all(firsts.map((first) => watch(server, workshop, (run, at) => {
    if (!first.has(run)) first.set(run, at);
  })));
  for (let i = 0; i < EVENTS; i++) {
    const { body } = await author.post('/runs?wait=30', { workshop: { id: workshop.id, step: 0, name: 'author' } });
    told.set(/"id":"(\w{22})"/.exec(body)[1], performance.now());
    await sleep(110); // two events each time, below what a board tells at once
  }
  await sleep(500);
  for (const socket of sockets) socket.destroy();
  author.end();
  return [...told].flatMap(([run, at]) => {
    const heard = firsts.map((first) => first.get(run));
    if (heard.includes(undefined)) throw new Error('an event was not heard');
    const earliest = Math.min(at, ...heard);
    return heard.map((time) => time - earliest);
  });
}

/* Milliseconds of a list, asked for again and again. */
async function lists(server) {
  const times = [];
  for (let i = 0; i < 500; i++) {
    const start = performance.now();
    await (await server.api('/runs?limit=20', { cookie: '' })).arrayBuffer();
    times.push(performance.now() - start);
  }
  return times;
}

async function kilobytes(server) {
  return Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${server.process.pid}/status`, 'utf8'))[1]);
}

/* Sends the head of a request, a byte a second. */
function dawdle(server) {
  const socket = net.connect(server.port, '127.0.0.1').setNoDelay();
  const text = `GET /api/v1/runs HTTP/1.1\r\nHost: x\r\nX-Slow: ${'x'.repeat(1000)}`;
  let at = 0;
  const timer = setInterval(() => socket.write(text[at++]), 1000);
  socket.on('error', () => {});
  socket.on('close', () => clearInterval(timer));
  return socket;
}

async function watchers(server, idleAt) {
  const some = await boardEvents(server, WATCHERS);
  console.log(`a board with ${WATCHERS} browsers: from the first that hears of a run to each p50 ${ms(quantile(some, 0.5))}, ` +
    `p99 ${ms(quantile(some, 0.99))} (aim 100 ms)`);
  const without = await boardEvents(server, 10);
  const alone = await lists(server), memory = await kilobytes(server);
  const idle = await Promise.all(Array.from({ length: IDLE }, () => watch(server, idleAt, () => {})));
  const within = await boardEvents(server, 10);
  const beside = await lists(server), more = await kilobytes(server);
  for (const socket of idle) socket.destroy();
  const slow = Array.from({ length: SLOW }, () => dawdle(server));
  await sleep(2000);
  const besideSlow = await lists(server);
  for (const socket of slow) socket.destroy();
  console.log(`events of 10 browsers with ${IDLE} idle ones / with none: p50 ` +
    `${(quantile(within, 0.5) / quantile(without, 0.5)).toFixed(2)} (aim 1.5)  [${ms(quantile(within, 0.5))} / ${ms(quantile(without, 0.5))}]`);
  const against = (times, q) => (quantile(times, q) / quantile(alone, q)).toFixed(2);
  console.log(`a list beside ${IDLE} idle clients / alone: p50 ${against(beside, 0.5)}, p99 ${against(beside, 0.99)}, ` +
    `${((more - memory) / IDLE).toFixed(1)} kB each; beside ${SLOW} that send a byte a second: ` +
    `p50 ${against(besideSlow, 0.5)}, p99 ${against(besideSlow, 0.99)}`);
}

const server = await Server.start({ args: ['--connections', '8000', '--client-limit', '0'] });
try {
  const workshop = await (await server.api('/workshops', json({ title: 'a class', steps }))).json();
  await classAtWork(server, workshop);
  await watchers(server, workshop);
} finally {
  await server.stop();
}
