/*
 * What a single run waits while another client's experiment goes on: POST to done, p50 and p95,
 * as multiples of the same runs with nothing beside them, taken in turns; nothing fails on a time.
 */
import net from 'node:net';
import { Server, quick } from '../api/server.mjs';

const ROUNDS = 20, RUNS = 20;

const singles = {
  'a run of no work': { scenario: 'generator-send', params: { rounds: 0 } },
  'four threads at work': { scenario: 'race-counter', params: { threads: 4, n: 20000 } },
  'a random schedule': { scenario: 'race-counter', params: { threads: 2, n: 100 }, schedule: { mode: 'random' } },
};
const experiments = {
  'an exploration': { scenario: 'race-counter', params: { threads: 4, n: 50 }, kind: 'explore', max_schedules: 1e8, max_seconds: 300 },
  'a repetition': { scenario: 'pool-callback-progress', params: { tasks: 3 }, kind: 'repeat', count: 1000 },
};

const quantile = (list, q) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * q))];

/* One keep-alive connection; resolves to milliseconds from POST to done for each. */
function posts(server, setup, count) {
  const body = JSON.stringify(setup);
  const request = `POST /api/v1/runs?wait=10 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${body.length}\r\n\r\n${body}`;
  return new Promise((resolve, reject) => {
    const socket = net.connect(server.port, '127.0.0.1');
    const list = [];
    let text = '', start;
    const send = () => ((start = performance.now()), socket.write(request));
    socket.setNoDelay();
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      const head = text.indexOf('\r\n\r\n');
      const size = /content-length: (\d+)/i.exec(text);
      if (head < 0 || text.length < head + 4 + Number(size[1])) return;
      list.push(performance.now() - start);
      if (!text.startsWith('HTTP/1.1 201') || !text.includes('"status":"done"')) return reject(new Error(text));
      text = '';
      if (list.length < count) return send();
      socket.end();
      resolve(list);
    });
  });
}

/* Another client. */
async function stranger(server) {
  const answer = await server.api('/runs', {
    method: 'POST', cookie: '', headers: { 'content-type': 'application/json' }, body: JSON.stringify(quick),
  });
  return answer.headers.get('set-cookie').split(';')[0];
}

/* Does the work while the experiment goes on; resolves to what it made and how far that is now. */
async function beside(server, cookie, experiment, work) {
  const headers = { 'content-type': 'application/json' };
  const made = await (await server.api('/experiments', { method: 'POST', cookie, headers, body: JSON.stringify(experiment) })).json();
  const at = `/experiments/${made.id}`;
  while ((await server.json(at)).progress.done === 0) await new Promise((r) => setTimeout(r, 5));
  const began = performance.now(), before = (await server.json(at)).progress.done;
  const done = await work();
  const seconds = (performance.now() - began) / 1000;
  const after = await (await server.api(at, { method: 'DELETE', cookie })).json();
  if (after.ended !== 'cancelled') throw new Error(`it ended as ${after.ended} before the runs did`);
  await server.api(at, { method: 'DELETE', cookie });
  return { done, rate: (after.progress.done - before) / seconds };
}

async function compare(server, cookie, single, experiment) {
  const alone = [], shared = [], rates = [];
  await posts(server, singles[single], 10);
  for (let i = 0; i < ROUNDS; i++) {
    alone.push(...(await posts(server, singles[single], RUNS)));
    const { done, rate } = await beside(server, cookie, experiments[experiment], () => posts(server, singles[single], RUNS));
    shared.push(...done);
    rates.push(rate);
  }
  const [p50, p95] = [0.5, 0.95].map((q) => [quantile(alone, q), quantile(shared, q)]);
  const ratio = ([without, within]) => (within / without).toFixed(2);
  const times = ([without, within]) => `${within.toFixed(2)} ms / ${without.toFixed(2)} ms`;
  console.log(`POST to done, ${single}, beside ${experiment} / alone: p50 ${ratio(p50)}, p95 ${ratio(p95)}` +
    `  [${times(p50)}, ${times(p95)}; ${Math.round(quantile(rates, 0.5))} a second beside]`);
}

const server = await Server.start({ args: ['--client-limit', '0'] });
try {
  const cookie = await stranger(server);
  for (const experiment of Object.keys(experiments))
    for (const single of Object.keys(singles)) await compare(server, cookie, single, experiment);
} finally {
  await server.stop();
}
