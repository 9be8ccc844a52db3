import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Server, childrenOf, events, program, quick, root, slow } from './server.mjs';

const cli = (...args) => spawnSync(program, args, { encoding: 'utf8' });

test('a full queue answers 503 with Retry-After, and nothing accepted is lost', async (t) => {
  const server = await Server.start({ args: ['--workers', '1', '--queue', '5'] });
  t.after(() => server.stop());
  const answers = await Promise.all([...Array(30)].map(() => server.post(slow(200))));
  const accepted = answers.filter((a) => a.status === 201);
  const refused = answers.filter((a) => a.status === 503);
  assert.equal(accepted.length + refused.length, 30);
  assert.ok(accepted.length >= 5 && refused.length >= 20, `${accepted.length} accepted`);
  for (const answer of refused) {
    assert.ok(Number(answer.headers.get('retry-after')) > 0);
    assert.match(answer.headers.get('content-type'), /^application\/problem\+json/);
  }
  for (const answer of accepted) {
    const { id } = await answer.json();
    const run = await server.json(`/runs/${id}?wait=20`);
    assert.equal(run.status, 'done');
    assert.notEqual(run.ended, 'internal-error');
  }
  assert.equal((await server.json('/runs?limit=100')).runs.length, accepted.length);
  assert.equal((await server.post(quick, '?wait=10')).status, 201, 'there is room again');
});

for (const signal of ['SIGTERM', 'SIGINT'])
  test(`${signal} ends running and queued runs, keeps them as cancelled and exits 0`, async (t) => {
    const server = await Server.start({ args: ['--workers', '2'] });
    const directory = server.directory;
    const ids = [];
    for (let i = 0; i < 5; i++) ids.push((await (i ? (await server.post(slow())).json() : server.begin(slow()))).id);
    const finished = await server.run(quick, 0.01);
    const following = events(await server.api(`/runs/${ids[0]}/events`));
    const waiting = server.api(`/runs/${ids[1]}?wait=30`);
    const idle = await server.raw('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n', /ok/);
    assert.match(idle, /200/);
    const start = Date.now();
    assert.equal(await server.end(signal), 0);
    assert.ok(Date.now() - start < 5000);
    assert.equal((await following).at(-1).data.ended, 'cancelled');
    assert.equal((await (await waiting).json()).ended, 'cancelled');

    const again = await Server.start({ directory });
    t.after(() => again.stop());
    for (const id of ids) {
      const run = await again.json(`/runs/${id}`);
      assert.equal(run.status, 'done');
      assert.equal(run.ended, 'cancelled');
    }
    const running = await again.json(`/runs/${ids[0]}`);
    assert.ok(running.metrics.events > 0, 'what it did is kept');
    assert.ok((await (await again.api(`/runs/${ids[0]}/trace`)).arrayBuffer()).byteLength > 64);
    assert.equal((await again.json(`/runs/${finished.id}`)).status, 'done');
  });

test('finished runs are there after a restart, whole', async (t) => {
  const server = await Server.start();
  const run = await server.run(quick);
  const trace = await server.json(`/runs/${run.id}/trace?format=json`);
  assert.equal(await server.end(), 0);
  const again = await Server.start({ directory: server.directory, cookie: server.cookie });
  t.after(() => again.stop());
  assert.deepEqual(await again.json(`/runs/${run.id}`), run);
  assert.deepEqual(await again.json(`/runs/${run.id}/trace?format=json`), trace);
});

test('a database of the first version is brought up to date, its runs and keys are whole', async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'interleave-'));
  const schema = await readFile(path.join(root, 'server/store/schema.sql'), 'utf8');
  const id = 'x'.repeat(22);
  execFileSync('sqlite3', [path.join(directory, 'test.db')], { input: `${schema}
    INSERT INTO runs (pub, session, scenario, job, params, done, ended, created_ms, result) VALUES
      ('${id}', '${id}', 'generator-send', 'scenario=generator-send', '{"rounds":1}', 1, 'completed',
       1700000000000, '{"ended":"completed","outcome":null}');
    INSERT INTO idempotency (session, key, run_id) VALUES ('${id}', 'used', 1);
    PRAGMA user_version = 1;` });
  const cookie = `interleave_session=${id}`;
  const server = await Server.start({ directory, cookie, args: ['--retention', '0'] });
  t.after(() => server.stop());
  const run = await server.json(`/runs/${id}`);
  assert.equal(run.ended, 'completed');
  assert.deepEqual(run.params, { rounds: 1 });
  assert.deepEqual(run.schedule, {
    mode: 'free', seed: null, depth: null, timing: null, token: null, steps: null,
    preemptions: null, problem: null,
  });
  assert.equal((await server.run(quick)).ended, 'completed');
  const again = await server.post(quick, '', { 'idempotency-key': 'used' });
  assert.equal(again.status, 422);
  assert.deepEqual((await again.json()).errors.map((e) => e.code), ['used-before']);
});

test('a database of a later version is left as it is', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'interleave-'));
  const file = path.join(directory, 'test.db');
  const version = (text) => execFileSync('sqlite3', [file, `PRAGMA user_version${text}`], { encoding: 'utf8' }).trim();
  version(' = 999');
  const before = await readFile(file);
  const refused = cli('serve', '--listen', '127.0.0.1:0', '--database', file);
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /the database is of version 999; this program knows up to \d+/);
  assert.equal(version(''), '999');
  assert.equal((await readFile(file)).length, before.length);
  await rm(directory, { recursive: true });
});

test('kill -9 loses nothing that was acknowledged', async (t) => {
  let server = await Server.start({ args: ['--workers', '2'] });
  const { directory } = server;
  t.after(() => server.stop());
  const done = new Map(), accepted = new Set();
  for (let round = 0; round < 4; round++) {
    let going = true;
    const clients = [...Array(6)].map(async (_, i) => {
      while (going)
        try {
          const answer = await server.post(quick, i % 2 ? '?wait=20' : '?wait=0.002');
          const run = await answer.json();
          if (answer.status !== 201) continue;
          accepted.add(run.id);
          if (run.status === 'done') done.set(run.id, run);
        } catch {
          return;
        }
    });
    const wanted = done.size + 40;
    while (done.size < wanted) {
      const run = await server.run(quick);
      if (run.status === 'done') done.set(run.id, run);
    }
    assert.equal(await server.end('SIGKILL'), 'SIGKILL');
    going = false;
    await Promise.all(clients);
    server = await Server.start({ directory, cookie: server.cookie, args: ['--workers', '2'] });
  }
  assert.ok(done.size > 150 && accepted.size > 150, `${done.size} done, ${accepted.size} accepted`);
  for (const id of accepted) {
    const run = await server.json(`/runs/${id}`);
    assert.equal(run.status, 'done', id);
    assert.ok(['completed', 'internal-error'].includes(run.ended));
  }
  /* Each client began as a session of its own. */
  for (const [id, run] of done)
    assert.deepEqual({ ...(await server.json(`/runs/${id}`)), mine: run.mine }, run);
});

test('when the spawner dies runs in flight end, queued ones go on', async (t) => {
  const server = await Server.start({ args: ['--workers', '1'] });
  t.after(() => server.stop());
  const victim = await server.begin(slow());
  assert.equal(victim.status, 'running');
  const next = await (await server.post(quick)).json();
  process.kill(await server.spawner(), 'SIGKILL');
  const ended = await server.json(`/runs/${victim.id}?wait=20`);
  assert.equal(ended.ended, 'internal-error');
  assert.ok(ended.metrics.events > 0, 'what was seen is kept');
  assert.equal((await server.json(`/runs/${next.id}?wait=20`)).ended, 'completed');
  assert.equal((await server.run(quick)).ended, 'completed');
  assert.equal((await server.fetch('/readyz')).status, 200);
});

test('when the spawner dies an experiment does the run in flight again', async (t) => {
  const server = await Server.start({ args: ['--workers', '1', '--experiment-workers', '1'] });
  t.after(() => server.stop());
  const made = await (await server.api('/experiments', {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...slow(300), kind: 'repeat', count: 4 }),
  })).json();
  while ((await server.json(`/experiments/${made.id}`)).progress.done < 2) ;
  process.kill(await server.spawner(), 'SIGKILL');
  const done = await server.json(`/experiments/${made.id}?wait=20`);
  assert.equal(done.ended, 'completed');
  assert.deepEqual(done.outcomes.map((o) => [o.ended, o.count]), [['timeout', 4]]);
});

test('all that is lost with one spawner is one failure', async (t) => {
  const server = await Server.start({ args: ['--experiment-workers', '4'] });
  t.after(() => server.stop());
  const made = await (await server.api('/experiments', {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...slow(1000), kind: 'repeat', count: 12 }),
  })).json();
  const counts = async () => {
    const metrics = await (await server.fetch('/metrics')).text();
    const ends = [...metrics.matchAll(/^interleave_runs_ended_total\{.*\} (\d+)$/gm)];
    return {
      started: Number(/^interleave_runs_started_total (\d+)$/m.exec(metrics)[1]),
      ended: ends.reduce((sum, [, n]) => sum + Number(n), 0),
    };
  };
  const isInFlight = async () => { const { started, ended } = await counts(); return started > ended; };
  const spawner = await server.spawner();
  for (let i = 0; i < 5000; i++)
    if ((await server.json(`/experiments/${made.id}`)).progress.done >= 4 && (await isInFlight())) break;
  process.kill(spawner, 'SIGKILL');
  const done = await server.json(`/experiments/${made.id}?wait=20`);
  assert.equal(done.ended, 'completed');
  assert.deepEqual(done.outcomes.map((o) => [o.ended, o.count]), [['timeout', 12]]);
  const { started, ended } = await counts();
  assert.ok(started > 12);
  assert.equal(ended, started, 'every run that began has ended');
});

/* The largest file the server may write from now on. */
const fileLimit = (server, bytes) =>
  execFileSync('prlimit', ['--pid', server.process.pid, `--fsize=${bytes}:unlimited`]);

test('a disk that is full is said so, and what ended meanwhile is stored when it has room', async (t) => {
  const server = await Server.start();
  t.after(() => server.stop());
  const before = await server.run(quick);
  const long = await (await server.post(slow(1000))).json();
  fileLimit(server, 4096);
  const refused = await server.post(quick, '?wait=5');
  assert.equal(refused.status, 503);
  assert.ok(Number(refused.headers.get('retry-after')) > 0);
  assert.doesNotMatch(await refused.text(), /sqlite|disk|SQL|\.db/i);
  const removal = await server.api(`/runs/${before.id}`, { method: 'DELETE' });
  assert.equal(removal.status, 503);
  assert.deepEqual(await server.json(`/runs/${before.id}`), before);
  const kept = await server.json(`/runs/${long.id}?wait=2`);
  assert.equal(kept.status, 'running', 'done means stored');
  fileLimit(server, 'unlimited');
  const done = await server.json(`/runs/${long.id}?wait=20`);
  assert.equal(done.status, 'done');
  assert.notEqual(done.ended, 'internal-error');
  assert.equal((await server.run(quick)).ended, 'completed');
  assert.equal(await server.end(), 0);
  const again = await Server.start({ directory: server.directory, cookie: server.cookie });
  t.after(() => again.stop());
  assert.deepEqual(await again.json(`/runs/${long.id}`), done);
  assert.equal((await again.json('/runs')).runs.length, 3);
});

test('an experiment whose disk is full is done when it is stored', async (t) => {
  const server = await Server.start();
  t.after(() => server.stop());
  const ask = () => server.api('/experiments', {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...slow(300), kind: 'repeat', count: 3 }),
  });
  const made = await (await ask()).json();
  fileLimit(server, 4096);
  assert.equal((await ask()).status, 503);
  let kept = made;
  for (let i = 0; i < 40 && kept.progress.done < 3; i++) kept = await server.json(`/experiments/${made.id}?wait=0.5`);
  assert.deepEqual([kept.status, kept.ended, kept.progress.done], ['running', null, 3]);
  assert.equal(kept.outcomes[0].run, null, 'its run has no page yet');
  fileLimit(server, 'unlimited');
  const done = await server.json(`/experiments/${made.id}?wait=20`);
  assert.deepEqual([done.status, done.ended], ['done', 'completed']);
  assert.equal((await server.json(`/runs/${done.outcomes[0].run}`)).ended, 'timeout');
  assert.equal((await server.json('/experiments')).experiments.length, 1);
});

test('a repetition whose runs cannot be stored waits for the disk', async (t) => {
  const server = await Server.start({ args: ['--experiment-workers', '1'] });
  t.after(() => server.stop());
  const made = await (await server.api('/experiments', {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      scenario: 'race-counter', params: { threads: 4, n: 20000 }, kind: 'repeat', count: 100,
    }),
  })).json();
  fileLimit(server, 4096);
  const unstored = (e) => e.outcomes.filter((o) => o.run === null).length;
  let waiting = made;
  while (unstored(waiting) < 4) waiting = await server.json(`/experiments/${made.id}`);
  waiting = await server.json(`/experiments/${made.id}?wait=1.5`);
  assert.equal(waiting.status, 'running');
  assert.equal(unstored(waiting), 4, 'each of them is kept until it is stored');
  fileLimit(server, 'unlimited');
  const done = await server.json(`/experiments/${made.id}?wait=20`);
  assert.deepEqual([done.status, done.ended, done.progress.done], ['done', 'completed', 100]);
  assert.equal(unstored(done), 0);
});

test('a disk that stays full does not keep the server from ending', async (t) => {
  const server = await Server.start();
  t.after(() => server.stop());
  await (await server.post(slow())).json();
  await (await server.api('/experiments', {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...slow(300), kind: 'repeat', count: 1000 }),
  })).json();
  fileLimit(server, 4096);
  const start = Date.now();
  assert.equal(await server.end(), 0);
  assert.ok(Date.now() - start < 8000);
});

test('nothing of a run is left when the server is gone', async () => {
  const server = await Server.start({ args: ['--workers', '2'] });
  await server.begin(slow());
  const children = await childrenOf(server.process.pid);
  assert.ok(children.length > 0);
  await server.end('SIGKILL');
  for (let i = 0; i < 100 && (await alive(children)); i++) await new Promise((r) => setTimeout(r, 20));
  assert.ok(!(await alive(children)));
});

async function alive(pids) {
  for (const pid of pids)
    try {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
      if (stat[stat.lastIndexOf(')') + 2] !== 'Z') return true;
    } catch { /* gone */ }
  return false;
}

test('the command line says what it wants', () => {
  const help = cli('--help');
  assert.equal(help.status, 0);
  for (const word of ['--listen', 'INTERLEAVE_LISTEN', '--database', 'INTERLEAVE_ADMIN_TOKEN', '--queue'])
    assert.ok(help.stdout.includes(word), word);
  assert.match(cli('--version').stdout, /^interleave \d/);
  for (const [args, words] of [
    [['serve', '--nonsense', '1'], 'no option "--nonsense"'],
    [['serve', '--listen'], '--listen needs a value'],
    [['serve', '--queue', '0'], '--queue must be 1 to 100000, was "0"'],
    [['serve', '--wall-limit', 'x'], '--wall-limit must be'],
    [['serve', '--memory-limit', '12Q'], '--memory-limit must be'],
    [['serve', '--database', ''], '--database must be 1 to 4096 characters long'],
    [['serve', '--admin-token', 'short'], '--admin-token must be 16 to 256 characters long'],
    [['serve', '--log-level', 'loud'], '--log-level must be'],
    [['serve', 'now'], 'not an option'],
  ]) {
    const answer = cli(...args);
    assert.equal(answer.status, 2, args.join(' '));
    assert.ok(answer.stderr.includes(words), answer.stderr);
  }
  const environment = spawnSync(program, ['serve'], {
    encoding: 'utf8', env: { ...process.env, INTERLEAVE_WORKERS: 'many' },
  });
  assert.equal(environment.status, 2);
  assert.match(environment.stderr, /INTERLEAVE_WORKERS/);
  assert.equal(cli('dance').status, 2);
});

test('an address in use, a bad runner and a foreign database are refused', async (t) => {
  const server = await Server.start();
  t.after(() => server.stop());
  const file = path.join(server.directory, 'other.db');
  const taken = cli('serve', '--listen', `127.0.0.1:${server.port}`, '--database', file);
  assert.equal(taken.status, 1);
  assert.match(taken.stderr, /in use/);
  const runner = cli('serve', '--listen', '127.0.0.1:0', '--database', file, '--runner', '/bin/true');
  assert.equal(runner.status, 1);
  const foreign = cli('serve', '--listen', '127.0.0.1:0', '--database', program);
  assert.equal(foreign.status, 1);
  assert.match(foreign.stderr, /not a database/);
  for (const [address, said] of [['8080', /"8080" must be ADDRESS:PORT/], ['127.0.0.1:', /must be ADDRESS:PORT/],
    ['127.0.0.1:http', /"127\.0\.0\.1:http" is not an address and port/]]) {
    const nowhere = cli('serve', '--listen', address, '--database', file);
    assert.equal(nowhere.status, 1);
    assert.match(nowhere.stderr, said);
  }
});

test('healthcheck tells whether a server answers', async (t) => {
  const server = await Server.start();
  t.after(() => server.stop());
  execFileSync(program, ['healthcheck', '--listen', `127.0.0.1:${server.port}`]);
  const other = net.createServer((socket) => socket.on('error', () => {}).end('HTTP/1.1 500 Internal Server Error\r\n\r\n')).listen(0, '127.0.0.1');
  await once(other, 'listening');
  const asked = spawn(program, ['healthcheck', '--listen', `127.0.0.1:${other.address().port}`], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  asked.stderr.on('data', (d) => (said += d));
  assert.deepEqual(await once(asked, 'close'), [1, null]);
  assert.match(said, /does not answer well/);
  other.close();
  await server.end();
  assert.equal(cli('healthcheck', '--listen', `127.0.0.1:${server.port}`).status, 1);
});
