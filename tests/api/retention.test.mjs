import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { after, test } from 'node:test';
import { Server, deadlock, eventStream, quick, slow } from './server.mjs';

const servers = [];
const start = async (...args) => {
  const server = await Server.start({ args });
  servers.push(server);
  return server;
};
after(() => Promise.all(servers.map((server) => server.stop())));

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const send = (server, method, where, body, options = {}) => server.api(where, {
  method, body: JSON.stringify(body), ...options, headers: { 'content-type': 'application/json', ...options.headers },
});
const keep = (server, where, kept, options) => send(server, 'PUT', where, { kept }, options);
const status = async (server, where) => (await server.api(where)).status;
/* What the database says, whatever the server shows of it. */
const sql = (server, text, ...options) =>
  execFileSync('sqlite3', [...options, path.join(server.directory, 'test.db'), text], { encoding: 'utf8' }).trim();
const rows = (server, table) => Number(sql(server, `SELECT count(*) FROM ${table}`, '-readonly'));

/* Gives the workshop so many runs like the one it has; the server is not at work. */
function copyRuns(server, count) {
  const columns = sql(server, "SELECT group_concat(name) FROM pragma_table_info('runs') WHERE name NOT IN ('id', 'pub')");
  sql(server, `BEGIN;
    INSERT INTO runs (pub, ${columns}) WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
      SELECT printf('%022d', i), ${columns} FROM n, (SELECT ${columns} FROM runs WHERE id IN (SELECT run_id FROM workshop_runs));
    INSERT INTO workshop_runs SELECT r.id, s.workshop_id, s.step, s.name FROM runs r, workshop_runs s WHERE r.id <> s.run_id;
    COMMIT`);
}

async function until(what, patience = 60000) {
  for (const end = Date.now() + patience; Date.now() < end; await sleep(50)) if (await what()) return true;
  return false;
}

test('whoever has the link keeps a run, its owner lets it go', async () => {
  const server = await start();
  const run = await server.run(quick);
  const at = `/runs/${run.id}`;
  assert.equal(run.kept, false);
  assert.equal((await keep(server, at, true, { cookie: '' })).status, 204);
  assert.equal((await server.json(at)).kept, true);
  assert.equal((await keep(server, at, false, { cookie: '' })).status, 403);
  assert.equal((await keep(server, at, false)).status, 204);
  assert.equal((await server.json(at)).kept, false);
  for (const body of [{}, { kept: 1 }, { kept: true, more: 1 }, []])
    assert.equal((await send(server, 'PUT', at, body)).status, 422, JSON.stringify(body));
  assert.equal(await (await keep(server, '/runs/AAAAAAAAAAAAAAAAAAAAAA', true)).status, 404);
});

test('a run that goes on can be kept', async () => {
  const server = await start('--retention', '1');
  const run = await (await server.post(slow(1500))).json();
  assert.equal((await keep(server, `/runs/${run.id}`, true)).status, 204);
  assert.equal((await server.json(`/runs/${run.id}`)).kept, true);
  const done = await server.json(`/runs/${run.id}?wait=20`);
  assert.deepEqual([done.status, done.kept], ['done', true]);
  await sleep(1500);
  assert.equal(await status(server, `/runs/${run.id}`), 200);
});

test('what nobody keeps goes after its time, with all that belongs to it', async () => {
  const server = await start('--retention', '4');
  const [gone, kept] = [await server.run(quick), await server.run(quick)];
  await keep(server, `/runs/${kept.id}`, true);
  const experiment = (body) => send(server, 'POST', '/experiments?wait=20', { ...quick, kind: 'repeat', count: 3, ...body })
    .then((answer) => answer.json());
  const [old, dear] = [await experiment(), await experiment()];
  assert.equal((await keep(server, `/experiments/${dear.id}`, true)).status, 204);
  assert.ok(await until(async () => (await status(server, `/runs/${gone.id}`)) === 404));
  assert.ok(await until(async () => (await status(server, `/experiments/${old.id}`)) === 404));
  assert.equal(await status(server, `/runs/${kept.id}`), 200);
  assert.equal((await server.json(`/experiments/${dear.id}`)).kept, true);
  assert.equal(await status(server, `/runs/${dear.outcomes[0].run}`), 200, 'what a kept experiment shows stays');
  const metrics = await (await server.fetch('/metrics')).text();
  assert.ok(Number(/interleave_expired_total (\d+)/.exec(metrics)[1]) >= 2);
});

test('runs of a workshop stay as long as it does; it goes when nothing happens any more', async () => {
  const server = await start('--retention', '0.5', '--workshop-retention', '6');
  const made = await (await send(server, 'POST', '/workshops', { title: 'x', steps: [quick] })).json();
  const run = await server.run({ workshop: { id: made.id, step: 0, name: 'Ann' } });
  assert.equal(run.kept, true);
  await sleep(1500);
  assert.equal(await status(server, `/runs/${run.id}`), 200);
  assert.ok(await until(async () => (await status(server, `/workshops/${made.id}`)) === 404));
  assert.equal(await status(server, `/runs/${run.id}`), 404);
});

test('a workshop in which a run goes on does not go; who looks at its board is told when it does', async () => {
  const server = await start('--workshop-retention', '1');
  const made = await (await send(server, 'POST', '/workshops', { title: 'x', steps: [slow(4000)] })).json();
  const going = await (await server.post({ workshop: { id: made.id, step: 0, name: 'Ann' } })).json();
  const stream = eventStream(await server.api(`/workshops/${made.id}/board/events`));
  assert.equal((await stream.next()).value.event, 'board');
  const done = await server.json(`/runs/${going.id}?wait=20`);
  assert.equal(done.status, 'done');
  let event;
  do event = (await stream.next()).value;
  while (event.event === 'change');
  assert.equal(event.event, 'gone');
  assert.equal(await status(server, `/workshops/${made.id}`), 404);
});

test('a large workshop is gone when it is deleted; its rows go little by little, also after a crash', async () => {
  const first = await start();
  const make = () => send(first, 'POST', '/workshops', { title: 'x', steps: [quick] }, { headers: { 'idempotency-key': 'k' } });
  const made = await (await make()).json();
  const run = await first.run({ workshop: { id: made.id, step: 0, name: 'Ann' } });
  await first.end();
  copyRuns(first, 3000);
  const { directory, cookie } = first;
  const server = await Server.start({ directory, cookie });
  servers.push(server);
  assert.equal((await server.json('/runs?limit=100')).runs.length, 100);
  const authorization = `Bearer ${made.instructor_key}`;
  assert.equal((await server.api(`/workshops/${made.id}`, { method: 'DELETE', headers: { authorization } })).status, 204);
  for (const where of [`/workshops/${made.id}`, `/workshops/${made.id}/board`, `/runs/${run.id}`, `/runs/${'1'.padStart(22, '0')}`])
    assert.equal(await status(server, where), 404, where);
  assert.deepEqual((await server.json('/runs?limit=100')).runs, []);
  const again = await (await send(server, 'POST', '/workshops', { title: 'x', steps: [quick] }, { headers: { 'idempotency-key': 'k' } })).json();
  assert.notEqual(again.id, made.id, 'the key went with what it made');
  await server.end('SIGKILL');
  assert.ok(rows(server, 'runs') > 1000, 'no write takes all of them at once');
  const after = await Server.start({ directory, cookie });
  servers.push(after);
  assert.deepEqual((await after.json('/runs?limit=100')).runs, []);
  assert.ok(await until(() => rows(after, 'runs') === 0));
  assert.ok(await until(() => rows(after, 'workshops') === 1));
  assert.equal(await status(after, `/workshops/${again.id}`), 200);
});

test('a workshop takes so many runs', async () => {
  const first = await start();
  const { workshop_runs: most } = await first.json('/limits');
  const made = await (await send(first, 'POST', '/workshops', { title: 'x', steps: [quick] })).json();
  const seat = { workshop: { id: made.id, step: 0, name: 'Ann' } };
  const run = await first.run(seat);
  await first.end();
  copyRuns(first, most - 2);
  const { directory, cookie } = first;
  const server = await Server.start({ directory, cookie });
  servers.push(server);
  const key = { 'idempotency-key': 'last' };
  const last = await (await server.post(seat, '?wait=20', key)).json();
  assert.equal((await server.json(`/workshops/${made.id}/board`)).steps[0].runs, most);
  const refused = await server.post(seat, '?wait=20');
  assert.equal(refused.status, 422);
  const [{ pointer, code, detail }] = (await refused.json()).errors;
  assert.deepEqual([pointer, code], ['/workshop/id', 'full']);
  assert.match(detail, new RegExp(`${most} runs`));
  assert.equal((await (await server.post(seat, '', key)).json()).id, last.id, 'repeating takes no place');
  assert.equal((await server.api(`/runs/${run.id}`, { method: 'DELETE' })).status, 204);
  assert.equal((await server.post(seat, '?wait=20')).status, 201);
});

test('beyond the disk limit the oldest go first, what is kept last of all', async () => {
  const big = { scenario: 'race-counter', params: { threads: 4, n: 5000 } };
  const server = await start('--disk-limit', '1M', '--retention', '600');
  const kept = await server.run(big);
  await keep(server, `/runs/${kept.id}`, true);
  const runs = [];
  for (let i = 0; i < 40; i++) runs.push((await server.run(big)).id);
  assert.equal(await status(server, `/runs/${kept.id}`), 200);
  assert.ok(await until(async () => (await status(server, `/runs/${runs[0]}`)) === 404, 90000));
  assert.equal(await status(server, `/runs/${kept.id}`), 200);
});

test('what is kept has a share of the disk, and takes no room from what is not', async () => {
  const server = await start('--disk-limit', '8M', '--retention', '40', '--client-limit', '0');
  const { kept_bytes: most } = await server.json('/limits');
  assert.equal(most, 6 * 1024 * 1024);
  const run = await server.run(quick);
  const steps = Array(39).fill({ ...quick, note: 'x'.repeat(1500) });
  const make = () => send(server, 'POST', '/workshops', { title: 'x', steps });
  const first = await (await make()).json();
  let refused;
  for (let i = 0; i < 200 && !refused; i++) {
    const answer = await make();
    if (answer.status !== 201) refused = answer;
  }
  assert.equal(refused?.status, 507);
  assert.match((await refused.json()).detail, /6291456 bytes.*--disk-limit/);
  const full = async (answer) => {
    assert.equal((await answer).status, 507);
    assert.match((await answer).headers.get('content-type'), /^application\/problem\+json/);
  };
  for (let i = 0; i < 100 && (await send(server, 'POST', '/workshops', { title: 'x', steps: [quick] })).status === 201; i++);
  await full(server.post({ workshop: { id: first.id, step: 0, name: 'Ann' } }, '?wait=20'));
  const big = await server.run({ scenario: 'race-counter', params: { threads: 4, n: 5000 } });
  await full(keep(server, `/runs/${big.id}`, true));
  assert.equal((await server.json(`/runs/${big.id}`)).kept, false);
  const going = await (await server.post(slow(1000))).json();
  await full(keep(server, `/runs/${going.id}`, true));
  assert.equal((await server.json(`/runs/${going.id}?wait=20`)).kept, false);
  const key = { headers: { authorization: `Bearer ${first.instructor_key}` } };
  await full(send(server, 'PUT', `/workshops/${first.id}`, { steps: [...steps, { ...quick, note: 'x'.repeat(2000) }] }, key));
  assert.equal((await send(server, 'PUT', `/workshops/${first.id}`, { closed: true }, key)).status, 200, 'what takes no room can be done');
  await sleep(5000); /* it looks every 4 s for what is to go */
  for (const { id } of [run, big, going]) assert.equal(await status(server, `/runs/${id}`), 200);
  assert.ok(Number(sql(server, 'SELECT page_count * page_size FROM pragma_page_count, pragma_page_size', '-readonly')) < 9e6);
  assert.equal((await server.api(`/workshops/${first.id}`, { method: 'DELETE', ...key })).status, 204);
  assert.ok(await until(async () => (await make()).status === 201), 'what is deleted makes room');
});

test('what is kept is counted right, whatever becomes of it', async () => {
  const server = await start('--client-limit', '0');
  const right = (what) => {
    const [is, all] = JSON.parse(sql(server, `SELECT json_array(bytes, (SELECT coalesce(sum(bytes), 0) FROM runs WHERE kept)
      + (SELECT coalesce(sum(bytes), 0) FROM experiments WHERE kept) + (SELECT coalesce(sum(bytes), 0) FROM workshops))
      FROM kept`, '-readonly'));
    assert.equal(is, all, what);
    return is;
  };
  assert.equal(right('nothing'), 0);
  const run = await server.run({ ...deadlock, params: { ...deadlock.params, limit_ms: 200 } });
  const experiment = await (await send(server, 'POST', '/experiments?wait=20', { ...quick, kind: 'repeat', count: 3 })).json();
  assert.equal(right('nothing is kept'), 0);
  for (const where of [`/runs/${run.id}`, `/experiments/${experiment.id}`]) {
    assert.equal((await keep(server, where, true)).status, 204);
    assert.ok(right(where) > 1000);
    await keep(server, where, false);
    assert.equal(right(where), 0);
    await keep(server, where, true);
    await server.api(where, { method: 'DELETE' });
  }
  await keep(server, `/runs/${experiment.outcomes[0].run}`, false);
  assert.equal(right('deleted'), 0);
  const made = await (await send(server, 'POST', '/workshops', { title: 'x', steps: [slow(300)] }, { headers: { 'idempotency-key': 'k' } })).json();
  const empty = right('a workshop');
  const going = await (await server.post({ workshop: { id: made.id, step: 0, name: 'Ann' } })).json();
  const begun = right('a run of it');
  await server.json(`/runs/${going.id}?wait=20`);
  const done = right('it is done');
  assert.ok(empty < begun && begun < done);
  const { size } = JSON.parse(sql(server, `SELECT json_object('size', (SELECT length(text) + length(segments) FROM run_output)
    + (SELECT length(zstd) FROM run_trace) + (SELECT length(result) FROM runs))`, '-readonly'));
  assert.ok(done - begun >= size);
  const authorization = `Bearer ${made.instructor_key}`;
  const change = (steps) => send(server, 'PUT', `/workshops/${made.id}`, { steps }, { headers: { authorization } });
  const more = [slow(300), { ...quick, note: 'é'.repeat(2000) }];
  assert.equal((await change(more)).status, 200);
  assert.ok(right('it has grown') > done + 4000);
  assert.equal((await change(more.slice(0, 1))).status, 200);
  assert.equal(right('it is as it was'), done);
  await server.api(`/workshops/${made.id}`, { method: 'DELETE', headers: { authorization } });
  assert.ok(await until(() => right('it goes') === 0));
});

test('how long things stay is told, and checked at the start', async () => {
  const server = await start('--retention', '60', '--disk-limit', '0');
  const limits = await server.json('/limits');
  assert.deepEqual([limits.retention_seconds, limits.workshop_retention_seconds, limits.disk_bytes], [60, 15552000, 0]);
  await assert.rejects(Server.start({ args: ['--retention', '-1'] }), /--retention must be 0 to/);
});
