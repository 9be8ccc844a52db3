/* Runs taken along in files: `interleave export` and `interleave import`, also of files by enemies. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Faults, noFaults } from './faults.mjs';
import { Server, deadlock, program, quick, root, slow } from './server.mjs';

let server, directory, whole;
const servers = [];
before(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'interleave-transfer-'));
  server = await Server.start({ args: ['--wall-limit', '2', '--output-limit', '64K', '--runner', hostile] });
  servers.push(server);
  await fill();
  whole = await exported('whole.ilv');
});
after(async () => {
  await Promise.all(servers.map((s) => s.stop()));
  await rm(directory, { recursive: true, force: true });
});

const at = (name) => path.join(directory, name);
const fresh = async (name) => (await rm(at(name), { force: true }), at(name));

/* Runs the program; resolves to its exit code and what it said. */
async function call(args, input = null, env = {}) {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  const out = [];
  let err = '';
  child.stdout.on('data', (d) => out.push(d));
  child.stderr.on('data', (d) => (err += d));
  child.stdin.on('error', () => {});
  child.stdin.end(input ?? undefined);
  const [code, signal] = await once(child, 'close');
  assert.equal(signal, null, err);
  assert.doesNotMatch(err, /Sanitizer|runtime error/);
  return { code, out: Buffer.concat(out), err };
}
const database = (s) => path.join(s.directory, 'test.db');
const exportFrom = (s, ...args) => call(['export', '--database', database(s), ...args]);
const hostile = path.join(root, process.env.BUILD ?? 'build', 'tests/interleave-runner-hostile');
const importInto = (file, ...args) => call(['import', '--database', file, '--runner', hostile, ...args]);
async function exported(name, ...args) {
  const done = await exportFrom(server, '--output', at(name), ...args);
  assert.equal(done.code, 0, done.err);
  return readFile(at(name));
}

/* ---- what there is to take along ---- */

let runs, workshop;
const post = (where, body) => server.api(where, {
  method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
}).then((answer) => answer.json());

async function fill() {
  const bodies = [
    quick, { ...deadlock, params: { drop_close: 'main-p1-write', limit_ms: 1000 } }, slow(9000),
    { scenario: 'segfault' }, { scenario: 'flood' },
    { scenario: 'race-counter', params: { threads: 4, n: 500 } },
    { scenario: 'race-counter', params: { n: 2 }, schedule: { mode: 'random', seed: 3 } },
    { scenario: 'race-counter', params: { n: 2 }, schedule: { mode: 'round-robin' } },
    { scenario: 'deadlock-two-locks', schedule: { mode: 'pct', seed: 1 } },
  ];
  runs = [];
  for (const body of bodies) runs.push(await server.run(body));
  workshop = await post('/workshops', { title: '星期一：竞争', steps: [quick, { scenario: 'race-counter', note: '再运行\n一次。' }] });
  for (const name of ['李雷', 'Ann'])
    runs.push(await server.run({ workshop: { id: workshop.id, step: 1, name } }));
  for (const run of runs) assert.equal(run.status, 'done', JSON.stringify(run));
}

/* Everything the API tells of a run. */
async function told(s, id) {
  const bytes = async (where) => {
    const answer = await s.api(where, { headers: { 'accept-encoding': 'identity' } });
    assert.equal(answer.status, 200, where);
    return Buffer.from(await answer.arrayBuffer()).toString('latin1');
  };
  const run = await bytes(`/runs/${id}`);
  return {
    run: run.replace(/"mine":(true|false),"kept":(true|false)/, '"mine":…,"kept":…'),
    output: await bytes(`/runs/${id}/output`),
    events: (await bytes(`/runs/${id}/events`)).replace(/"mine":(true|false),"kept":(true|false)/g, '…'),
    traces: await Promise.all(['json', 'binary', 'chrome', 'csv'].map((f) => bytes(`/runs/${id}/trace?format=${f}`))),
  };
}

test('what was run is the same elsewhere, to the byte', async () => {
  const ends = new Set(runs.map((run) => run.ended));
  for (const end of ['completed', 'deadlock', 'timeout', 'crashed', 'output-limit'])
    assert.ok(ends.has(end), `${end} is none of ${[...ends]}`);
  const other = await Server.start({ args: ['--output-limit', '64K'] });
  servers.push(other);
  const done = await importInto(database(other), '--output-limit', '64K', at('whole.ilv'));
  assert.equal(done.code, 0, done.err);
  assert.match(done.err, new RegExp(`${runs.length} runs taken in, 0 there already, 0 refused; 1 workshops made`));
  for (const run of runs) {
    assert.deepEqual(await told(other, run.id), await told(server, run.id), run.ended);
    const there = await other.json(`/runs/${run.id}`);
    assert.deepEqual([there.mine, there.kept], [false, true]);
  }
  const [, from, to, key] = /workshop (\S+) (\S+) (\S+) 星期一：竞争/.exec(done.out);
  assert.deepEqual([from, to], [workshop.id, workshop.id]);
  assert.notEqual(key, workshop.instructor_key);
  const { may_change: may, ...came } = await other.json(`/workshops/${workshop.id}`, { headers: { authorization: `Bearer ${key}` } });
  assert.equal(may, true);
  const { may_change: mayNot, ...left } = await server.json(`/workshops/${workshop.id}`);
  assert.deepEqual([came, mayNot], [left, false]);
  const board = async (s) => (await s.json(`/workshops/${workshop.id}/board`)).steps;
  assert.deepEqual(await board(other), await board(server));
  assert.doesNotMatch(whole.toString('latin1'), new RegExp(`${workshop.instructor_key}|${server.cookie.split('=')[1]}`));
});

test('a selection: a workshop, what is kept, ids', async () => {
  const count = (bytes) => Number(/"end":\{"runs":(\d+)/.exec(bytes.toString('latin1'))[1]);
  assert.equal(count(await exported('w.ilv', '--workshop', workshop.id.toUpperCase())), 2);
  assert.equal(count(await exported('k.ilv', '--kept')), 2);
  assert.equal(count(await exported('r.ilv', runs[0].id, runs[3].id)), 2);
  const missing = await exportFrom(server, '--output', '-', 'A'.repeat(22), runs[0].id);
  assert.deepEqual([missing.code, count(missing.out)], [3, 1]);
  assert.match(missing.err, /A{22} is no run here/);
  const going = await (await server.post(slow(1500))).json();
  const goesOn = await exportFrom(server, '--output', '-', going.id);
  assert.deepEqual([goesOn.code, count(goesOn.out)], [3, 0]);
  assert.equal((await server.json(`/runs/${going.id}?wait=20`)).status, 'done');
  for (const args of [[], ['--output', '-', '--kept', runs[0].id], ['--output', '-', '../x'], ['--output'], ['--output', '-', '--colour', 'red']])
    assert.equal((await exportFrom(server, ...args)).code, 2, args.join(' '));
  assert.equal((await exportFrom(server, '--output', at('n.ilv'), '--workshop', '000-000-000')).code, 1);
  assert.equal((await call(['export', '--database', at('none.db'), '--output', at('n.ilv')])).code, 1);
  assert.ok((await readdir(directory)).every((name) => !/^n\.ilv|part$|^none/.test(name)));
  for (const command of ['export', 'import'])
    assert.match((await call([command, '--help'])).out.toString(), new RegExp(`^usage: interleave ${command} `));
});

test('what is there already stays; a server goes on meanwhile', async () => {
  const other = servers.at(-1);
  const again = await importInto(database(other), '--output-limit', '64K', at('whole.ilv'));
  assert.deepEqual([again.code, again.out.length], [0, 0]);
  assert.match(again.err, new RegExp(`0 runs taken in, ${runs.length} there already, 0 refused; 0 workshops`));
  const busy = Promise.all([...Array(12)].map(() => other.run(quick)));
  const into = await fresh('busy.ilv');
  const [made, out, back] = [await busy, await exportFrom(other, '--output', into), await importInto(database(other), '--output-limit', '64K', into)];
  assert.ok(made.every((run) => run.ended === 'completed'));
  assert.deepEqual([out.code, back.code], [0, 0], out.err + back.err);
  const both = await Promise.all([importInto(database(server), into), ...[...Array(8)].map(() => server.run(quick))]);
  assert.equal(both[0].code, 0, both[0].err);
  assert.ok(both.slice(1).every((run) => run.ended === 'completed'));
});

test('a workshop whose id is taken gets another one; its later runs join it', async () => {
  const into = await fresh('join.db');
  const one = await exported('one.ilv', runs.at(-2).id);
  assert.match((await importInto(into, at('one.ilv'))).err, /1 runs taken in.*1 workshops made/);
  const more = await importInto(into, at('w.ilv'));
  assert.match(more.err, /1 runs taken in, 1 there already, 0 refused; 0 workshops made/);
  const forged = change(one, (line) => {
    if (line.workshop) line.workshop.title = 'Mine', line.workshop.created_ms -= 1;
    if (line.run) line.run.id = 'F'.repeat(22);
  });
  await writeFile(at('forged.ilv'), forged);
  const other = await importInto(into, at('forged.ilv'));
  const [, from, to] = /workshop (\S+) (\S+) \S+ Mine/.exec(other.out);
  assert.equal(from, workshop.id);
  assert.notEqual(to, workshop.id);
});

test('a pipe will do', async () => {
  const out = await exportFrom(server, '--output', '-', runs[0].id);
  const done = await call(['import', '--database', await fresh('pipe.db'), '-'], out.out);
  assert.equal(done.code, 0, done.err);
  assert.match(done.err, /1 runs taken in/);
});

test('a file that cannot be written is not there afterwards, and what was is', async () => {
  const kept = await exported('kept.ilv', runs[0].id);
  await mkdir(at('folder'));
  spawnSync('mkfifo', [at('fifo')]);
  for (const [output, said] of [
    [at('folder'), /folder is there and is no file that can be replaced/],
    [at('fifo'), /fifo is there and is no file that can be replaced/],
    [at('none/x.ilv'), /none\/x\.ilv\.part: No such file/],
    [at('x'.repeat(4096)), /--output is too long/],
  ]) {
    const done = await exportFrom(server, '--output', output, runs[0].id);
    assert.equal(done.code, 1, done.err);
    assert.match(done.err, said);
  }
  assert.ok((await readdir(directory)).every((name) => !name.endsWith('part')));
  assert.deepEqual(await readFile(at('kept.ilv')), kept);
  assert.ok((await stat(at('fifo'))).isFIFO());
  const full = await open('/dev/full', 'w');
  const child = spawn(program, ['export', '--database', database(server), '--output', '-'], { stdio: ['ignore', full.fd, 'pipe'] });
  let err = '';
  child.stderr.on('data', (d) => (err += d));
  assert.deepEqual(await once(child, 'close'), [1, null]);
  assert.match(err, /No space left on device/);
  await full.close();
});

test('a database that cannot be opened is said', async () => {
  const done = await importInto(at('whole.ilv/x.db'), at('whole.ilv'));
  assert.equal(done.code, 1);
  assert.match(done.err, /whole\.ilv\/x\.db/);
  const input = await importInto(await fresh('empty.db'), at('none.ilv'));
  assert.equal(input.code, 1);
  assert.match(input.err, /none\.ilv: cannot be opened: No such file/);
});

const every = Boolean(process.env.INTERLEAVE_EVERY_FAULT);
test('memory that is not there costs one attempt of a transfer, and nothing that is stored', { skip: noFaults }, async (t) => {
  const all = Number(/"end":\{"runs":(\d+)/.exec(whole.toString('latin1'))[1]);
  const faults = new Faults(directory);
  t.after(() => faults.close());
  const attempt = async (first, args) => {
    faults.memory({ first });
    const done = await call(args, null, faults.env);
    const { memory } = faults.calm();
    if (first === NEVER) assert.equal(done.code, 0, done.err);
    else assert.ok([0, 1].includes(done.code), `allocation ${first}: ${done.code} ${done.err}`);
    if (done.code === 1) assert.match(done.err, /memory|the database: /, `allocation ${first}: ${done.err}`);
    return { ...memory, code: done.code };
  };
  const NEVER = 1e15;
  const out = ['export', '--database', database(server), '--output', at('short.ilv')];
  const { seen } = await attempt(NEVER, out);
  const good = await readFile(at('short.ilv'));
  for (let n = 1, step = every ? 1 : Math.ceil(seen / 40); n <= seen; n += step) {
    await rm(at('short.ilv'), { force: true });
    const { code } = await attempt(n, out);
    const left = (await readdir(directory)).filter((name) => name.startsWith('short'));
    assert.deepEqual(left, code === 0 ? ['short.ilv'] : [], `allocation ${n}`);
    if (code === 0) assert.deepEqual(await readFile(at('short.ilv')), good);
  }
  const into = ['--database', await fresh('short.db'), '--output-limit', '64K'];
  const take = ['import', ...into, '--runner', hostile, at('whole.ilv')];
  const most = (await attempt(NEVER, take)).seen;
  /* Most of them are for the catalogue. */
  let failed = 0;
  for (let n = most; n > 0; n -= n > most - 900 ? (every ? 1 : 23) : Math.ceil(most / 10)) {
    for (const suffix of ['', '-wal', '-shm']) await rm(at(`short.db${suffix}`), { force: true });
    failed += (await attempt(n, take)).code;
    const again = await call(take);
    assert.equal(again.code, 0, again.err);
    const [, came, there] = /(\d+) runs taken in, (\d+) there already, 0 refused/.exec(again.err);
    assert.equal(Number(came) + Number(there), all, `allocation ${n}`);
  }
  assert.ok(failed > 10, `${failed}`);
});

/* ---- files by enemies ---- */

/* The records of a file: each a line, and for a run its bytes. */
function records(bytes) {
  const list = [];
  for (let i = 0; i < bytes.length;) {
    const end = bytes.indexOf(10, i);
    const line = JSON.parse(bytes.subarray(i, end));
    i = end + 1;
    if (!line.run) list.push({ line });
    else {
      const parts = {};
      for (const name of ['output', 'segments', 'trace']) {
        parts[name] = bytes.subarray(i, i + line[name]);
        i += line[name];
      }
      list.push({ line, parts });
      i++;
    }
  }
  return list;
}
function written(list) {
  return Buffer.concat(list.flatMap(({ line, parts }) => {
    const text = Buffer.from(`${JSON.stringify(line)}\n`);
    return parts ? [text, parts.output, parts.segments, parts.trace, Buffer.from('\n')] : [text];
  }));
}
/* A file with each record changed by `how(line, parts)`; the sizes are made to fit. */
function change(bytes, how) {
  const list = records(bytes);
  for (const { line, parts } of list) {
    how(line, parts);
    if (parts) for (const name of Object.keys(parts)) line[name] = parts[name].length;
  }
  return written(list);
}
/* Changes what is in a text of JSON. */
const within = (line, name, how) => {
  const value = JSON.parse(line.run[name]);
  how(value);
  line.run[name] = JSON.stringify(value);
};

async function refused(what, bytes, reason, code = 3) {
  await writeFile(at('bad.ilv'), bytes);
  const done = await importInto(await fresh('bad.db'), at('bad.ilv'));
  assert.equal(done.code, code, `${what}: ${done.err}`);
  assert.match(done.err, reason, what);
  return done;
}

test('a run that is not as ours are is refused, with the reason', async () => {
  const good = await exported('good.ilv', runs[5].id);
  const run = (how) => change(good, (line, parts) => line.run && how(line, parts));
  const set = (name, value) => run((line) => (line.run[name] = value));
  const json = (name, how) => run((line) => within(line, name, how));
  const segment = (how) => run((line, parts) => {
    parts.segments = Buffer.from(parts.segments);
    how(parts.segments);
  });
  const cases = [
    ['an id that is none', set('id', '../../etc/passwd'), /id: must be 22 letters and digits/],
    ['an id with a NUL', set('id', 'A'.repeat(22) + '\u0000'), /the line that ends at byte \d+: .*\\u0000/, 1],
    ['params with a number beyond all', set('params', '{"n":1e999}'), /params: .*too big|params: .*overflow|params: .*large/],
    ['an id that is too long', set('id', 'A'.repeat(23)), /id: must be 22/],
    ['an id that is markup', set('id', '<script>alert(1)</scrip'), /id: must be 22/],
    ['an id that is a number', set('id', 7), /\/id is no text/],
    ['an unknown scenario', set('scenario', 'no-such'), /scenario: there is none named "no-such"/],
    ['a job of another scenario', set('job', 'scenario=generator-send\ntrace=1\n'), /job: is of another scenario/],
    ['a job that is none', set('job', 'x'), /job: /],
    ['one member more', set('session', 'A'.repeat(22)), /a member that is not known/],
    ['params that are no object', set('params', '[]'), /params: is no object/],
    ['params that are cut', set('params', '{"n":'), /params: is no object/],
    ['params with a line break', set('params', '{"n":1,\n"threads":2}'), /params: has control characters/],
    ['params with an object', set('params', '{"n":{"a":1}}'), /params: \/n is no parameter/],
    ['params with a list of texts', set('params', '{"n":[1,"2"]}'), /params: \/n is no parameter/],
    ['params with a list that is too long', set('params', `{"n":[${'1,'.repeat(200)}1]}`), /params: \/n is no parameter/],
    ['params with markup', set('params', '{"n":"<img src=x>"}'), /params: \/n is no parameter/],
    ['params twice', set('params', '{"n":1,"n":2}'), /params: .*duplicate/i],
    ['params nested deep', set('params', `{"n":${'['.repeat(50)}${']'.repeat(50)}}`), /params: nested deeper/],
    ['params without end', set('params', `{"n":[${'1,'.repeat(40000)}1]}`), /params: must have at most 65536/],
    ['a schedule of no mode', json('schedule', (s) => (s.mode = 'often')), /schedule: \/mode is not a known word/],
    ['a token that is none', json('schedule', (s) => (s.token = '"><b>')), /schedule: \/token is no token/],
    ['a result that takes the place of other members', json('result', (r) => (r.mine = true)), /result: it has a member that is not known/],
    ['a result without checks', json('result', (r) => delete r.checks), /result: \/checks is missing/],
    ['an outcome of no class', json('result', (r) => (r.outcome.class = 'great')), /result: \/outcome\/class is not a known word/],
    ['a metric with a name of markup', json('result', (r) => (r.metrics['<b>'] = 1)), /result: \/metrics has a member whose name is none/],
    ['checks that are no list', json('result', (r) => (r.checks = {})), /result: \/checks is no list/],
    ['an exit that is no object', json('result', (r) => (r.exit = 3)), /result: \/exit is no object/],
    ['a check that neither held nor did not', json('result', (r) => (r.checks[0].held = 'yes')), /result: \/checks\/0\/held is neither true nor false/],
    ['a table of objects', json('result', (r) => (r.table = [[{}]])), /result: \/table\/0\/0 is no cell/],
    ['another end than its result', set('ended', 'deadlock'), /result: says another end/],
    ['an end that is none', set('ended', 'happily'), /ended: is no end/],
    ['a time of the future', set('created_ms', 9e15), /created_ms: must be/],
    ['a time before there were any', set('created_ms', -1), /created_ms: must be/],
    ['a time that is a text', set('started_ms', 'now'), /\/started_ms is no integer/],
    ['output that is not UTF-8', run((line, parts) => (parts.output = Buffer.concat([Buffer.from([0xff]), parts.output.subarray(1)]))), /output: is not UTF-8 at byte 0/],
    ['segments beyond the output', segment((s) => s.writeUInt32LE(0xffffffff, 8)), /segments: number 0 does not fit/],
    ['segments that are too few', run((line, parts) => (parts.segments = parts.segments.subarray(0, 0))), /segments: cover 0 bytes/],
    ['half a segment', run((line, parts) => (parts.segments = parts.segments.subarray(1))), /segments: end within one/],
    ['a segment of no task', segment((s) => s.writeUInt16LE(5000, 12)), /segments: number 0 is malformed/],
    ['a segment of a far time', segment((s) => s.writeBigUInt64LE(1n << 60n, 0)), /segments: number 0 is malformed/],
    ['a trace of random bytes', run((line, parts) => (parts.trace = Buffer.alloc(900, 77))), /trace: does not unpack/],
    ['a trace that is cut', run((line, parts) => (parts.trace = parts.trace.subarray(0, parts.trace.length - 9))), /trace: does not unpack/],
    ['a trace of another length', run((line) => (line.trace_bytes += 1)), /trace: does not unpack/],
    ['a trace beyond the bound', run((line) => (line.trace_bytes = 2 ** 40)), /trace_bytes: must be 1 to/],
    ['a seat in no workshop', set('seat', { workshop: '000-000-000', step: 0, name: 'Ann' }), /seat\/workshop: is not in the file/],
    ['a seat of markup', set('seat', { workshop: '../../../x', step: 0, name: 'Ann' }), /seat\/workshop: is no id/],
    ['a seat of no step', set('seat', { workshop: '000-000-000', step: 40, name: 'Ann' }), /seat\/step: must be 0 to 39/],
    ['a seat without a name', set('seat', { workshop: '000-000-000', step: 0, name: ' ' }), /seat\/name: must be a name/],
  ];
  for (const [what, bytes, reason, code] of cases) await refused(what, bytes, reason, code);
});

/* One chunk with tasks of these parents (trace/chunk.h) and no event, in a zstd frame of raw blocks. */
function chunk(parents) {
  const bytes = Buffer.alloc(64 + 48 * parents.length);
  bytes.write('ILC1', 'latin1');
  [bytes.length, 0, 2, parents.length].forEach((n, i) => bytes.writeUInt32LE(n, 4 + 4 * i));
  parents.forEach((parent, i) => {
    const entry = 64 + 48 * i;
    bytes.writeUInt16LE(i, entry);
    bytes[entry + 2] = 1;
    bytes.writeUInt16LE(parent, entry + 4);
    bytes.writeUInt16LE(1, entry + 6);
    bytes.write('t', entry + 8);
  });
  const list = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0])];
  list[0].writeUInt32LE(bytes.length, 5);
  for (let at = 0; at < bytes.length; at += 65536) {
    const part = bytes.subarray(at, at + 65536), head = Buffer.alloc(3);
    head.writeUIntLE(part.length << 3 | (at + 65536 >= bytes.length ? 1 : 0), 0, 3);
    list.push(head, part);
  }
  return { bytes, frame: Buffer.concat(list) };
}

test('a trace has no more than a run can leave, and is packed anew', async () => {
  const good = await exported('good.ilv', runs[5].id);
  const traced = (parents) => change(good, (line, parts) => {
    if (!line.run) return;
    const { bytes, frame } = chunk(parents);
    parts.trace = frame;
    line.trace_bytes = bytes.length;
  });
  const many = (n) => Array(n).fill(0xffff);
  await refused('more tasks than there can be', traced(many(1025)), /trace: the chunk after event 0 is malformed/);
  await refused('a task that is its own parent', traced([0xffff, 1]), /trace: entry 1 of .* comes before its parent/);
  await writeFile(at('most.ilv'), traced(many(1024)));
  const into = await fresh('most.db');
  assert.equal((await importInto(into, at('most.ilv'))).code, 0);
  const again = await call(['export', '--database', into, '--output', '-']);
  const [, { line, parts }] = records(again.out);
  assert.equal(line.trace_bytes, 64 + 48 * 1024);
  assert.ok(parts.trace.length < line.trace_bytes / 4, `${parts.trace.length}`);
});

/* A zstd frame of one repeated byte a block, 128 KiB each: four bytes for every 131072. */
function bomb(size) {
  const blocks = Math.ceil(size / 131072), block = Buffer.alloc(4);
  const head = Buffer.alloc(13);
  head.writeUInt32LE(0xfd2fb528, 0);
  head[4] = 0xe0; /* single segment, content size in eight bytes */
  head.writeBigUInt64LE(BigInt(blocks) * 131072n, 5);
  const list = [head];
  for (let i = 0; i < blocks; i++) {
    block.writeUIntLE((131072 << 3 | 1 << 1 | (i === blocks - 1 ? 1 : 0)) >>> 0, 0, 3);
    list.push(Buffer.from(block));
  }
  return Buffer.concat(list);
}

test('a bomb does not go off', async () => {
  const good = await exported('good.ilv', runs[5].id);
  const packed = (size, says) => change(good, (line, parts) => {
    if (!line.run) return;
    parts.trace = bomb(size);
    line.trace_bytes = says;
  });
  await refused('64 GiB in 2 MB', packed(2 ** 36, 2 ** 36), /trace_bytes: must be 1 to 67108864/);
  await refused('64 GiB that says 64 MiB', packed(2 ** 36, 2 ** 26), /trace: does not unpack/);
  await refused('64 MiB of zeros', packed(2 ** 26, 2 ** 26), /trace: the chunk after event 0 is malformed/);
});

test('what is too large is passed over, and what comes behind it is read', async () => {
  const two = await exported('two.ilv', runs[5].id, runs[6].id);
  const large = change(two, (line, parts) => {
    if (line.run?.id === runs[5].id) parts.output = Buffer.alloc(4 << 20, 'x');
  });
  const done = await refused('4 MiB of output', large, /output has 4194304 bytes, at most \d+ are taken/);
  assert.match(done.err, /1 runs taken in, 0 there already, 1 refused/);
});

test('a file that is damaged, cut or of another kind; what came before is in', async () => {
  const line = (text) => Buffer.from(`${text}\n`);
  await refused('an empty file', Buffer.alloc(0), /no file that `interleave export` wrote/, 1);
  await refused('random bytes', Buffer.from([...Array(4096)].map((_, i) => (i * 7919) >> 3 & 255)), /no file that/, 1);
  await refused('a database', await readFile(database(server)), /no file that/, 1);
  await refused('another object', line('{"export":1}'), /no file that `interleave export` wrote/, 1);
  await refused('another version', line('{"interleave_export":2}'), /is of version 2; this program knows version 1/, 1);
  await refused('a head alone', line('{"interleave_export":1}'), /ends early, after 24 bytes/, 1);
  await refused('another record', line('{"interleave_export":1}\n{"table":{}}'), /neither run nor workshop/, 1);
  await refused('a line without end', Buffer.concat([line('{"interleave_export":1}'), Buffer.alloc(3 << 20, 'x')]), /is too long/, 1);
  await refused('sizes below nothing', line('{"interleave_export":1}\n{"run":{},"output":-1,"segments":0,"trace":0,"trace_bytes":0}'), /does not say its output/, 1);
  await refused('sizes beyond everything', line('{"interleave_export":1}\n{"run":{},"output":9223372036854775807,"segments":0,"trace":0,"trace_bytes":0}'), /ends early/, 1);
  await refused('no length of its trace', line('{"interleave_export":1}\n{"run":{},"output":0,"segments":0,"trace":0}'), /does not say its trace_bytes/, 1);
  await refused('a run without its end', Buffer.from('{"interleave_export":1}\n{"run":{},"output":0,"segments":0,"trace":0,"trace_bytes":0}\n'), /ends early/, 1);
  await refused('bytes behind a run', line('{"interleave_export":1}\n{"run":{},"output":0,"segments":0,"trace":0,"trace_bytes":0}\nx'), /is longer than it says/, 1);
  let taken = 0;
  for (const part of [0.2, 0.5, 0.8, 0.95, 0.9999]) {
    const done = await refused(`cut at ${part}`, whole.subarray(0, Math.floor(whole.length * part)), /ends early, after/, 1);
    const now = Number(/(\d+) runs taken in/.exec(done.err)[1]);
    assert.ok(now >= taken);
    taken = now;
  }
  assert.ok(taken >= runs.length - 1, `${taken}`);
});

test('many runs come in portions; of many reasons the first are shown', async () => {
  const good = await exported('good.ilv', runs[5].id);
  const [head, run] = records(good);
  const id = (i) => String(i).padStart(22, 'A');
  const named = (count, how = () => {}) => written([head, ...[...Array(count)].map((_, i) => {
    const line = { ...run.line, run: { ...run.line.run, id: id(i) } };
    how(line.run);
    return { ...run, line };
  }), { line: { end: { runs: count } } }]);
  await writeFile(at('many.ilv'), named(70));
  const into = await fresh('many.db');
  const done = await importInto(into, at('many.ilv'));
  assert.equal(done.code, 0, done.err);
  assert.match(done.err, /70 runs taken in, 0 there already, 0 refused/);
  const back = await call(['export', '--database', into, '--output', '-']);
  assert.deepEqual(records(back.out).flatMap(({ line }) => line.run?.id ?? []).sort(), [...Array(70)].map((_, i) => id(i)).sort());
  const bad = await refused('all of them', named(25, (one) => (one.ended = 'happily')), /25 refused/);
  assert.equal(bad.err.match(/ended: is no end/g).length, 20);
  assert.equal(bad.err.match(/further reasons are left out/g).length, 1);
});

test('what is said of a file has no signs that steer a terminal', async () => {
  const good = await exported('esc.ilv', runs[5].id);
  const steering = '\u001b]0;owned\u0007\u009b2J\nrun: all is well';
  for (const name of ['id', 'scenario']) {
    const { err } = await refused(name, change(good, (line) => line.run && (line.run[name] = steering)), /refused: /);
    assert.doesNotMatch(err, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/, name);
    assert.doesNotMatch(err, /^run: all/m, name);
  }
});

test('a file ends where it says, after as many runs as it says', async () => {
  const two = await exported('two.ilv', runs[5].id, runs[6].id);
  await refused('two files in one', Buffer.concat([two, whole]), /2 runs taken in/, 1);
  await refused('a run cut out', written(records(two).filter(({ line }) => line.run?.id !== runs[5].id)), /says that it has 2 runs, and has 1/, 1);
});

test('no byte changed anywhere makes it fail otherwise than it should', async () => {
  const good = await exported('flip.ilv', runs[0].id, runs[6].id, runs.at(-1).id);
  let seed = 1;
  const random = (n) => (seed = (seed * 48271) % 2147483647) % n;
  for (let i = 0; i < 40; i++) {
    const bytes = Buffer.from(good);
    for (let k = 0; k <= i % 4; k++) bytes[random(bytes.length)] = random(256);
    await writeFile(at('flip.ilv'), bytes);
    const done = await importInto(await fresh('flip.db'), at('flip.ilv'));
    assert.ok([0, 1, 3].includes(done.code), done.err);
    assert.match(done.err, /runs taken in/);
  }
});

test('with --strict all of it is refused when any of it is wrong', async () => {
  const bad = change(whole, (line) => line.run && line.run.id === runs[4].id && (line.run.ended = 'happily'));
  await writeFile(at('strict.ilv'), bad);
  const into = await fresh('strict.db');
  const done = await importInto(into, '--strict', at('whole.ilv'), at('strict.ilv'));
  assert.equal(done.code, 3, done.err);
  assert.match(done.err, /ended: is no end[^]* 0 runs taken in, 0 there already, 1 refused; 0 workshops made/);
  assert.equal(done.out.length, 0);
  const well = await importInto(into, '--strict', at('whole.ilv'));
  assert.deepEqual([well.code, Number(/(\d+) runs taken in/.exec(well.err)[1])], [0, runs.length]);
  const lax = await importInto(await fresh('lax.db'), at('strict.ilv'));
  assert.deepEqual([lax.code, Number(/(\d+) runs taken in/.exec(lax.err)[1])], [3, runs.length - 1]);
  assert.equal((await importInto(into, '--strict', '-')).code, 2);
  assert.equal((await importInto(into)).code, 2);
});

test('a workshop that is not as ours are is refused, and its runs', async () => {
  const good = await exported('w.ilv', '--workshop', workshop.id);
  const set = (how) => change(good, (line) => line.workshop && how(line.workshop));
  for (const [what, how, reason] of [
    ['no id', (w) => (w.id = 'x'), /id: is none of a workshop/],
    ['no steps', (w) => (w.steps = []), /\/steps: must be a list of 1 to 40/],
    ['a step of nothing', (w) => (w.steps[1].scenario = 'no-such'), /\/steps\/1\/scenario/],
    ['a title with controls', (w) => (w.title = 'a\u0007'), /\/title: must have no control/],
    ['a time that is none', (w) => (w.created_ms = 'x'), /created_ms: must be/],
  ]) {
    const done = await refused(what, set(how), reason);
    assert.match(done.err, /0 runs taken in, 0 there already, 3 refused/, what);
  }
  const [head, of, ...rest] = records(good);
  const twice = await refused('the same one twice', written([head, of, rest[0], of, ...rest.slice(1)]), /workshop \S+ refused: id: is in the file twice/);
  assert.match(twice.err, /2 runs taken in, 0 there already, 1 refused; 1 workshops made/);
  const few = await refused('fewer steps', set((w) => w.steps.pop()), /seat\/step: must be 0 to 0, was 1/);
  assert.match(few.err, /2 refused; 0 workshops made/);
});
