import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Server, deadlock, events, quick, slow } from './server.mjs';

let server;
before(
  async () =>
    (server = await Server.start({
      args: ['--workers', '2'],
      env: { INTERLEAVE_ADMIN_TOKEN: 'a-token-for-the-tests' },
    })),
);
after(() => server.stop());

/* The schedule of a free run: nothing applies. */
const free = {
  mode: 'free', seed: null, depth: null, timing: null, token: null, steps: null, preemptions: null,
  problem: null,
};
const pointers = (problem) => problem.errors.map((e) => e.pointer).sort();

test('a run is accepted, runs, and keeps all it did', async () => {
  const answer = await server.post(quick, '?wait=20');
  assert.equal(answer.status, 201);
  const run = await answer.json();
  assert.equal(answer.headers.get('location'), run.links.self);
  assert.match(run.id, /^[A-Za-z0-9]{22}$/);
  assert.equal(run.status, 'done');
  assert.equal(run.ended, 'completed');
  assert.deepEqual(run.exit, { code: 0, signal: null });
  assert.equal(run.params.rounds, 1);
  assert.ok('seed' in run.params && 'limit_ms' in run.params, 'defaults are filled in');
  assert.deepEqual(run.schedule, free);
  assert.equal(run.outcome.class, 'acceptable');
  assert.ok(run.checks.length > 0 && run.checks.every((c) => c.held));
  assert.ok(run.metrics.wall_ns > 0 && run.metrics.events > 0);
  assert.equal(run.isolation.tier, 'full');
  assert.ok(run.isolation.layers.includes('seccomp'));
  assert.match(run.output, /\[PRODUCER\] Producing 1/);
  assert.equal(run.output_truncated, false);
  for (const name of ['created_at', 'started_at', 'finished_at'])
    assert.match(run[name], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.equal(run.links.page, `/r/${run.id}`);
  assert.deepEqual(await server.json(`/runs/${run.id}`), run, 'the stored run is the same');
});

test('what a run says of itself makes it again', async () => {
  const { scenario, params, schedule } = await server.run(quick);
  const again = await server.run({ scenario, params, schedule });
  assert.deepEqual([again.params, again.schedule], [params, schedule]);
  assert.deepEqual(schedule, free);
});

test('without wait the answer comes at once, GET waits for the end', async () => {
  const answer = await server.post(slow(300));
  assert.equal(answer.status, 201);
  const run = await answer.json();
  assert.ok(['queued', 'running'].includes(run.status));
  assert.equal(run.ended, null);
  assert.equal(run.outcome, null);
  assert.deepEqual(run.exit, { code: null, signal: null });
  const done = await server.json(`/runs/${run.id}?wait=20`);
  assert.equal(done.status, 'done');
});

test('a wait that is too short answers with the run as it is', async () => {
  const run = await server.run(slow(3000), 0.1);
  assert.ok(['queued', 'running'].includes(run.status), run.status);
  assert.equal((await server.api(`/runs/${run.id}`, { method: 'DELETE' })).status, 204);
});

test('a deadlock is noticed, and keeps output, trace and who waits for whom', async () => {
  const run = await server.run(deadlock);
  assert.equal(run.ended, 'deadlock');
  assert.ok(run.metrics.wall_ns < 5e9, `${run.metrics.wall_ns}`);
  assert.match(run.output, /^0\n1\n4\n/);
  assert.ok(run.waits_for.length > 0);
  assert.ok(run.waits_for.every((w) => w.task && w.object));
  assert.match(run.explanation.en, /^main waits for .*nobody can go on\.$/);
  assert.match(run.explanation.zh, /在等.*谁也无法继续。$/);
  assert.ok(run.metrics.events > 0);
  const trace = await server.json(`/runs/${run.id}/trace?format=json`);
  assert.ok(trace.events.length > 0);
});

test('a run that is stopped at its limit keeps who waits for whom, too', async () => {
  const run = await server.run(slow(300));
  assert.equal(run.ended, 'timeout');
  assert.ok(run.waits_for.some((w) => w.task === 'consumer 1' && w.object === 'queue'));
  assert.ok(run.metrics.events > 0);
});

test('every wrong field of a body is reported, together', async () => {
  const answer = await server.post({
    scenario: 'race-counter',
    params: { threads: 900, n: 'many', variant: 'nope', nonsense: 1, time_scale: 99 },
    schedule: { mode: 'backwards' },
    extra: true,
  }, '?wait=99');
  assert.equal(answer.status, 422);
  assert.match(answer.headers.get('content-type'), /^application\/problem\+json/);
  const problem = await answer.json();
  assert.deepEqual(pointers(problem), [
    '/extra', '/params/n', '/params/nonsense', '/params/threads', '/params/time_scale',
    '/params/variant', '/schedule/mode', '?wait',
  ]);
  const detail = (pointer) => problem.errors.find((e) => e.pointer === pointer).detail;
  assert.equal(detail('/params/threads'), 'must be 2 to 8, was 900');
  assert.equal(detail('/params/n'), 'must be an integer');
  assert.match(detail('/schedule/mode'), /free/);
  const bounds = problem.errors.flatMap((e) => ('minimum' in e || 'maximum' in e ? [[e.pointer, e.minimum, e.maximum]] : []));
  assert.deepEqual(bounds.sort(), [['/params/threads', 2, 8], ['/params/time_scale', 0.01, 10], ['?wait', 0, 30]],
    'of what is out of range, and of nothing else');
  assert.deepEqual(Object.fromEntries(problem.errors.map((e) => [e.pointer, e.code])), {
    '/extra': 'unknown', '/params/n': 'not-an-integer', '/params/nonsense': 'unknown',
    '/params/threads': 'out-of-range', '/params/time_scale': 'out-of-range', '/params/variant': 'not-a-choice',
    '/schedule/mode': 'not-a-choice', '?wait': 'out-of-range',
  });
});

test('a list is checked as a whole and item by item', async () => {
  for (const [list, detail, code] of [
    [5, 'must be a list of integers', 'not-a-list-of-integers'],
    [[5, '6'], 'must be a list of integers', 'not-a-list-of-integers'],
    [Array(65).fill(5), 'must have at most 64 items', 'too-many'],
    [Array(64).fill(-1e15), 'is too long', 'not-a-list-of-integers'],
  ]) {
    const answer = await server.post({ scenario: 'async-io-overlap', params: { latencies_ms: list } });
    assert.equal(answer.status, 422);
    const { errors: [error] } = await answer.json();
    assert.deepEqual([error.pointer, error.detail, error.code], ['/params/latencies_ms', detail, code]);
  }
});

test('what a run prints can be read while it goes on', async () => {
  const { id } = await (await server.post(slow(2000))).json();
  const output = () => server.json(`/runs/${id}/output?format=json`);
  let early;
  do early = await output(); while (early.segments.length === 0 && (await server.json(`/runs/${id}`)).status !== 'done');
  const done = await server.json(`/runs/${id}?wait=20`);
  assert.equal(done.status, 'done');
  const late = await output();
  assert.deepEqual(late.segments.slice(0, early.segments.length), early.segments);
  assert.ok(early.segments.length > 0);
});

test('wrong shapes', async () => {
  const cases = [
    [{}, ['/scenario']],
    [{ scenario: 'none' }, ['/scenario']],
    [{ scenario: 7 }, ['/scenario']],
    [[], ['']],
    [{ ...quick, params: [] }, ['/params']],
    [{ ...quick, schedule: 'free' }, ['/schedule']],
    [{ ...quick, schedule: { mode: 3 } }, ['/schedule/mode']],
    [{ ...quick, params: { rounds: 1.5 } }, ['/params/rounds']],
    [{ ...quick, params: { time_scale: '1' } }, ['/params/time_scale']],
    [{ ...quick, params: { prime: true } }, ['/params/prime']],
    [{ ...quick, params: { rounds: null } }, ['/params/rounds']],
    [{ ...quick, params: { limit_ms: 1e15 } }, ['/params/limit_ms']],
    [{ scenario: 'lock-print-lines', params: { lock: 1 } }, ['/params/lock']],
    [{ scenario: 'race-counter', params: { variant: 'x'.repeat(512) } }, ['/params/variant']],
    [{ ...quick, 'a/b~': 1, params: { '~x/': 1 } }, ['/a~1b~0', '/params/~0x~1']],
    [{ ...quick, schedule: { mode: 'free', speed: 1 } }, ['/schedule/speed']],
    [{ ...quick, schedule: { mode: 'free', seed: 7, token: null } }, ['/schedule/seed']],
    [{ ...quick, schedule: { depth: 3, timing: 'virtual', token: 'x', steps: 1 } },
      ['/schedule/depth', '/schedule/steps', '/schedule/timing', '/schedule/token']],
    [{ ...quick, schedule: { mode: 'explore' } }, ['/schedule/mode']],
    [{ ...quick, schedule: { mode: null } }, ['/schedule/mode']],
    ['{"scenario":"generator-send","params":{"rounds":99999999999999999999}}', ['']],
  ];
  for (const [body, expected] of cases) {
    const answer = await server.post(body);
    assert.equal(answer.status, 422, JSON.stringify(body));
    assert.deepEqual(pointers(await answer.json()), expected, JSON.stringify(body));
  }
});

test('what is not JSON is 400, what is not sent as JSON 415', async () => {
  const deep = '['.repeat(40) + ']'.repeat(40);
  for (const body of ['', '{', '{"scenario":1,"scenario":2}', '{"a":"\\u0000"}', deep, '{} {}'])
    assert.equal((await server.post(body)).status, 400, body);
  const bad = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]);
  const invalid = await server.api('/runs', {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: bad,
  });
  assert.equal(invalid.status, 400);
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp'])
    assert.equal((await server.post(quick, '', { 'content-type': type })).status, 415, type);
  const charset = { 'content-type': 'application/json; charset=utf-8' };
  assert.equal((await server.post(quick, '', charset)).status, 201);
});

test('a body beyond the limit is 413', async () => {
  const { body_bytes: most } = await server.json('/limits');
  assert.equal((await server.post(' '.repeat(most + 1))).status, 413);
  const fits = JSON.stringify(quick);
  assert.equal((await server.post(fits + ' '.repeat(most - fits.length))).status, 201);
});

test('unknown runs are 404, other methods 405', async () => {
  for (const where of ['/runs/none', '/runs/none/events', '/runs/none/output', '/runs/none/trace'])
    assert.equal((await server.api(where)).status, 404, where);
  assert.equal((await server.api('/runs/none', { method: 'DELETE' })).status, 404);
  const post = await server.api('/runs/none', { method: 'POST', body: 'x' });
  assert.equal(post.status, 405);
  assert.equal(post.headers.get('allow'), 'GET, HEAD, PUT, DELETE');
  const options = await server.api('/runs', { method: 'OPTIONS' });
  assert.equal(options.status, 405);
  assert.equal(options.headers.get('allow'), 'GET, HEAD, POST');
});

test('lists are newest first and paged by cursor without gaps', async () => {
  const made = [];
  for (let i = 0; i < 7; i++) made.unshift((await server.run(quick)).id);
  const seen = [];
  let cursor = '', pages = 0;
  do {
    const page = await server.json(`/runs?scenario=generator-send&limit=3${cursor}`);
    assert.ok(page.runs.length <= 3);
    assert.ok(page.runs.every((r) => r.scenario === 'generator-send' && 'output' in r));
    seen.push(...page.runs.map((r) => r.id));
    cursor = page.next_cursor && `&cursor=${page.next_cursor}`;
    pages++;
  } while (cursor);
  assert.deepEqual(seen.slice(0, 7), made);
  assert.equal(new Set(seen).size, seen.length);
  assert.ok(pages >= 3);
});

test('lists are filtered by end, scenario and owner', async () => {
  const ended = await server.json('/runs?ended=completed&scenario=generator-send&limit=100');
  assert.ok(ended.runs.length > 0);
  assert.ok(ended.runs.every((r) => r.ended === 'completed'));
  assert.deepEqual((await server.json('/runs?ended=livelock')).runs, []);
  const mine = await server.json('/runs?mine=true&limit=100');
  const all = await server.json('/runs?limit=100');
  assert.ok(mine.runs.length > 0);
  const stranger = await server.api('/runs?mine=true', { cookie: '' });
  assert.deepEqual((await stranger.json()).runs, []);
  const other = await server.api('/runs', {
    method: 'POST', cookie: '', headers: { 'content-type': 'application/json' },
    body: JSON.stringify(quick),
  });
  const { id } = await other.json();
  assert.match(other.headers.get('set-cookie'), /^interleave_session=\w{22};.*HttpOnly; SameSite=Lax/);
  assert.ok(!(await server.json('/runs?mine=true')).runs.some((r) => r.id === id));
  assert.ok((await server.json('/runs')).runs.some((r) => r.id === id));
  assert.ok(all.runs.length >= mine.runs.length);
});

test('a list leaves out what ended in one way, and keeps what goes on', async () => {
  const scenario = 'race-counter';
  const whole = await server.run({ scenario, params: { n: 1 }, schedule: { mode: 'random', seed: 1 } });
  for (let step = 1; step <= 3; step++) {
    const part = await server.run({ scenario, params: { n: 1 }, schedule: { mode: 'replay', token: `${whole.schedule.token}~${step}` } });
    assert.equal(part.ended, 'stopped');
  }
  const ids = async (query) => (await server.json(`/runs?mine=true&limit=1&${query}`)).runs.map((run) => run.id);
  assert.deepEqual(await ids(`scenario=${scenario}&ended=!stopped`), [whole.id]);
  assert.notDeepEqual(await ids(`scenario=${scenario}`), [whole.id]);
  const open = await (await server.post(slow(9000))).json();
  assert.deepEqual(await ids('ended=!stopped'), [open.id]);
  await server.api(`/runs/${open.id}`, { method: 'DELETE' });
});

test('wrong list arguments are 422', async () => {
  for (const [query, pointer] of [
    ['limit=0', '?limit'], ['limit=101', '?limit'], ['limit=x', '?limit'], ['cursor=-1', '?cursor'],
    ['cursor=a', '?cursor'], ['mine=yes', '?mine'], ['ended=happily', '?ended'],
    ['ended=!', '?ended'], ['ended=!happily', '?ended'],
  ]) {
    const answer = await server.api(`/runs?${query}`);
    assert.equal(answer.status, 422, query);
    assert.deepEqual(pointers(await answer.json()), [pointer]);
  }
  for (const wait of ['-1', '31', 'x', '1e9', 'nan'])
    assert.equal((await server.api(`/runs/x?wait=${wait}`)).status, 422, wait);
});

test('an idempotency key runs once; with another body it is refused', async () => {
  const key = { 'idempotency-key': 'key-1' };
  const first = await server.post(quick, '?wait=20', key);
  assert.equal(first.status, 201);
  const run = await first.json();
  const again = await server.post(quick, '', key);
  assert.equal(again.status, 200);
  assert.equal((await again.json()).id, run.id);
  const other = await server.post({ ...quick, params: { rounds: 2 } }, '', key);
  assert.equal(other.status, 422);
  assert.deepEqual(pointers(await other.json()), ['/Idempotency-Key']);
  const stranger = await server.api('/runs', {
    method: 'POST', cookie: '', body: JSON.stringify(quick),
    headers: { 'content-type': 'application/json', ...key },
  });
  assert.equal(stranger.status, 201);
  assert.notEqual((await stranger.json()).id, run.id);
  assert.equal((await server.post(quick, '', { 'idempotency-key': 'x'.repeat(129) })).status, 422);
});

test('many at once with one key make one run', async () => {
  const key = { 'idempotency-key': 'key-2' };
  const answers = await Promise.all([...Array(8)].map(() => server.post(quick, '?wait=20', key)));
  const runs = await Promise.all(answers.map((a) => a.json()));
  assert.equal(new Set(runs.map((r) => r.id)).size, 1);
  assert.equal(answers.filter((a) => a.status === 201).length, 1);
});

test('a repetition waits, too', async () => {
  const key = { 'idempotency-key': 'key-3' };
  const first = await (await server.post(slow(500), '', key)).json();
  assert.notEqual(first.status, 'done');
  const again = await server.post(slow(500), '?wait=20', key);
  assert.equal(again.status, 200);
  const run = await again.json();
  assert.equal(run.id, first.id);
  assert.equal(run.status, 'done');
});

test('a run tells whether it is the caller\'s', async () => {
  const strange = { cookie: '' };
  const answer = await server.api('/runs', {
    method: 'POST', cookie: '', body: JSON.stringify(slow(300)),
    headers: { 'content-type': 'application/json' },
  });
  const made = await answer.json();
  assert.equal(made.mine, true, 'of a session that begins with it');
  const cookie = answer.headers.get('set-cookie').split(';')[0];
  const inList = async (options) =>
    (await server.json('/runs?limit=5', options)).runs.find((r) => r.id === made.id).mine;
  const inEvents = async (options) =>
    (await events(await server.api(`/runs/${made.id}/events`, options))).map((e) => e.data.mine)
      .filter((mine) => mine !== undefined);
  const live = [inEvents({ cookie }), inEvents(strange)];
  for (let round = 0; round < 2; round++) {
    assert.equal((await server.json(`/runs/${made.id}`, { cookie })).mine, true);
    assert.equal((await server.json(`/runs/${made.id}`, strange)).mine, false);
    assert.equal((await server.json(`/runs/${made.id}`)).mine, false);
    assert.equal(await inList({ cookie }), true);
    assert.equal(await inList(strange), false);
    await server.json(`/runs/${made.id}?wait=20`);
  }
  for (const list of [await live[0], await inEvents({ cookie })]) assert.ok(list.length > 1 && list.every((m) => m));
  for (const list of [await live[1], await inEvents(strange)]) assert.ok(list.length > 1 && !list.some((m) => m));
});

test('only the owner or the admin deletes, and then it is gone', async () => {
  const one = await server.run(quick), two = await server.run(quick);
  const stranger = await server.api(`/runs/${one.id}`, { method: 'DELETE', cookie: '' });
  assert.equal(stranger.status, 403);
  const wrong = await server.api(`/runs/${one.id}`, {
    method: 'DELETE', cookie: '', headers: { authorization: 'Bearer a-token-for-the-testz' },
  });
  assert.equal(wrong.status, 403);
  assert.equal((await server.api(`/runs/${one.id}`, { method: 'DELETE' })).status, 204);
  const admin = await server.api(`/runs/${two.id}`, {
    method: 'DELETE', cookie: '', headers: { authorization: 'Bearer a-token-for-the-tests' },
  });
  assert.equal(admin.status, 204);
  for (const { id } of [one, two])
    for (const part of ['', '/output', '/trace', '/events'])
      assert.equal((await server.api(`/runs/${id}${part}`)).status, 404);
  assert.equal((await server.api(`/runs/${one.id}`, { method: 'DELETE' })).status, 404);
});

test('a running run is ended and deleted', async () => {
  const run = await server.begin(slow());
  assert.equal(run.status, 'running');
  const start = Date.now();
  const removal = server.api(`/runs/${run.id}`, { method: 'DELETE' });
  const seen = [];
  for (let status = 200; status === 200; ) {
    const answer = await server.api(`/runs/${run.id}`);
    status = answer.status;
    if (status === 200) seen.push((await answer.json()).status);
  }
  assert.ok(seen.every((status) => status === 'running'), seen.join());
  assert.equal((await removal).status, 204);
  assert.ok(Date.now() - start < 5000);
  assert.equal((await server.api(`/runs/${run.id}`)).status, 404);
});

test('queued runs know their position and can be deleted', async () => {
  const runs = [];
  for (let i = 0; i < 5; i++) runs.push(await (await server.post(slow(2000))).json());
  const now = async () => Promise.all(runs.map((run) => server.json(`/runs/${run.id}`)));
  /* The workers may still be ending what went before: only when both are busy does the queue stand still. */
  let seen = await now();
  while (seen.filter((r) => r.status === 'running').length < 2) seen = await now();
  const queued = (await now()).filter((r) => r.status === 'queued');
  assert.equal(queued.length, 3);
  assert.deepEqual(queued.map((r) => r.queue_position), queued.map((_, i) => i + 1));
  const last = queued.at(-1);
  assert.equal((await server.api(`/runs/${last.id}`, { method: 'DELETE' })).status, 204);
  assert.equal((await server.api(`/runs/${last.id}`)).status, 404);
  for (const run of runs) await server.api(`/runs/${run.id}`, { method: 'DELETE' });
});

test('output is given whole, as text or as segments with their tasks', async () => {
  const run = await server.run({ scenario: 'pool-map-order', params: { func: 'print', tasks: 20 } });
  const answer = await server.api(`/runs/${run.id}/output`);
  assert.match(answer.headers.get('content-type'), /^text\/plain; charset=utf-8/);
  const text = await answer.text();
  assert.equal(text, run.output);
  const json = await server.json(`/runs/${run.id}/output?format=json`);
  assert.equal(json.segments.map((s) => s.text).join(''), text);
  assert.equal(json.bytes, Buffer.byteLength(text));
  assert.ok(json.segments.every((s) => Number.isInteger(s.t) && (s.task === null || s.task >= 0)));
  assert.ok(new Set(json.segments.map((s) => s.task)).size > 1, 'several tasks printed');
  assert.equal((await server.api(`/runs/${run.id}/output?format=xml`)).status, 422);
});
