/*
 * The server, or its spawner, is killed at any moment; its database is damaged, or somebody else's;
 * descriptors run out. INTERLEAVE_KILLS says how often it is killed (`make fault-test`: 100).
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { Server, program, quick, slow } from './server.mjs';

const kills = Number(process.env.INTERLEAVE_KILLS ?? 4);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const scratch = mkdtempSync(path.join(tmpdir(), 'interleave-'));
const folder = () => mkdtempSync(path.join(scratch, 'database-'));
const big = { scenario: 'race-counter', params: { threads: 4, n: 500 } };

after(() => rmSync(scratch, { recursive: true }));

async function until(what, patience = 60000) {
  for (const end = Date.now() + patience; Date.now() < end; await sleep(20)) if (await what()) return true;
  return false;
}

/* What belongs to the sessions of these spawners, and lives. */
function living(sessions) {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] !== 'Z' && sessions.has(Number(fields[3]));
    } catch {
      return false; /* it has ended */
    }
  });
}

/* The database as it lies there, in a folder of its own. */
function copied(directory, parts = ['', '-wal']) {
  const to = folder();
  for (const part of parts)
    if (existsSync(path.join(directory, `test.db${part}`)))
      copyFileSync(path.join(directory, `test.db${part}`), path.join(to, `test.db${part}`));
  return to;
}

const integrity = (directory) =>
  execFileSync('sqlite3', [path.join(directory, 'test.db'), 'PRAGMA integrity_check'], { encoding: 'utf8' }).trim();

/* Clients that ask for runs until the server is gone, or they are told to end. */
function storm(server, seen, count) {
  const going = { on: true };
  const bodies = [quick, quick, slow(30), quick];
  going.clients = Promise.all([...Array(count)].map(async (_, k) => {
    for (let i = 0; going.on; i++)
      try {
        const headers = i % 3 ? {} : { 'idempotency-key': String(Math.random()) };
        const answer = await server.post(bodies[(i + k) % bodies.length], k % 3 ? '?wait=20' : '', headers);
        const run = await answer.json();
        if (answer.status !== 201) {
          await sleep(20);
          continue;
        }
        seen.accepted.add(run.id);
        if (run.status === 'done') seen.done.set(run.id, run);
        if (k === 0) await (await server.api(`/runs/${run.id}/events`)).body?.cancel();
      } catch {
        if (server.process.exitCode !== null || server.process.signalCode !== null) return;
      }
  }));
  return going;
}

test('kill -9 of the server and of its spawner, at any moment, loses nothing that was acknowledged', async (t) => {
  const args = ['--workers', '2', '--client-limit', '0', '--client-queue', '8'];
  const seen = { accepted: new Set(), done: new Map() };
  const sessions = new Set();
  let server = await Server.start({ args });
  const { directory } = server;
  t.after(() => server.stop());
  for (let kill = 0; kill < kills; kill++) {
    const going = storm(server, seen, 6);
    const more = seen.done.size + 8;
    assert.ok(await until(() => seen.done.size >= more), 'there is a storm');
    const spawner = await server.spawner();
    sessions.add(spawner);
    if (kill % 3 > 0) process.kill(spawner, 'SIGKILL');
    if (kill % 3 === 1) {
      const still = seen.done.size + 4;
      assert.ok(await until(() => seen.done.size >= still), 'it goes on with another spawner');
    }
    await sleep(Math.random() * 60);
    for (const pid of [await server.spawner()].filter(Boolean)) sessions.add(pid);
    assert.equal(await server.end('SIGKILL'), 'SIGKILL');
    going.on = false;
    await going.clients;
    assert.ok(await until(() => living(sessions).length === 0), `left: ${living(sessions)}`);
    assert.equal(integrity(copied(directory)), 'ok');
    server = await Server.start({ directory, cookie: server.cookie, args });
  }
  const ends = {};
  for (const id of seen.accepted) {
    const run = await server.json(`/runs/${id}`);
    assert.equal(run.status, 'done', id);
    ends[run.ended] = (ends[run.ended] ?? 0) + 1;
  }
  t.diagnostic(`${kills} kills, ${seen.accepted.size} accepted, ${seen.done.size} seen done: ${JSON.stringify(ends)}`);
  assert.deepEqual(Object.keys(ends).filter((end) => !['completed', 'timeout', 'internal-error'].includes(end)), []);
  assert.ok(seen.done.size >= kills * 8);
  for (const [id, run] of seen.done)
    assert.deepEqual({ ...(await server.json(`/runs/${id}`)), mine: run.mine }, run);
  assert.equal((await server.run(quick)).ended, 'completed');
});

test('a server that is told to end in the middle of a storm ends, and keeps what it acknowledged', async (t) => {
  const server = await Server.start({ args: ['--workers', '2', '--client-limit', '0'] });
  const seen = { accepted: new Set(), done: new Map() };
  const going = storm(server, seen, 16);
  assert.ok(await until(() => seen.done.size >= 30));
  assert.equal(await server.end(), 0, server.log);
  going.on = false;
  await going.clients;
  const { directory, cookie } = server;
  assert.equal(integrity(copied(directory)), 'ok');
  const again = await Server.start({ directory, cookie });
  t.after(() => again.stop());
  for (const id of seen.accepted) {
    const run = await again.json(`/runs/${id}`);
    assert.equal(run.status, 'done');
    assert.ok(['completed', 'timeout', 'cancelled'].includes(run.ended), run.ended);
  }
  for (const [id, run] of seen.done)
    assert.deepEqual({ ...(await again.json(`/runs/${id}`)), mine: run.mine }, run);
});

test('a second server on the same database is refused with the reason, and the first does not notice', async (t) => {
  const directory = folder(), file = path.join(folder(), 'real.db'), link = path.join(folder(), 'other.db');
  symlinkSync(file, path.join(directory, 'test.db')); /* the first one makes it by another name */
  symlinkSync(file, link);
  const server = await Server.start({ directory });
  t.after(() => server.stop());
  const run = await (await server.post(slow(20000))).json();
  for (const name of [path.join(directory, 'test.db'), file, link]) {
    const second = spawnSync(program, ['serve', '--listen', '127.0.0.1:0', '--database', name], { encoding: 'utf8', timeout: 60000 });
    assert.equal(second.status, 1, second.stderr);
    assert.ok(second.stderr.includes(`${name}: another server has this database open`), second.stderr);
  }
  assert.equal((await server.json(`/runs/${run.id}`)).status, 'running');
  assert.equal((await server.run(quick)).ended, 'completed');
});

/* As root nothing is read-only, unless it is without the right to overlook that. */
const unprivileged = process.getuid() === 0
  ? ['setpriv', '--bounding-set', '-dac_override,-dac_read_search', '--inh-caps', '-dac_override,-dac_read_search', program]
  : [program];

test('a database that cannot be written is refused at the start, with its name', async () => {
  const server = await Server.start({ directory: folder() });
  await server.run(quick);
  await server.end();
  const at = server.directory, file = path.join(at, 'test.db');
  const [command, ...args] = [...unprivileged, 'serve', '--listen', '127.0.0.1:0', '--database', file];
  const refused = (words) => {
    const answer = spawnSync(command, args, { encoding: 'utf8', timeout: 60000 });
    assert.equal(answer.status, 1, answer.stderr);
    assert.match(answer.stderr, words);
    assert.ok(answer.stderr.includes(file));
  };
  await chmod(file, 0o444);
  refused(/read-?only|denied/i);
  await chmod(file, 0o644);
  for (const name of readdirSync(at)) if (name !== 'test.db') rmSync(path.join(at, name));
  await chmod(at, 0o555);
  refused(/read-?only|denied/i);
  await chmod(at, 0o755);
  const again = await Server.start({ directory: at, cookie: server.cookie });
  assert.equal((await again.json('/runs')).runs.length, 1);
  await again.stop();
});

/* ---- damaged databases ---- */

/* Runs in a database; killed, it leaves a log with some of them. */
async function furnished(signal) {
  const server = await Server.start({ directory: folder(), args: ['--client-limit', '0'] });
  const runs = [];
  for (let i = 0; i < 30; i++) runs.push(await server.run(i % 3 ? quick : big));
  await server.end(signal);
  return { directory: server.directory, runs };
}

const noise = (n) => Buffer.from([...Array(n)].map((_, i) => (i * 167 + 13) & 0xff));

/* Either it says at the start what is wrong, or every answer is right or clear. Returns what it gave;
   unended are those of which it was lost how they ended. */
async function look(directory, runs, exactly = true) {
  let server;
  try {
    server = await Server.start({ directory });
  } catch (error) {
    assert.match(error.message, /test\.db: .*(malformed|not a database|corrupt|disk I\/O|cannot store)/);
    return { refused: true, found: [], unended: [] };
  }
  try {
    return { refused: false, ...(await readAll(server, runs, exactly)) };
  } catch (error) {
    await server.end('SIGKILL');
    throw error;
  }
}

async function readAll(server, runs, exactly) {
  const found = [], unended = [];
  for (const run of runs)
    for (const where of [`/runs/${run.id}`, `/runs/${run.id}/output?format=json`, `/runs/${run.id}/trace?format=json`]) {
      const answer = await server.api(where), text = await answer.text();
      assert.ok([200, 404, 500, 503].includes(answer.status), `${where}: ${answer.status} ${text.slice(0, 200)}`);
      if (answer.status !== 200) assert.equal(JSON.parse(text).status, answer.status);
      else if (where === `/runs/${run.id}`) {
        const now = { ...JSON.parse(text), mine: true };
        if (now.ended === 'internal-error') unended.push(run.id);
        else if (exactly) assert.deepEqual(now, run);
        found.push(run.id);
      }
    }
  assert.ok([200, 500].includes((await server.api('/runs?limit=100')).status));
  const posted = await server.post(quick, '?wait=1');
  assert.ok([201, 503].includes(posted.status), String(posted.status));
  assert.equal((await server.fetch('/healthz')).status, 200);
  assert.equal(await server.end(), 0, server.log);
  return { found, unended };
}

test('a database that is damaged is refused with the reason, or read as far as it can be', async (t) => {
  const { directory, runs } = await furnished('SIGTERM');
  const damaged = (damage) => {
    const to = copied(directory), file = path.join(to, 'test.db'), bytes = readFileSync(file);
    writeFileSync(file, damage(bytes) ?? bytes);
    return to;
  };
  const header = await look(damaged((bytes) => void noise(100).copy(bytes)), runs);
  assert.ok(header.refused);
  await look(damaged((bytes) => bytes.subarray(0, bytes.length / 2 & ~8191)), runs);
  await look(damaged((bytes) => bytes.subarray(0, bytes.length - 5000)), runs);
  const pages = statSync(path.join(directory, 'test.db')).size / 8192;
  let most = 0, refused = 0;
  for (let k = 1; k <= 8; k++) {
    const page = Math.floor((pages - 1) * k / 8);
    const result = await look(damaged((bytes) => void noise(8192).copy(bytes, page * 8192)), runs);
    most = Math.max(most, result.found.length);
    refused += result.refused;
  }
  t.diagnostic(`of 8 pages ${refused} are wanted at the start; else up to ${most} of ${runs.length} runs are read`);
  assert.ok(most >= runs.length - 3, 'what is elsewhere is read');
});

test('a run whose output is lost is an error by itself, and still in lists', async (t) => {
  const { directory, runs } = await furnished('SIGTERM');
  const { id } = runs.find((run) => run.output);
  execFileSync('sqlite3', [path.join(directory, 'test.db'), `DELETE FROM run_output WHERE run_id = (SELECT id FROM runs WHERE pub = '${id}')`]);
  const server = await Server.start({ directory });
  t.after(() => server.stop());
  for (const where of [`/runs/${id}`, `/runs/${id}/output`, `/runs/${id}/events`])
    assert.equal((await server.api(where)).status, 500, where);
  assert.equal((await server.api(`/runs/${id}/trace`)).status, 200);
  const { runs: listed } = await server.json('/runs?limit=100');
  assert.deepEqual(listed.map((run) => run.id).sort(), runs.map((run) => run.id).sort());
});

test('of a log that is damaged what was written before counts', async () => {
  const { directory, runs } = await furnished('SIGKILL');
  const wal = path.join(directory, 'test.db-wal'), bytes = statSync(wal).size;
  assert.ok(bytes > 100000);
  const whole = await look(copied(directory), runs);
  assert.equal(whole.found.length, runs.length);
  assert.deepEqual(whole.unended, []);
  for (const left of [bytes * 0.9, bytes / 2, 20000, 31, 0].map(Math.floor)) {
    const cut = copied(directory);
    truncateSync(path.join(cut, 'test.db-wal'), left);
    const { refused, found, unended } = await look(cut, runs);
    assert.equal(refused, false);
    assert.deepEqual(found, runs.map((run) => run.id).slice(0, found.length), 'the older ones');
    assert.deepEqual(unended, found.slice(found.length - unended.length), 'the newest of them');
    assert.ok(unended.length <= 1, 'each began after the one before had ended');
    assert.equal(integrity(cut), 'ok');
  }
  const other = copied(directory);
  writeFileSync(path.join(other, 'test.db-wal'), noise(200000));
  assert.equal((await look(other, runs)).refused, false);
  assert.equal(integrity(other), 'ok');
});

test('a log of another database breaks no server', async () => {
  const [a, b] = [await furnished('SIGTERM'), await furnished('SIGKILL')];
  const mixed = copied(a.directory);
  copyFileSync(path.join(b.directory, 'test.db-wal'), path.join(mixed, 'test.db-wal'));
  await look(mixed, [...a.runs, ...b.runs], false);
});

/* ---- descriptors ---- */

test('without descriptors those who are connected are answered, and nothing accepted is lost', async (t) => {
  const server = await Server.start({ args: ['--workers', '2', '--client-limit', '0'] });
  t.after(() => server.stop());
  const { pid } = server.process;
  const limit = (n) => execFileSync('prlimit', ['--pid', pid, `--nofile=${n}:`]);
  const before = await server.run(quick);
  const accepted = [];
  for (const spare of [0, 1, 2, 3, 5, 8]) {
    await server.run(quick);
    const open = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
    let free = 0; /* the least there is, which comes next */
    while (open.has(free)) free++;
    limit(free + spare);
    for (let i = 0; i < 6; i++)
      try {
        const answer = await server.api('/runs?wait=0.2', {
          method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(quick),
          signal: AbortSignal.timeout(5000),
        });
        assert.ok([201, 503].includes(answer.status), String(answer.status));
        const body = await answer.json();
        if (answer.status === 201) accepted.push(body.id);
      } catch (error) {
        if (error.code === 'ERR_ASSERTION') throw error; /* else: the connection was not taken */
      }
    limit(4096);
    assert.ok(await until(async () => (await server.run(quick).catch(() => null))?.ended === 'completed'), 'it is well again');
    assert.deepEqual(await server.json(`/runs/${before.id}`), before);
  }
  t.diagnostic(`${accepted.length} of 36 runs were accepted`);
  assert.ok(accepted.length > 0);
  for (const id of accepted) {
    const run = await server.json(`/runs/${id}?wait=20`);
    assert.equal(run.status, 'done');
    assert.equal(run.ended, 'completed');
  }
});

test('there are descriptors for all connections, or connections for all descriptors, or no start', async (t) => {
  const most = async (soft, hard, said = /^/) => {
    const server = await Server.start({ within: ['prlimit', `--nofile=${soft}:${hard}`], args: ['--connections', '1000'] });
    t.after(() => server.stop());
    const limits = readFileSync(`/proc/${server.process.pid}/limits`, 'utf8');
    assert.ok(await until(() => said.test(server.log)), server.log);
    return [Number(/^Max open files +(\d+)/m.exec(limits)[1]), server.log];
  };
  const [raised, nothing] = await most(300, 4096);
  assert.ok(raised >= 1256 && raised < 4096, String(raised));
  assert.equal(nothing, '');
  const [all] = await most(300, 500, /there may be 500 descriptors, which do for \d+ connections/);
  assert.equal(all, 500);
  await assert.rejects(most(200, 200), /at least \d+ descriptors are needed, there may be 200/);
});
