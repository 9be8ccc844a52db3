import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Server, eventStream, quick, slow } from './server.mjs';

let server;
before(async () => (server = await Server.start({ args: ['--workers', '2', '--queue', '1000', '--client-limit', '0'] })));
after(() => server.stop());

const lost = { scenario: 'race-counter', params: { n: 20 }, schedule: { mode: 'random' }, note: 'Run it.\n再运行一次。' };
const steps = [lost, quick, { scenario: 'deadlock-two-locks' }];
const send = (method, where, body, key) => server.api(where, {
  method,
  headers: { 'content-type': 'application/json', ...(key ? { authorization: `Bearer ${key}` } : {}) },
  ...(body === undefined ? {} : { body: JSON.stringify(body) }),
});
const make = async (body = { title: 'Monday', steps }) => (await send('POST', '/workshops', body)).json();
const take = (workshop, step, name, more = {}) =>
  server.run({ workshop: { id: workshop.id, step, name }, ...more });
const board = (workshop) => server.json(`/workshops/${workshop.id}/board`);
const pointers = (problem) => problem.errors.map((e) => e.pointer).sort();

test('a workshop is made, and its key is told once', async () => {
  const answer = await send('POST', '/workshops', { title: '星期一：竞争', steps });
  assert.equal(answer.status, 201);
  const made = await answer.json();
  assert.equal(answer.headers.get('location'), made.links.self);
  assert.match(made.id, /^[0-9a-hjkmnp-tv-z]{3}(-[0-9a-hjkmnp-tv-z]{3}){2}$/);
  assert.match(made.instructor_key, /^[A-Za-z0-9]{22}$/);
  const read = await server.json(`/workshops/${made.id}`);
  assert.equal(read.instructor_key, undefined);
  assert.deepEqual([read.title, read.closed, read.may_change], ['星期一：竞争', false, false]);
  assert.deepEqual(read.steps, steps, 'what a step leaves open stays open');
  assert.equal(read.links.page, `/w/${made.id}`);
  const mine = await server.api(`/workshops/${made.id}`, { headers: { authorization: `Bearer ${made.instructor_key}` } });
  assert.equal((await mine.json()).may_change, true);
});

test('its id may be typed as people type', async () => {
  const made = await make();
  for (const typed of [made.id.toUpperCase(), made.id.replaceAll('-', ''), made.id.replaceAll('0', 'o').replaceAll('1', 'L')])
    assert.equal((await server.json(`/workshops/${typed}`)).id, made.id, typed);
  for (const wrong of ['', 'zzz-zzz-zzz', `${made.id}0`, 'u'.repeat(9), '%00'])
    assert.equal((await server.api(`/workshops/${wrong}`)).status, wrong === '%00' ? 400 : 404, wrong);
});

test('every field is checked, each step to its last parameter', async () => {
  const bad = async (body) => {
    const answer = await send('POST', '/workshops', body);
    assert.equal(answer.status, 422);
    return pointers(await answer.json());
  };
  assert.deepEqual(await bad({}), ['/steps', '/title']);
  assert.deepEqual(await bad({ title: ' ', steps: [] }), ['/steps', '/title']);
  assert.deepEqual(await bad({ title: 'x'.repeat(121), steps }), ['/title']);
  assert.deepEqual(await bad({ title: 'a\u0007', steps }), ['/title']);
  assert.deepEqual(await bad({ title: 'x', steps: new Array(41).fill(quick) }), ['/steps']);
  assert.deepEqual(await bad({ title: 'x', steps, color: 'red', closed: 1 }), ['/closed', '/color']);
  assert.deepEqual(
    await bad({ title: 'x', steps: [quick, { scenario: 'nothing' }, { ...lost, params: { n: -1, m: 2 } }, 7] }),
    ['/steps/1/scenario', '/steps/2/params/m', '/steps/2/params/n', '/steps/3']);
  const far = await (await send('POST', '/workshops', { title: 'x', steps: [{ ...lost, params: { n: -1 } }] })).json();
  const { minimum, maximum } = far.errors[0];
  assert.ok(minimum >= 0 && maximum > minimum, 'the bounds of a step are those of its parameter');
  assert.deepEqual(await bad({ title: 'x', steps: [{ ...quick, note: 'n'.repeat(2001) }] }), ['/steps/0/note']);
  for (const note of [7, 'a\u0007', 'a\u0085'])
    assert.deepEqual(await bad({ title: 'x', steps: [{ ...quick, note }] }), ['/steps/0/note'], String(note));
  assert.deepEqual(await bad({ title: 'x', steps: [{ ...quick, schedule: { mode: 'often' } }] }), ['/steps/0/schedule/mode']);
});

test('only the key changes it', async () => {
  const made = await make();
  const where = `/workshops/${made.id}`;
  assert.equal((await send('PUT', where, { title: 'mine' })).status, 401);
  assert.equal((await send('PUT', where, { title: 'mine' }, 'A'.repeat(22))).status, 403);
  assert.equal((await send('DELETE', where, undefined)).status, 401);
  const put = await send('PUT', where, { title: 'Tuesday', closed: true }, made.instructor_key);
  assert.equal(put.status, 200);
  const { title, closed, steps: kept, instructor_key: key } = await put.json();
  assert.deepEqual([title, closed, key], ['Tuesday', true, undefined]);
  assert.deepEqual(kept, steps);
  assert.equal((await send('PUT', where, { title: '' }, made.instructor_key)).status, 422);
});

test('a step gives what a body leaves open, and everybody a seed of their own', async () => {
  const made = await make();
  const [ann, bob, again] = [await take(made, 0, 'Ann'), await take(made, 0, '李雷'), await take(made, 0, ' ann ')];
  assert.deepEqual(ann.workshop, { id: made.id, step: 0, name: 'Ann' });
  assert.deepEqual([ann.scenario, ann.params.n, ann.schedule.mode], ['race-counter', 20, 'random']);
  assert.notEqual(ann.schedule.seed, bob.schedule.seed);
  assert.deepEqual([again.schedule.seed, again.params.seed], [ann.schedule.seed, ann.params.seed]);
  assert.notEqual((await take(made, 1, 'Ann')).params.seed, ann.params.seed);
  const own = await take(made, 0, 'Ann', { params: { n: 3, seed: 5 }, schedule: { mode: 'random', seed: 6 } });
  assert.deepEqual([own.params.n, own.params.seed, own.schedule.seed], [3, 5, 6]);
  assert.deepEqual((await server.json(`/runs/${ann.id}`)).workshop, ann.workshop, 'kept');
});

test('of very many outcomes the last are counted as others, and none is lost', async () => {
  const runs = 110;
  const made = await make({ title: 'x', steps: [{ scenario: 'race-counter', params: { n: 1000, limit_ms: 20000 } }] });
  await board(made);
  const texts = new Set(), seeds = [...Array(runs).keys()];
  const work = async () => {
    for (let seed; (seed = seeds.pop()) !== undefined;) {
      const run = await take(made, 0, 'Ann', { schedule: { mode: 'random', seed } });
      assert.equal(run.ended, 'completed');
      texts.add(run.outcome.text);
    }
  };
  await Promise.all([work(), work()]);
  assert.ok(texts.size > 64, `${texts.size} outcomes`);
  const { steps: [step] } = await board(made);
  const others = step.outcomes.filter(({ text }) => text === null);
  assert.deepEqual([step.outcomes.length, others.length, others[0].rule], [64, 1, null]);
  assert.equal(step.outcomes.reduce((sum, outcome) => sum + outcome.runs, 0), runs);
  assert.ok(step.outcomes.every(({ text }) => text === null || texts.has(text)));
});

test('a board that nobody looked at for long is as it was', async () => {
  const made = await make();
  await take(made, 1, 'Ann');
  const before = await board(made);
  for (let i = 0; i < 140; i++) await board(await make({ title: String(i), steps: [quick] }));
  await take(made, 1, 'Bob');
  const { steps: [, step], participants } = await board(made);
  assert.deepEqual([step.participants, step.runs, step.done], [2, 2, 2]);
  assert.deepEqual(participants.map(({ name }) => name), ['Ann', 'Bob']);
  assert.deepEqual(step.outcomes.map(({ text }) => text), before.steps[1].outcomes.map(({ text }) => text));
});

test('what does not fit a step is refused by its field', async () => {
  const made = await make();
  const bad = async (seat, more = {}) => {
    const answer = await server.post({ workshop: seat, ...more });
    assert.equal(answer.status, 422);
    return pointers(await answer.json());
  };
  const seat = { id: made.id, step: 0, name: 'Ann' };
  assert.deepEqual(await bad(seat, { scenario: 'generator-send' }), ['/scenario']);
  assert.deepEqual(await bad({ ...seat, step: 3 }), ['/workshop/step']);
  assert.deepEqual(await bad({ ...seat, step: '0' }), ['/workshop/step']);
  assert.deepEqual(await bad({ id: made.id, name: 'Ann' }), ['/workshop/step']);
  assert.deepEqual(await bad({ ...seat, name: 'x'.repeat(41) }), ['/workshop/name']);
  assert.deepEqual(await bad({ ...seat, name: '\u0085' }), ['/workshop/name']);
  assert.deepEqual(await bad({ ...seat, name: '  ' }), ['/workshop/name']);
  assert.deepEqual(await bad({ ...seat, id: 'zzz-zzz-zzz' }, quick), ['/workshop/id']);
  assert.deepEqual(await bad({ ...seat, colour: 1 }), ['/workshop/colour']);
  assert.equal((await server.post({ workshop: { ...seat, name: '雷'.repeat(40) } }, '?wait=20')).status, 201);
});

test('a closed one takes no more runs, and opens again', async () => {
  const made = await make();
  const where = `/workshops/${made.id}`;
  const first = await take(made, 1, 'Ann');
  await send('PUT', where, { closed: true }, made.instructor_key);
  assert.equal((await server.post({ workshop: { id: made.id, step: 1, name: 'Ann' } })).status, 409);
  assert.equal((await board(made)).participants.length, 1, 'what was done stays');
  assert.equal((await server.json(`/runs/${first.id}`)).status, 'done');
  await send('PUT', where, { closed: false }, made.instructor_key);
  assert.equal((await take(made, 1, 'Ann')).status, 'done');
});

test('steps that were run stay as they are; notes and later steps may change', async () => {
  const made = await make();
  const put = async (changed) =>
    (await send('PUT', `/workshops/${made.id}`, { steps: changed }, made.instructor_key)).status;
  assert.equal(await put([quick]), 200, 'nobody ran anything');
  await take(made, 0, 'Ann');
  assert.equal(await put([lost]), 409);
  assert.equal(await put([{ ...quick, params: { rounds: 2 } }]), 409);
  assert.equal(await put([{ ...quick, note: 'look closely' }, lost]), 200);
  assert.equal((await take(made, 1, 'Ann')).scenario, 'race-counter');
  assert.equal((await board(made)).steps.length, 2);
});

test('a step is changed before its first run or not at all, and no change undoes another', async () => {
  const other = { scenario: 'race-counter' };
  for (let i = 0; i < 40; i++) {
    const made = await make({ title: 'x', steps: [quick, quick] });
    const where = `/workshops/${made.id}`, key = made.instructor_key;
    const [put, run, close] = await Promise.all([
      send('PUT', where, { steps: [other] }, key),
      server.post({ workshop: { id: made.id, step: 0, name: 'Ann' } }),
      i % 2 ? send('PUT', where, { closed: true }, key) : null,
    ]);
    for (const answer of [put, close]) assert.ok(!answer || [200, 409].includes(answer.status), `${answer?.status}`);
    const now = await server.json(where);
    if (put.status === 200) assert.equal(now.steps[0].scenario, other.scenario);
    if (close?.status === 200) assert.equal(now.closed, true, 'it stays closed');
    if (run.status === 201) assert.equal((await run.json()).scenario, now.steps[0].scenario, 'the run is of the step that shows it');
    else assert.ok([409, 503].includes(run.status), `${run.status}`);
  }
});

test('the board says who is where and what they saw', async () => {
  const made = await make();
  await Promise.all(['Ann', 'Bob', 'Cem'].map((name) => take(made, 1, name)));
  await take(made, 1, 'ANN');
  const dead = await take(made, 2, 'Bob');
  const seen = await board(made);
  assert.equal(seen.steps.length, 3);
  const [none, sends, locks] = seen.steps;
  assert.deepEqual([none.runs, none.participants, none.outcomes], [0, 0, []]);
  assert.deepEqual([sends.runs, sends.done, sends.participants, sends.outcomes.length], [4, 4, 3, 1]);
  assert.deepEqual([sends.outcomes[0].runs, sends.outcomes[0].participants, sends.outcomes[0].class], [4, 3, 'acceptable']);
  assert.deepEqual([locks.outcomes[0].ended, locks.outcomes[0].participants], [dead.ended, 1]);
  assert.deepEqual(seen.participants.map((p) => [p.name, p.step]).sort(), [['Ann', 1], ['Bob', 2], ['Cem', 1]]);
  const bob = seen.participants.find((p) => p.name === 'Bob');
  assert.equal(bob.cells.find((cell) => cell.step === 2).run, dead.id);
  assert.deepEqual(bob.cells.map((cell) => [cell.step, cell.runs, cell.status]), [[1, 1, 'done'], [2, 1, 'done']]);
});

test('a cell says which outcomes of its step somebody saw, in whichever run', async () => {
  const made = await make();
  const ways = [1, 2, 3, 4, 5, 6].map((seed) => ({ schedule: { mode: 'random', seed } }));
  for (const way of ways) await take(made, 0, 'Ann', way);
  await take(made, 0, 'Bob', ways[0]);
  const { steps: [step], participants: [ann, bob] } = await board(made);
  assert.ok(step.outcomes.length > 1, 'the seeds lead to more than one outcome');
  assert.deepEqual(ann.cells[0].saw, step.outcomes.map((_, i) => i));
  assert.deepEqual(bob.cells[0].saw, [0]);
  assert.equal(step.outcomes[0].text, bob.cells[0].outcome.text);
});

test('the board is the same when it is read from the store', async () => {
  const made = await make();
  await board(made);
  for (const name of ['Ann', 'Bob', 'Ann']) await take(made, 0, name);
  await take(made, 1, 'Ann');
  const followed = await board(made);
  await send('PUT', `/workshops/${made.id}`, { title: 'read anew' }, made.instructor_key);
  const read = await board(made);
  const timeless = ({ version, ...rest }) => rest;
  assert.deepEqual(timeless(read), timeless(followed));
  assert.ok(read.version > followed.version);
});

/* The board's events from now on; next() resolves to one. */
async function watch(workshop, headers = {}) {
  const stream = eventStream(await server.api(`/workshops/${workshop.id}/board/events`, { headers }));
  return { next: async () => (await stream.next()).value, close: () => stream.return() };
}

test('events: all of it, then what changes; who comes back hears what was missed', async () => {
  const made = await make();
  await take(made, 1, 'Ann');
  const first = await watch(made);
  const whole = await first.next();
  assert.equal(whole.event, 'board');
  assert.equal(whole.data.participants.length, 1);
  await take(made, 1, 'Bob');
  let change;
  do change = await first.next();
  while (!change.data.participants.some((p) => p.cells.some((cell) => cell.status === 'done')));
  assert.equal(change.event, 'change');
  assert.deepEqual(change.data.participants.map((p) => p.name), ['Bob'], 'only what is new');
  assert.deepEqual(change.data.steps.map((step) => [step.step, step.done]), [[1, 2]]);
  await first.close();
  await take(made, 0, 'Ann');
  const later = await watch(made, { 'last-event-id': String(change.id) });
  const missed = await later.next();
  assert.equal(missed.event, 'change');
  assert.deepEqual(missed.data.participants.map((p) => [p.name, p.cells.map((cell) => cell.step)]), [['Ann', [0]]]);
  await send('PUT', `/workshops/${made.id}`, { closed: true }, made.instructor_key);
  const anew = await later.next();
  assert.deepEqual([anew.event, anew.data.closed], ['board', true]);
  await send('DELETE', `/workshops/${made.id}`, undefined, made.instructor_key);
  assert.equal((await later.next()).event, 'gone');
  await later.close();
});

test('who comes back to a board that was read anew hears all of it', async () => {
  const made = await make();
  await take(made, 1, 'Ann');
  const bob = await take(made, 1, 'Bob');
  const first = await watch(made);
  const { id } = await first.next();
  await first.close();
  await server.api(`/runs/${bob.id}`, { method: 'DELETE' });
  await board(made);
  const later = await watch(made, { 'last-event-id': String(id) });
  const { event, data } = await later.next();
  assert.deepEqual([event, data.participants.map((p) => p.name)], ['board', ['Ann']], 'Bob is not on it any more');
  await later.close();
});

test('CSV has a line a run, and no formula', async () => {
  const made = await make();
  for (const [i, sign] of [...'=+-@＝＋－＠'].entries()) await take(made, 1, `${sign}1+${i}`);
  const text = await (await server.api(`/workshops/${made.id}/board?format=csv`)).text();
  assert.equal(text.match(/^2,"'[^"']/gm).length, 8, text);
});

test('a cell of CSV is quoted', async () => {
  const made = await make();
  await take(made, 1, '=HYPERLINK("http://x")');
  await take(made, 1, '李"雷"');
  const answer = await server.api(`/workshops/${made.id}/board?format=csv`);
  assert.match(answer.headers.get('content-type'), /^text\/csv/);
  const [head, first, second, rest] = (await answer.text()).split('\r\n');
  assert.equal(head, 'step,name,at,ended,outcome,class,run');
  assert.match(first, /^2,"'=HYPERLINK\(""http:\/\/x""\)","2\d{3}-.*Z","completed",".*","acceptable","\w{22}"$/);
  assert.match(second, /^2,"李""雷""",/);
  assert.equal(rest, '');
  assert.equal((await server.api(`/workshops/${made.id}/board?format=xml`)).status, 422);
});

test('a run that is deleted leaves the board', async () => {
  const made = await make();
  const run = await take(made, 1, 'Ann');
  assert.equal((await board(made)).steps[1].runs, 1);
  assert.equal((await server.api(`/runs/${run.id}`, { method: 'DELETE' })).status, 204);
  const seen = await board(made);
  assert.deepEqual([seen.steps[1].runs, seen.participants], [0, []]);
});

test('a name is the same in any case, and without the blanks of any keyboard', async () => {
  const made = await make();
  const first = await take(made, 0, 'Élodie Ω');
  for (const name of ['élodie ω', 'ÉLODIE Ω', '\u3000Élodie Ω\u3000', '\u00a0élodie\u3000ω ']) {
    const run = await take(made, 0, name);
    assert.equal(run.schedule.seed, first.schedule.seed, name);
  }
  const { participants } = await board(made);
  assert.deepEqual(participants.map((p) => [p.name, p.cells[0].runs]), [['Élodie Ω', 5]]);
  for (const name of ['\u3000', '\u200b', 'Ann\u202eBob', 'A\u2066nn', '\ufeffAnn', 'A\u00adnn'])
    assert.equal((await server.post({ workshop: { id: made.id, step: 0, name } })).status, 422, escape(name));
  assert.equal((await take(made, 0, '👩\u200d🏫')).workshop.name, '👩\u200d🏫', 'what joins the parts of a sign is part of it');
});

test('in the queue a name is one client in any case', async (t) => {
  const narrow = await Server.start({ args: ['--workers', '1', '--client-queue', '2'] });
  t.after(() => narrow.stop());
  const made = await (await narrow.api('/workshops', {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ title: 'x', steps: [slow()] }),
  })).json();
  const ask = (name) => narrow.post({ workshop: { id: made.id, step: 0, name } });
  const statuses = [];
  for (const name of ['ann', 'Ann', 'aNn', 'anN', 'ANn', 'ANN']) statuses.push((await ask(name)).status);
  assert.ok(statuses.filter((s) => s === 429).length >= 3, String(statuses));
  assert.equal((await ask('Bob')).status, 201);
});

test('a run of a workshop is not let go alone', async () => {
  const made = await make();
  const run = await take(made, 1, 'Ann');
  const keep = (kept) => send('PUT', `/runs/${run.id}`, { kept });
  assert.equal((await keep(true)).status, 204);
  assert.equal((await keep(false)).status, 409);
  assert.equal((await server.json(`/runs/${run.id}`)).kept, true);
});

test('deleting a workshop ends what is being let in, too', async () => {
  const made = await make({ title: 'x', steps: [slow(20000)] });
  await board(made);
  const asked = Array.from({ length: 60 }, (_, i) => server.post({ workshop: { id: made.id, step: 0, name: `n${i}` } }));
  await Promise.race(asked);
  assert.equal((await send('DELETE', `/workshops/${made.id}`, undefined, made.instructor_key)).status, 204);
  const answers = await Promise.all(asked);
  for (const answer of answers) {
    const run = await answer.json();
    if (answer.status === 201) assert.equal((await server.api(`/runs/${run.id}`)).status, 404);
  }
  const metrics = async () => (await server.fetch('/metrics')).text();
  const end = Date.now() + 10000;
  while (!/^interleave_runs_live 0$/m.test(await metrics())) assert.ok(Date.now() < end, 'runs that nobody can find go on');
});

test('deleting a workshop deletes its runs, also those that go on', async () => {
  const made = await make({ title: 'x', steps: [quick, slow(20000)] });
  const done = await take(made, 0, 'Ann');
  const going = await (await server.post({ workshop: { id: made.id, step: 1, name: 'Ann' } })).json();
  await server.json(`/workshops/${made.id}/board`);
  assert.equal((await send('DELETE', `/workshops/${made.id}`, undefined, made.instructor_key)).status, 204);
  for (const id of [done.id, going.id]) assert.equal((await server.api(`/runs/${id}`)).status, 404);
  assert.equal((await server.api(`/workshops/${made.id}`)).status, 404);
  assert.equal((await server.api(`/workshops/${made.id}/board`)).status, 404);
  assert.equal((await server.post({ workshop: { id: made.id, step: 0, name: 'Ann' } })).status, 422);
});

test('a class of 60: nobody is lost, everybody has a seed', async () => {
  const made = await make();
  const runs = await Promise.all(Array.from({ length: 60 }, (_, i) => take(made, 0, `participant ${i}`)));
  assert.ok(runs.every((run) => run.status === 'done'));
  assert.equal(new Set(runs.map((run) => run.schedule.seed)).size, 60);
  const { steps: [step], participants } = await board(made);
  assert.deepEqual([step.participants, step.done, participants.length], [60, 60, 60]);
  assert.equal(step.outcomes.reduce((sum, outcome) => sum + outcome.participants, 0), 60);
  assert.ok(step.outcomes.length > 1, 'the class saw more than one outcome');
});

test('there are so many participants and no more, also when all come at once', async () => {
  const made = await make();
  const { workshop_participants: most } = await server.json('/limits');
  const come = (i) => server.post({ workshop: { id: made.id, step: 1, name: `n${i}` } });
  const answers = await Promise.all(Array.from({ length: most + 40 }, (_, i) => come(i)));
  const refused = answers.filter((a) => a.status !== 201);
  assert.deepEqual([...new Set(refused.map((a) => a.status))], [422]);
  assert.equal(refused.length, 40);
  assert.deepEqual(pointers(await refused[0].json()), ['/workshop/name']);
  const text = await (await server.api(`/workshops/${made.id}/board?format=csv`)).text();
  assert.equal(new Set(text.trim().split('\r\n').slice(1).map((line) => line.split(',')[1])).size, most);
  assert.equal((await board(made)).participants.length, most);
});

test('an idempotency key makes one workshop, and tells its key again', async () => {
  const ask = (body, key, options = {}) => server.api('/workshops', {
    method: 'POST', body: JSON.stringify(body), ...options,
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
  });
  const body = { title: '一次', steps: [quick] };
  const answers = await Promise.all([...Array(6)].map(() => ask(body, 'w-1')));
  const made = await Promise.all(answers.map((answer) => answer.json()));
  assert.deepEqual(answers.map((a) => a.status).sort(), [200, 200, 200, 200, 200, 201]);
  assert.equal(new Set(made.map((w) => `${w.id} ${w.instructor_key}`)).size, 1);
  assert.match(made[0].instructor_key, /^[A-Za-z0-9]{22}$/);
  assert.ok(answers.every((a) => a.headers.get('location') === made[0].links.self));
  for (const other of [{ ...body, title: 'x' }, { ...body, steps: [quick, quick] }, { ...body, closed: true }]) {
    const refused = await ask(other, 'w-1');
    assert.equal(refused.status, 422);
    assert.deepEqual(pointers(await refused.json()), ['/Idempotency-Key']);
  }
  assert.equal((await send('PUT', `/workshops/${made[0].id}`, { title: 'later' }, made[0].instructor_key)).status, 200);
  const again = await (await ask(body, 'w-1')).json();
  assert.deepEqual([again.id, again.title], [made[0].id, 'later'], 'as it is now');
  const stranger = await ask(body, 'w-1', { cookie: '' });
  assert.equal(stranger.status, 201);
  assert.notEqual((await stranger.json()).id, made[0].id);
  assert.equal((await ask(body, 'k'.repeat(129))).status, 422);
  assert.equal((await send('DELETE', `/workshops/${made[0].id}`, undefined, made[0].instructor_key)).status, 204);
  assert.equal((await ask(body, 'w-1')).status, 201, 'the key goes with the workshop');
});

test('the key of a run is for its seat, too, and told of when the workshop is closed', async () => {
  const made = await make();
  const ask = (step, name, key = 'r-1') => server.post({ workshop: { id: made.id, step, name } }, '?wait=20', { 'idempotency-key': key });
  const first = await (await ask(1, 'Ann')).json();
  const plain = { ...quick, params: first.params };
  assert.equal((await ask(1, 'Ann')).status, 200);
  const fixed = { params: first.params };
  const at = (seat) => server.post({ workshop: { id: made.id, step: 1, name: 'Cem', ...seat }, ...fixed }, '?wait=20', { 'idempotency-key': 'r-2' });
  assert.equal((await at({})).status, 201);
  assert.equal((await at({})).status, 200);
  assert.equal((await at({ name: 'Dan' })).status, 422, 'somebody else');
  assert.equal((await server.post(plain, '?wait=20', { 'idempotency-key': 'r-2' })).status, 422, 'in no workshop');
  await send('PUT', `/workshops/${made.id}`, { closed: true }, made.instructor_key);
  const again = await ask(1, 'Ann');
  assert.deepEqual([again.status, (await again.json()).id], [200, first.id]);
  assert.equal((await ask(1, 'Ann', 'r-3')).status, 409);
});

test('a workshop can be made closed', async () => {
  const made = await make({ title: 'x', steps, closed: true });
  assert.equal(made.closed, true);
  assert.equal((await server.json(`/workshops/${made.id}`)).closed, true);
});

test('there is room for 300, and who asks for what cannot be run takes none of it', async () => {
  const made = await make();
  const ask = (name, more = {}) => server.post({ workshop: { id: made.id, step: 1, name }, ...more });
  for (let i = 0; i < 300; i++) assert.equal((await ask(`wrong ${i}`, { params: { rounds: -1 } })).status, 422);
  for (let i = 0; i < 300; i++) assert.equal((await ask(`n ${i}`)).status, 201);
  const full = await ask('Anna');
  assert.equal(full.status, 422);
  assert.deepEqual(pointers(await full.json()), ['/workshop/name']);
  assert.equal((await ask('N 7')).status, 201, 'who takes part already goes on');
  assert.equal((await board(made)).participants.length, 300);
});

test('who is turned away by a full queue takes no room', async (t) => {
  const small = await Server.start({ args: ['--workers', '1', '--queue', '16', '--client-limit', '0'] });
  t.after(() => small.stop());
  const made = await (await small.api('/workshops', {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ title: 'x', steps: [quick] }),
  })).json();
  const ask = (name) => small.post({ workshop: { id: made.id, step: 0, name } });
  const long = await small.begin(slow(20000));
  let turned = 0;
  for (let i = 0; i < 310; i++) turned += (await ask(`early ${i}`)).status !== 201;
  assert.ok(turned >= 294, String(turned));
  await small.api(`/runs/${long.id}`, { method: 'DELETE' });
  for (let i = 0; i < 280; i++) {
    let status;
    while ((status = (await ask(`late ${i}`)).status) === 429 || status === 503);
    assert.equal(status, 201);
  }
});
