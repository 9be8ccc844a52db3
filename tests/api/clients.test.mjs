/* Who asks: turns in the queue, rates, proxies, other origins, and what the log says of a request. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import http from 'node:http';
import { test } from 'node:test';
import { Server, metric, program, quick, slow, started } from './server.mjs';

const RUNS = '/api/v1/runs';
const cookieOf = (letter) => `interleave_session=${letter.repeat(22)}`;
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));

/* A request with exactly these headers; an array of values is as many lines. */
function ask(server, where, { method = 'GET', headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(server.base + where, { method, headers, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (d) => (text += d));
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

const post = (server, body, headers = {}, where = RUNS) =>
  ask(server, where, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });

/* ---- turns ---- */

test('a run does not wait behind the batch of somebody else', async (t) => {
  const server = await started(t, '--workers', '1');
  const batch = await Promise.all([...Array(60)].map(() => post(server, slow(200), { cookie: cookieOf('a') })));
  assert.ok(batch.every((a) => a.status === 201));
  const made = JSON.parse((await post(server, quick, { cookie: cookieOf('b') })).text);
  assert.ok(made.status !== 'queued' || made.queue_position <= 2, `position ${made.queue_position}`);
  const one = await server.json(`/runs/${made.id}?wait=20`);
  assert.equal(one.ended, 'completed');
  assert.ok((await metric(server, 'interleave_runs_queued')) > 40, 'the batch still waits');
  const runs = await Promise.all(batch.map((a) => server.json(`/runs/${JSON.parse(a.text).id}`)));
  const between = runs.filter((r) => r.started_at > one.created_at && r.started_at < one.started_at);
  assert.ok(between.length <= 2, `${between.length} others were started before it`);
});

test('queue positions are the order in which runs start', async (t) => {
  const server = await started(t, '--workers', '1');
  const blocker = await server.begin(slow(9000), { cookie: cookieOf('z') });
  const made = [];
  for (const letter of 'aaaabbcab') {
    const run = JSON.parse((await post(server, quick, { cookie: cookieOf(letter) })).text);
    made.push({ id: run.id, letter });
  }
  for (const run of made) run.position = (await server.json(`/runs/${run.id}`)).queue_position;
  /* a b c, a b, a b, a, a */
  assert.deepEqual(made.map((r) => r.position), [1, 4, 6, 8, 2, 5, 3, 9, 7]);
  assert.equal(await metric(server, 'interleave_clients_waiting'), 3);
  await ask(server, `${RUNS}/${made[4].id}`, { method: 'DELETE', headers: { cookie: cookieOf('b') } });
  made.splice(4, 1);
  for (const run of made) run.position = (await server.json(`/runs/${run.id}`)).queue_position;
  assert.deepEqual(made.map((r) => r.position), [1, 4, 6, 7, 2, 3, 8, 5]);
  await ask(server, `${RUNS}/${blocker.id}`, { method: 'DELETE', headers: { cookie: cookieOf('z') } });
  const done = await Promise.all(made.map((r) => server.json(`/runs/${r.id}?wait=20`)));
  const inOrder = made.map((r, i) => [r.position, done[i].started_at]).sort((a, b) => a[0] - b[0]).map((r) => r[1]);
  assert.deepEqual(inOrder, [...inOrder].sort());
  assert.equal(await metric(server, 'interleave_clients_waiting'), 0);
  const text = await (await server.fetch('/metrics')).text();
  const buckets = [...text.matchAll(/queue_wait_seconds_bucket\{le="([^"]+)"\} (\d+)/g)];
  assert.deepEqual(buckets.slice(0, 4).map((b) => b[1]), ['0.001', '0.002', '0.005', '0.01']);
  assert.equal(buckets.at(-1)[1], '+Inf');
  assert.ok(buckets.every((b, i) => i === 0 || Number(b[2]) >= Number(buckets[i - 1][2])));
  assert.equal(Number(buckets.at(-1)[2]), await metric(server, 'interleave_run_queue_wait_seconds_count'));
  assert.equal(Number(buckets.at(-1)[2]), 9);
});

test('a client has its part of the queue and no more', async (t) => {
  const server = await started(t, '--workers', '1', '--client-queue', '3');
  assert.equal((await server.json('/limits')).queue_of_one, 3);
  const answers = [];
  for (let i = 0; i < 7; i++) answers.push(await post(server, slow(9000), { cookie: cookieOf('a') }));
  const refused = answers.filter((a) => a.status !== 201);
  assert.ok(refused.length >= 3, `${refused.length} refused`);
  for (const answer of refused) {
    assert.equal(answer.status, 429);
    assert.match(answer.headers['content-type'], /^application\/problem\+json/);
    assert.match(JSON.parse(answer.text).detail, /^3 of your runs wait already/);
    const seconds = Number(answer.headers['retry-after']);
    assert.ok(seconds >= 1 && seconds <= 60, answer.headers['retry-after']);
  }
  assert.equal((await post(server, slow(9000), { cookie: cookieOf('b') })).status, 201, 'another client has its own');
  const key = { cookie: cookieOf('c'), 'idempotency-key': 'full' };
  const kept = await post(server, slow(9000), key);
  for (let i = 0; i < 3; i++) await post(server, slow(9000), { cookie: cookieOf('c') });
  const repeated = await post(server, slow(9000), key);
  assert.deepEqual([repeated.status, JSON.parse(repeated.text).id], [200, JSON.parse(kept.text).id], 'a repeated one takes no place');
  assert.equal(await metric(server, 'interleave_refused_total{reason="client-queue"}'), refused.length + 1);
  for (const answer of answers)
    if (answer.status === 201)
      await ask(server, `${RUNS}/${JSON.parse(answer.text).id}`, { method: 'DELETE', headers: { cookie: cookieOf('a') } });
  assert.equal((await post(server, quick, { cookie: cookieOf('a') })).status, 201, 'there is room again');
});

test('one address has not the whole queue, however many clients it makes up', async (t) => {
  const server = await started(t, '--trusted-proxy', '127.0.0.1', '--workers', '1', '--queue', '20', '--client-queue', '2', '--experiments', '20');
  const limits = await server.json('/limits');
  assert.equal(limits.queue_of_address, 15);
  const invented = (i) => ({ cookie: `interleave_session=${String(i).padStart(22, 'x')}` });
  const answers = [];
  for (let i = 0; i < 24; i++) answers.push(await post(server, slow(), from('203.0.113.1', invented(i))));
  const refused = answers.filter((a) => a.status !== 201);
  assert.ok(refused.length >= 8, `${refused.length} refused`);
  for (const answer of refused) {
    assert.equal(answer.status, 429);
    assert.match(JSON.parse(answer.text).detail, /^15 runs of your address wait already/);
    assert.ok(Number(answer.headers['retry-after']) >= 1);
  }
  assert.equal((await post(server, slow(), from('203.0.113.2', invented(99)))).status, 201, 'there is room for others');
  assert.equal(await metric(server, 'interleave_refused_total{reason="address-queue"}'), refused.length);
  assert.equal(limits.experiments_of_address, 15);
  const experiments = [];
  const experiment = { ...slow(), kind: 'repeat' };
  for (let i = 0; i < 17; i++)
    experiments.push(await post(server, experiment, from('203.0.113.1', invented(i)), '/api/v1/experiments'));
  assert.deepEqual(experiments.map((a) => a.status), [...Array(15).fill(201), 429, 429]);
  assert.match(JSON.parse(experiments[16].text).detail, /^15 experiments of your address/);
  assert.equal((await post(server, experiment, from('203.0.113.2', invented(99)), '/api/v1/experiments')).status, 201);
  assert.equal(await metric(server, 'interleave_refused_total{reason="address-experiments"}'), 2);
});

test('who opens a page is a client of its own from then on', async (t) => {
  const server = await started(t);
  const page = await ask(server, '/');
  assert.match(page.headers['set-cookie'][0], /^interleave_session=\w{22}; .*HttpOnly; SameSite=Lax$/);
  assert.equal(page.headers['cache-control'], 'private, no-cache');
  const cookie = page.headers['set-cookie'][0].split(';')[0];
  const again = await ask(server, '/', { headers: { cookie } });
  assert.equal(again.headers['set-cookie'], undefined);
  assert.equal(again.headers['cache-control'], 'no-cache');
  assert.equal(again.headers.etag, page.headers.etag);
  const same = await ask(server, '/', { headers: { 'if-none-match': page.headers.etag } });
  assert.equal(same.status, 304);
  assert.ok(same.headers['set-cookie']);
  assert.equal((await ask(server, '/embed/r/abc')).headers['set-cookie'], undefined);
  assert.equal((await ask(server, '/api/v1/scenarios')).headers['set-cookie'], undefined);
  const { id } = JSON.parse((await post(server, quick, { cookie }, `${RUNS}?wait=10`)).text);
  assert.match((await ask(server, `/r/${id}`)).headers['set-cookie'][0], /^interleave_session=/);
});

/* ---- rates ---- */

/* '"client";q=5;w=10, "address";q=8;w=4' as {client: {q: 5, w: 10}, address: …} */
function fields(text) {
  const found = {};
  for (const item of text.split(', ')) {
    const [, name, rest] = /^"([a-z]+)"((?:;[a-z]=\d+)+)$/.exec(item);
    found[name] = Object.fromEntries(rest.slice(1).split(';').map((p) => [p[0], Number(p.slice(2))]));
  }
  return found;
}

const RATES = ['--trusted-proxy', '127.0.0.1', '--client-limit', '5/10', '--address-limit', '8/4', '--read-limit', '20/10'];
const from = (address, headers = {}) => ({ 'x-forwarded-for': address, ...headers });

test('a client may ask so often; 429 says when it may again, and that is true', async (t) => {
  const server = await started(t, ...RATES);
  const who = from('203.0.113.1', { cookie: cookieOf('a') });
  const begun = Date.now();
  for (let i = 0; i < 5; i++) {
    const answer = await post(server, {}, who);
    assert.equal(answer.status, 422, 'a body that is wrong counts');
    assert.deepEqual(fields(answer.headers['ratelimit-policy']), { client: { q: 5, w: 10 }, address: { q: 8, w: 4 } });
    const { client } = fields(answer.headers.ratelimit);
    assert.equal(client.r, 4 - i);
    assert.ok(client.t > 0 && client.t <= 2 * (i + 1), `${client.t} s after ${i + 1}`);
  }
  const refused = await post(server, quick, who);
  assert.ok(Date.now() - begun < 1800, 'the six came in time for the sixth to be one too many');
  assert.equal(refused.status, 429);
  assert.equal(fields(refused.headers.ratelimit).client.r, 0);
  assert.match(refused.headers['content-type'], /^application\/problem\+json/);
  assert.equal(JSON.parse(refused.text).detail, 'you asked for more than 5 in 10 seconds');
  const seconds = Number(refused.headers['retry-after']);
  assert.ok(seconds === 1 || seconds === 2, refused.headers['retry-after']);
  assert.equal((await post(server, {}, from('203.0.113.1', { cookie: cookieOf('b') }))).status, 422, 'another client of the address');
  assert.equal((await ask(server, RUNS, { headers: who })).status, 200, 'reading goes on');
  await sleep(seconds * 1000);
  assert.equal((await post(server, quick, who)).status, 201);
  assert.equal(await metric(server, 'interleave_refused_total{reason="client-rate"}'), 1);
  const limits = await server.json('/limits');
  assert.deepEqual([limits.client_posts, limits.client_posts_seconds, limits.address_posts, limits.address_posts_seconds,
    limits.address_reads, limits.address_reads_seconds], [5, 10, 8, 4, 20, 10]);
});

test('all clients of an address have a ceiling together, and so has reading', async (t) => {
  const server = await started(t, ...RATES);
  const answers = [];
  for (let i = 0; i < 10; i++) answers.push(await post(server, {}, from('203.0.113.2', { cookie: cookieOf('abcdefghij'[i]) })));
  assert.deepEqual(answers.map((a) => a.status), [...Array(8).fill(422), 429, 429]);
  assert.equal(answers[9].headers['retry-after'], '1');
  assert.match(JSON.parse(answers[9].text).detail, /^all at your address asked for more than 8 in 4 seconds$/);
  assert.equal((await post(server, {}, from('203.0.113.3', { cookie: cookieOf('a') }))).status, 422, 'another address');
  const reads = [];
  for (let i = 0; i < 21; i++) reads.push(await ask(server, '/api/v1/limits', { headers: from('203.0.113.4') }));
  assert.deepEqual(reads.map((a) => a.status), [...Array(20).fill(200), 429]);
  assert.equal(reads[20].headers['retry-after'], '1');
  assert.deepEqual(fields(reads[20].headers['ratelimit-policy']), { reads: { q: 20, w: 10 } });
  assert.equal(reads[0].headers.ratelimit, undefined);
  assert.equal(await metric(server, 'interleave_refused_total{reason="address-rate"}'), 2);
  assert.equal(await metric(server, 'interleave_refused_total{reason="read-rate"}'), 1);
});

test('a limit of 0 is none, and reading from this machine has no ceiling', async (t) => {
  const server = await started(t, '--client-limit', '0', '--read-limit', '3/1000');
  for (let i = 0; i < 20; i++) {
    const answer = await post(server, {}, { cookie: cookieOf('a') });
    assert.equal(answer.status, 422);
    assert.equal(answer.headers.ratelimit, undefined);
    assert.equal((await ask(server, '/api/v1/limits')).status, 200);
  }
});

/* ---- proxies ---- */

/* Whether two requests count as one client's, where one may ask once. */
async function same(server, one, two) {
  assert.equal((await post(server, {}, one)).status, 422);
  return (await post(server, {}, two)).status === 429;
}

test('who asks is what a trusted proxy says', async (t) => {
  const server = await started(t, '--trusted-proxy', '127.0.0.0/8, 10.0.0.0/8', '--client-limit', '1/1000');
  const cases = [
    [from('203.0.113.1'), from('203.0.113.1'), true],
    [from('203.0.113.2'), from('203.0.113.3'), false],
    [from('1.1.1.1, 203.0.113.4'), from('2.2.2.2, 203.0.113.4'), true],
    [from('203.0.113.5, 10.1.1.1, 10.2.2.2'), from('203.0.113.5'), true],
    [from('203.0.113.6:1234'), from('203.0.113.6:4321'), true],
    [from(['6.6.6.6', '203.0.113.7']), from(['7.7.7.7', '203.0.113.7']), true],
    [from('203.0.113.8'), from('::ffff:203.0.113.8'), true],
    [from('2001:db8:0:1::1'), from('2001:db8:0:1:ffff::2'), true],
    [from('2001:db8:0:2::1'), from('2001:db8:0:3::1'), false],
    [from('junk'), {}, true],
  ];
  for (const [one, two, expected] of cases)
    assert.equal(await same(server, one, two), expected, JSON.stringify([one, two]));
  assert.equal(await same(server, from('203.0.113.9', { cookie: cookieOf('a') }), from('203.0.113.10', { cookie: cookieOf('a') })), true,
    'a session is the same client wherever it is');
});

test('who asks is not what anybody else says', async (t) => {
  const server = await started(t, '--trusted-proxy', '10.0.0.0/8', '--client-limit', '1/1000');
  assert.equal(await same(server, from('203.0.113.1'), from('203.0.113.2')), true);
  const made = await post(server, quick, from('203.0.113.1', { 'x-forwarded-proto': 'https' }));
  assert.equal(made.status, 429);
  assert.match(server.log, /level=warning message="X-Forwarded-For of 127\.0\.0\.1 is not believed/);
  assert.equal(server.log.match(/not believed/g).length, 1, 'it is said once');
});

test('the cookie is for https alone where a trusted proxy says that it is used', async (t) => {
  const trusting = await started(t, '--trusted-proxy', '127.0.0.1'), wary = await started(t);
  const cookie = async (server, proto) =>
    (await post(server, quick, from('203.0.113.1', proto ? { 'x-forwarded-proto': proto } : {}))).headers['set-cookie'][0];
  assert.match(await cookie(trusting, 'https'), /; SameSite=Lax; Secure$/);
  assert.match(await cookie(trusting, 'http, https'), /; Secure$/);
  for (const proto of ['http', undefined, 'https, http', 'httpsx']) assert.doesNotMatch(await cookie(trusting, proto), /Secure/, proto);
  assert.doesNotMatch(await cookie(wary, 'https'), /Secure/);
});

test('a page names itself as the visitor knows it', async (t) => {
  const trusting = await started(t, '--trusted-proxy', '127.0.0.1'), wary = await started(t);
  const headers = { host: 'inside:1', 'x-forwarded-host': 'outer.example, me.example', 'x-forwarded-proto': 'https' };
  const { id } = await trusting.run(quick), other = await wary.run(quick);
  const page = async (server, run) => /property="og:url" content="([^"]*)"/.exec((await ask(server, `/r/${run}`, { headers })).text)[1];
  assert.equal(await page(trusting, id), `https://me.example/r/${id}`);
  assert.equal(await page(wary, other.id), `http://inside:1/r/${other.id}`);
});

/* ---- other origins ---- */

const EVIL = 'https://evil.example', FRIEND = 'https://friend.example:8443';

test('nothing is changed on behalf of a page of another origin', async (t) => {
  const args = ['--client-limit', '0'];
  const closed = await started(t, ...args), listed = await started(t, ...args, '--cors-origins', FRIEND);
  const proxied = await started(t, ...args, '--trusted-proxy', '127.0.0.1');
  const own = (server) => `http://127.0.0.1:${server.port}`;
  const cases = [
    [closed, {}, true],
    [closed, { origin: own(closed) }, true],
    [closed, { origin: own(closed).replace('http', 'https') }, true, 'behind a proxy for TLS'],
    [closed, { origin: own(closed), 'sec-fetch-site': 'same-origin' }, true],
    [closed, { 'sec-fetch-site': 'none' }, true],
    [closed, { origin: EVIL }, false],
    [closed, { origin: 'null' }, false],
    [closed, { origin: '' }, false],
    [closed, { origin: 'http://127.0.0.1:1' }, false],
    [closed, { origin: `${own(closed)}.evil.example` }, false],
    [closed, { origin: `file://127.0.0.1:${closed.port}` }, false],
    [closed, { 'sec-fetch-site': 'cross-site' }, false],
    [closed, { 'sec-fetch-site': 'same-site' }, false],
    [closed, { 'sec-fetch-site': 'nonsense' }, false],
    [closed, { origin: EVIL, 'sec-fetch-site': 'cross-site' }, false],
    [closed, { origin: EVIL, 'x-forwarded-host': 'evil.example' }, false],
    [closed, { origin: 'http://me.example', host: 'me.example' }, true],
    [listed, { origin: FRIEND, 'sec-fetch-site': 'cross-site' }, true],
    [listed, { origin: FRIEND }, true],
    [listed, { origin: FRIEND.replace('8443', '8444') }, false],
    [listed, { origin: EVIL, 'sec-fetch-site': 'cross-site' }, false],
    [proxied, { origin: 'https://me.example', 'x-forwarded-host': 'me.example', 'x-forwarded-proto': 'https' }, true],
    [proxied, { origin: 'https://me.example', 'x-forwarded-host': 'evil.example, me.example' }, true],
    [proxied, { origin: 'http://me.example', 'x-forwarded-host': 'me.example', 'x-forwarded-proto': 'https' }, false],
    [proxied, { origin: EVIL, 'x-forwarded-host': 'me.example' }, false],
  ];
  const victim = cookieOf('v');
  for (const [server, headers, expected, why] of cases) {
    const told = `${JSON.stringify(headers)} ${why ?? ''}`;
    const made = await post(server, quick, { cookie: victim, ...headers });
    assert.equal(made.status, expected ? 201 : 403, told);
    if (!expected) assert.match(made.headers['content-type'], /^application\/problem\+json/);
    const mine = JSON.parse((await post(server, quick, { cookie: victim }, `${RUNS}?wait=10`)).text);
    const gone = await ask(server, `${RUNS}/${mine.id}`, { method: 'DELETE', headers: { cookie: victim, ...headers } });
    assert.equal(gone.status, expected ? 204 : 403, told);
    const experiment = await post(server, {}, { cookie: victim, ...headers }, '/api/v1/experiments');
    assert.equal(experiment.status, expected ? 422 : 403, told);
    assert.equal((await ask(server, RUNS, { headers: { cookie: victim, ...headers } })).status, 200, `reading: ${told}`);
  }
  assert.ok((await metric(closed, 'interleave_refused_total{reason="origin"}')) > 20);
});

test('where all origins may, none but those named has the session of a visitor', async (t) => {
  const open = await started(t, '--cors-origins', `*,${FRIEND}`);
  const cookie = cookieOf('v');
  const { id } = JSON.parse((await post(open, quick, { cookie }, `${RUNS}?wait=10`)).text);
  const mine = async (headers) => JSON.parse((await ask(open, `${RUNS}/${id}`, { headers: { cookie, ...headers } })).text).mine;
  const remove = async (headers) => (await ask(open, `${RUNS}/${id}`, { method: 'DELETE', headers: { cookie, ...headers } })).status;
  const strangers = [{ origin: EVIL, 'sec-fetch-site': 'same-site' }, { origin: EVIL }, { origin: 'null', 'sec-fetch-site': 'cross-site' }];
  for (const headers of strangers) {
    assert.equal(await mine(headers), false, JSON.stringify(headers));
    assert.equal(await remove(headers), 403, JSON.stringify(headers));
    const made = await post(open, quick, { cookie, ...headers });
    assert.equal(made.status, 201, 'as anybody');
    assert.equal(JSON.parse((await ask(open, `${RUNS}/${JSON.parse(made.text).id}`, { headers: { cookie } })).text).mine, false);
  }
  for (const headers of [{ origin: FRIEND, 'sec-fetch-site': 'cross-site' }, { origin: `http://127.0.0.1:${open.port}` }, {}])
    assert.equal(await mine(headers), true, JSON.stringify(headers));
  assert.equal(await remove({ origin: FRIEND, 'sec-fetch-site': 'cross-site' }), 204);
});

test('what a form can send is not taken', async (t) => {
  const server = await started(t);
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonp', ''])
    for (const where of [RUNS, '/api/v1/experiments']) {
      const headers = { cookie: cookieOf('v'), ...(type ? { 'content-type': type } : {}) };
      const answer = await ask(server, where, { method: 'POST', headers, body: JSON.stringify(quick) });
      assert.equal(answer.status, 415, type);
    }
  assert.equal(await metric(server, 'interleave_refused_total{reason="media-type"}'), 10);
});

const cors = (answer) =>
  Object.fromEntries(Object.entries(answer.headers).filter(([name]) => name.startsWith('access-control-')).map(([n, v]) => [n.slice(15), v]));

test('other origins read nothing, unless they are named', async (t) => {
  const closed = await started(t), listed = await started(t, '--cors-origins', `http://localhost:3000, ${FRIEND}`);
  const open = await started(t, '--cors-origins', `*,${FRIEND}`);
  const exposed = 'Location, RateLimit, RateLimit-Policy, Retry-After';
  const friend = { 'allow-origin': FRIEND, 'allow-credentials': 'true', 'expose-headers': exposed };
  const anybody = { 'allow-origin': '*', 'expose-headers': exposed };
  const cases = [
    [closed, FRIEND, {}, undefined], [closed, undefined, {}, undefined],
    [listed, FRIEND, friend, 'Origin'], [listed, EVIL, {}, 'Origin'], [listed, undefined, {}, 'Origin'], [listed, 'null', {}, 'Origin'],
    [listed, `${FRIEND}.evil.example`, {}, 'Origin'],
    [open, FRIEND, friend, 'Origin'], [open, EVIL, anybody, 'Origin'], [open, 'null', anybody, 'Origin'],
  ];
  for (const [server, origin, expected, vary] of cases)
    for (const where of ['/api/v1/scenarios', '/api/v1/limits', `${RUNS}/none`]) {
      const answer = await ask(server, where, { headers: origin === undefined ? {} : { origin } });
      assert.deepEqual(cors(answer), expected, `${origin} ${where}`);
      assert.equal(answer.headers.vary, vary, `${origin} ${where}`);
      assert.match(answer.headers['content-type'], /json/);
      assert.equal(answer.headers['cache-control'], 'no-store');
    }
  const made = await post(listed, quick, { origin: FRIEND });
  assert.equal(cors(made)['allow-origin'], FRIEND);
  assert.deepEqual(cors(await ask(open, '/', { headers: { origin: EVIL } })), {}, 'pages are for nobody else');
});

test('a browser that asks beforehand is told what it may', async (t) => {
  const closed = await started(t), listed = await started(t, '--cors-origins', FRIEND), open = await started(t, '--cors-origins', '*');
  const preflight = (server, where, origin) =>
    ask(server, where, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' } });
  assert.equal((await preflight(closed, RUNS, FRIEND)).status, 405);
  assert.deepEqual(cors(await preflight(closed, RUNS, FRIEND)), {});
  const yes = await preflight(listed, RUNS, FRIEND);
  assert.equal(yes.status, 204);
  assert.deepEqual(cors(yes), {
    'allow-origin': FRIEND, 'allow-credentials': 'true', 'allow-methods': 'GET, HEAD, POST', 'max-age': '600',
    'allow-headers': 'Authorization, Content-Type, Idempotency-Key, Last-Event-ID',
  });
  assert.equal(yes.headers.vary, 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers');
  const no = await preflight(listed, RUNS, EVIL);
  assert.deepEqual([no.status, cors(no)], [204, {}]);
  assert.equal(cors(await preflight(listed, `${RUNS}/some`, FRIEND))['allow-methods'], 'GET, HEAD, PUT, DELETE');
  const anybody = cors(await preflight(open, RUNS, EVIL));
  assert.deepEqual([anybody['allow-origin'], anybody['allow-credentials']], ['*', undefined]);
  assert.equal((await preflight(listed, '/api/v1/nothing', FRIEND)).status, 404);
  assert.equal((await preflight(listed, '/', FRIEND)).status, 405);
});

/* ---- the log ---- */

/* name=value pairs, a value in quotes being JSON. */
function logfmt(line) {
  const found = {};
  const rest = line.replace(/(?:^| )([a-z]+)=("(?:[^"\\]|\\.)*"|[^ "=\\]+)/g, (_, name, value) => {
    found[name] = value.startsWith('"') ? JSON.parse(value) : value;
    return '';
  });
  assert.equal(rest, '', `what is left of ${line}`);
  return found;
}

async function logOf(format, t) {
  const server = await Server.start({ args: ['--log-level', 'info', '--log-format', format, '--client-limit', '3/1000'] });
  t.after(() => server.stop());
  const a = { cookie: cookieOf('a') };
  /* A line is written behind the answer, and the next request may be another thread's. */
  let asked = 0;
  const logged = async (answer) => {
    asked++;
    for (let i = 0; i < 1000 && (server.log.match(/event"?[=:]"?request/g) ?? []).length < asked; i++) await sleep(5);
    return answer;
  };
  const run = JSON.parse((await logged(await post(server, quick, a, `${RUNS}?wait=10`))).text);
  const read = await logged(await ask(server, `${RUNS}/${run.id}?wait=1`, { headers: a }));
  await logged(await ask(server, `${RUNS}/${run.id}/events`, { headers: a }));
  await logged(await ask(server, '/', { method: 'HEAD' }));
  for (let i = 0; i < 3; i++) await logged(await post(server, {}, a));
  await logged(await ask(server, '/api/v1/%22%0a-nothing="x"'));
  await logged(await server.raw('GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n', /400/));
  await server.raw('BREW / HTTP/1.1\r\nHost: x\r\n\r\n', /501/);
  await server.end();
  const [own] = server.log.split(/^-{20,}$/m); /* what a sanitizer adds at the end is not the log's */
  const lines = own.trimEnd().split('\n').map(format === 'json' ? JSON.parse : logfmt);
  for (const line of lines) {
    assert.match(line.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(['info', 'warning'].includes(line.level));
  }
  assert.doesNotMatch(server.log, /aaaaaaaa|127\.0\.0\.1/, 'neither sessions nor addresses');
  assert.ok(lines.some((l) => l.message?.startsWith('ending after')));
  return { requests: lines.filter((l) => l.event === 'request'), read };
}

test('a request whose cookies leave no room for an answer ends like any other', async (t) => {
  const server = await Server.start({ args: ['--log-level', 'info'] });
  t.after(() => server.stop());
  for (let i = 0; i < 10; i++)
    assert.equal(await server.raw(`GET / HTTP/1.1\r\nHost: x\r\nCookie: ${'a,'.repeat(200)}\r\n\r\n`), '');
  const lines = () => server.log.match(/event=request method=- route=- status=0/g) ?? [];
  for (let i = 0; i < 1000 && lines().length < 10; i++) await sleep(5);
  assert.equal(lines().length, 10);
});

for (const format of ['text', 'json'])
  test(`a line of the log for each request, as ${format}`, async (t) => {
    const { requests, read } = await logOf(format, t);
    assert.deepEqual(requests.map((l) => [l.method, l.route, Number(l.status)]), [
      ['POST', RUNS, 201], ['GET', `${RUNS}/{id}`, 200], ['GET', `${RUNS}/{id}/events`, 200], ['HEAD', '/*', 200],
      ['POST', RUNS, 422], ['POST', RUNS, 422], ['POST', RUNS, 429], ['GET', '-', 404], ['GET', '-', 400], ['-', '-', 501],
    ]);
    for (const line of requests) {
      assert.deepEqual(Object.keys(line), ['time', 'level', 'event', 'method', 'route', 'status', 'ms', 'bytes', 'client']);
      assert.ok(Number(line.ms) >= 0 && Number(line.ms) < 20000, line.ms);
      assert.match(line.client, /^([0-9a-f]{12}|-)$/);
    }
    assert.equal(Number(requests[1].bytes), read.text.length);
    assert.equal(Number(requests[3].bytes), 0, 'HEAD has no body');
    const [one, two, , page] = requests.map((l) => l.client);
    assert.ok(one === two && one !== page, 'a client is known again');
  });

test('options that say nonsense are refused by name', () => {
  for (const [args, expected] of [
    [['--trusted-proxy', '10.0.0.0/33'], /^interleave: --trusted-proxy: "10\.0\.0\.0\/33" is no address or network/],
    [['--cors-origins', 'https://a.example/'], /^interleave: --cors-origins: "https:\/\/a\.example\/" is no origin/],
    [['--cors-origins', 'a.example'], /--cors-origins/],
    [['--cors-origins', [...Array(200)].map((_, i) => `https://${i}.example`).join()], /--cors-origins: at most \d+ origins can be named/],
    [['--cors-origins', 'https://a.example https://b.example'], /separated by commas/],
    [['--client-limit', '5'], /--client-limit must be 0 or REQUESTS\/SECONDS, 1 to 1000000 requests in 1 to 86400 seconds, was "5"/],
    [['--address-limit', '5/0'], /--address-limit/], [['--read-limit', '0/5'], /--read-limit/], [['--read-limit', '-1/5'], /--read-limit/],
    [['--client-queue', '0'], /--client-queue must be 1 to 100000/],
    [['--log-format', 'xml'], /--log-format must be text \(logfmt\) or json, was "xml"/],
  ]) {
    const tried = spawnSync(program, ['serve', '--listen', '127.0.0.1:0', ...args], { encoding: 'utf8', timeout: 10000 });
    assert.notEqual(tried.status, 0, args.join(' '));
    assert.match(tried.stderr, expected);
  }
});
