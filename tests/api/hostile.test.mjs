import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Server, root } from './server.mjs';

const runner = path.join(root, process.env.BUILD ?? 'build', 'tests/interleave-runner-hostile');

let server;
before(async () => (server = await Server.start({ args: ['--runner', runner, '--wall-limit', '1'] })));
after(() => server.stop());

const experiment = async (body) => {
  const answer = await server.api('/experiments?wait=20', {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
  });
  assert.equal(answer.status, 201, await answer.clone().text());
  return answer.json();
};

test('a program that dies while it is explored ends the exploration, not the server', async () => {
  for (const scenario of ['segfault', 'abort']) {
    const done = await experiment({ scenario, kind: 'explore', max_seconds: 2 });
    assert.deepEqual([scenario, done.status, done.ended, done.complete], [scenario, 'done', 'crashed', false]);
  }
  const left = await experiment({ scenario: 'exit-3', kind: 'explore', max_seconds: 2 });
  assert.equal(left.complete, false);
});

test('whatever a program writes where its results are read, the answers hold', async () => {
  for (const scenario of ['garbage', 'plausible-garbage'])
    for (const kind of ['explore', 'repeat']) {
      const bounds = kind === 'explore' ? { max_seconds: 1 } : { count: 2 };
      const done = await experiment({ scenario, kind, ...bounds });
      assert.equal(done.status, 'done');
      assert.ok(Number.isSafeInteger(done.schedules), `${done.schedules}`);
      for (const o of done.outcomes) {
        assert.ok(o.ended && [null, 'acceptable', 'interesting', 'forbidden'].includes(o.class));
        assert.ok(o.share >= 0 && o.share <= 1 && Number.isSafeInteger(o.count));
        assert.ok(o.token === null || /^[\w~-]+$/.test(o.token));
      }
      assert.deepEqual(await server.json(`/experiments/${done.id}`), done);
    }
  for (const mode of ['random', 'round-robin']) {
    const run = await server.run({ scenario: 'plausible-garbage', schedule: { mode } });
    assert.equal(run.status, 'done');
    assert.equal(run.schedule.mode, mode);
    const forged = await server.run({ scenario: 'forged-schedule', schedule: { mode } });
    assert.deepEqual([forged.status, forged.ended, forged.schedule.mode], ['done', 'completed', mode]);
    for (const member of ['enabled', 'races', 'interruptions', 'positions'])
      assert.ok(forged[member].length > 0, member);
    for (const choice of forged.enabled) assert.match(choice.token, /^[\w~-]+$/);
    assert.deepEqual(await server.json(`/runs/${forged.id}`), forged);
  }
});

test('a repetition counts crashes as what they are', async () => {
  const done = await experiment({ scenario: 'segfault', kind: 'repeat', count: 5 });
  assert.deepEqual(done.outcomes.map((o) => [o.ended, o.text, o.count]), [['crashed', 'crashed', 5]]);
  const run = await server.json(`/runs/${done.outcomes[0].run}`);
  assert.equal(run.exit.signal, 11);
  assert.match(run.output, /before/);
});
