import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Server, events, quick, slow } from './server.mjs';

let server;
before(async () => (server = await Server.start({ args: ['--workers', '2'] })));
after(() => server.stop());

/* Prints for about a second. */
const chatty = {
  scenario: 'pool-map-order',
  params: { func: 'print', workers: 2, tasks: 40, service_us: 50000, limit_ms: 20000 },
};
const textOf = (list) =>
  list.filter((e) => e.event === 'output').flatMap((e) => e.data.segments.map((s) => s.text)).join('');
const stream = (id, headers = {}) => server.api(`/runs/${id}/events`, { headers });

test('a live run tells its status, output and trace while it goes on, then done', async () => {
  const run = await (await server.post(chatty)).json();
  const answer = await stream(run.id);
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-type'), /^text\/event-stream/);
  const list = await events(answer);
  assert.equal(list[0].event, 'status');
  assert.ok(!('output' in list[0].data));
  assert.ok(list.some((e) => e.event === 'status' && e.data.status === 'running'));
  assert.ok(list.filter((e) => e.event === 'output').length > 3, 'output came in pieces');
  const traces = list.filter((e) => e.event === 'trace').map((e) => e.data.bytes);
  assert.ok(traces.length > 1 && traces.every((b, i) => i === 0 || b > traces[i - 1]));
  let bytes = 0;
  for (const e of list.filter((e) => e.event === 'output')) {
    assert.equal(e.data.offset, bytes);
    bytes += e.data.segments.reduce((n, s) => n + Buffer.byteLength(s.text), 0);
    assert.equal(e.id, bytes);
  }
  const done = list.at(-1);
  assert.equal(done.event, 'done');
  assert.equal(done.data.status, 'done');
  assert.equal(textOf(list), done.data.output);
  assert.deepEqual(await server.json(`/runs/${run.id}`), done.data);
});

test('a finished run is replayed and the stream ends', async () => {
  const run = await server.run(quick);
  const list = await events(await stream(run.id), 'never');
  assert.deepEqual(list.map((e) => e.event), ['status', 'output', 'done']);
  assert.equal(textOf(list), run.output);
  assert.deepEqual(list.at(-1).data, run);
});

test('Last-Event-ID goes on where the client was, live and stored', async () => {
  const run = await (await server.post(chatty)).json();
  const answer = await stream(run.id);
  const first = await events(answer, 'output');
  const at = first.at(-1).id;
  assert.ok(at > 0);
  const rest = await events(await stream(run.id, { 'last-event-id': String(at) }));
  assert.equal(rest.find((e) => e.event === 'output').data.offset, at);
  const whole = rest.at(-1).data.output;
  assert.equal(textOf(first) + textOf(rest), whole);
  const stored = await events(await stream(run.id, { 'last-event-id': String(at) }), 'never');
  assert.equal(textOf(first) + textOf(stored), whole);
  const beyond = await events(await stream(run.id, { 'last-event-id': '99999999' }), 'never');
  assert.deepEqual(beyond.map((e) => e.event), ['status', 'done']);
});

test('many clients follow one run and all see the same', async () => {
  const run = await (await server.post(chatty)).json();
  const lists = await Promise.all(
    [...Array(50)].map(async () => events(await stream(run.id))),
  );
  const texts = new Set(lists.map(textOf));
  assert.equal(texts.size, 1);
  assert.ok([...texts][0].length > 0);
});

test('a client that leaves does not disturb the run', async () => {
  const run = await (await server.post(chatty)).json();
  for (let i = 0; i < 10; i++) {
    const control = new AbortController();
    await server.api(`/runs/${run.id}/events`, { signal: control.signal });
    control.abort();
  }
  assert.equal((await server.json(`/runs/${run.id}?wait=20`)).ended, 'completed');
});

test('a deleted run ends its streams', async () => {
  const run = await server.begin(slow());
  const following = events(await stream(run.id), 'never');
  assert.equal((await server.api(`/runs/${run.id}`, { method: 'DELETE' })).status, 204);
  const list = await following;
  assert.equal(list.at(-1).data.ended, 'cancelled');
});
