// How strongly runs are isolated is chosen at start, said everywhere, and can be asked for.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Server, program, quick } from './server.mjs';

/* As an ordinary user, who has no way into what root makes. */
const ordinary = process.getuid() === 0 ? ['setpriv', '--reuid', '65533', '--regid', '65533', '--clear-groups'] : [];

/* Where no further user namespace can be made, as in most containers. */
const narrow = [...ordinary, 'unshare', '--user', '--map-root-user', 'sh', '-c',
  'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"', 'sh'];
const succeeds = ([command, ...args]) => spawnSync(command, [...args, 'test', '-x', program]).status === 0;
const cannotBeOrdinary = succeeds([...ordinary, 'env']) ? false : 'an ordinary user cannot reach the program';
const cannotNarrow = succeeds(narrow) ? false : 'no user namespace can be made here';

async function served(options, look) {
  const directory = await mkdtemp(path.join(tmpdir(), 'interleave-'));
  await chmod(directory, 0o777);
  const server = await Server.start({ directory, ...options });
  try {
    await look(server);
  } finally {
    await server.stop();
  }
}

const start = (args, env = {}) =>
  spawnSync(program, ['serve', '--listen', '127.0.0.1:0', '--database', '/dev/null', ...args],
    { encoding: 'utf8', env: { ...process.env, ...env } });

async function expectTier(server, tier, layers, missing) {
  const ready = await (await server.fetch('/readyz')).json();
  assert.equal(ready.isolation.tier, tier);
  for (const layer of layers) assert.ok(ready.isolation.layers.includes(layer), layer);
  for (const layer of missing) assert.ok(!ready.isolation.layers.includes(layer), layer);
  const run = await server.run(quick);
  assert.equal(run.ended, 'completed');
  assert.deepEqual(run.isolation, ready.isolation);
  const metrics = await (await server.fetch('/metrics')).text();
  assert.match(metrics, new RegExp(`^interleave_isolation_info\\{tier="${tier}"\\} 1$`, 'm'));
  return ready;
}

test('it is full unless less is asked for', () =>
  served({ env: { INTERLEAVE_ISOLATION: '' } }, async (server) => {
    const ready = await expectTier(server, 'full', ['pid-namespace', 'seccomp'], ['run-domain']);
    assert.ok(!('not_full_because' in ready));
    assert.doesNotMatch(await (await server.fetch('/')).text(), /data-isolation/);
  }));

for (const [name, within, layer, missing, skip] of [
  ['reduced-root', [], 'run-user', 'pid-namespace', process.getuid() !== 0 && 'is for root'],
  ['reduced-user', ordinary, 'run-domain', 'run-user', cannotBeOrdinary],
])
  test(`${name}: runs say so, and pages do`, { skip }, () =>
    served({ within, args: ['--isolation', name] }, async (server) => {
      const ready = await expectTier(server, 'reduced', [layer, 'landlock', 'seccomp'], [missing]);
      assert.equal(ready.not_full_because, 'it was asked for');
      assert.match(server.log, /isolated less than fully: it was asked for/);
      const page = await server.fetch('/', { headers: { 'accept-encoding': 'br, gzip' } });
      assert.equal(page.headers.get('content-encoding'), null);
      assert.match(await page.text(), /<div id="app" data-isolation="reduced">/);
    }));

test('without namespaces it is reduced, and says what failed', { skip: cannotNarrow }, () =>
  served({ within: narrow }, async (server) => {
    const ready = await expectTier(server, 'reduced', ['run-domain', 'seccomp'], ['user-namespace']);
    assert.match(ready.not_full_because, /^full: user-namespace: unshare/);
  }));

test('nothing runs with less than is required', { skip: cannotNarrow }, () => {
  const [command, ...first] = [...narrow, program];
  const refused = spawnSync(command,
    [...first, 'serve', '--listen', '127.0.0.1:0', '--require-isolation', 'full'], { encoding: 'utf8' });
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /no sandbox can be set up: full: user-namespace: unshare/);
  assert.doesNotMatch(refused.stdout, /serves/);
});

test('root without a right is told to be somebody else', { skip: process.getuid() !== 0 && 'is for root' }, () => {
  const refused = start(['--isolation', 'reduced-user']);
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /reduced-user: needs a user whose processes can be limited, which root is not/);
});

test('what cannot be is refused', () => {
  for (const [args, code, said] of [
    [['--isolation', 'most'], 2, /--isolation must be auto .*, full or reduced, was "most"/],
    [['--require-isolation', 'reduced'], 2, /--require-isolation must be any, or full/],
    [['--isolation', 'reduced', '--require-isolation', 'full'], 1, /leave nothing to choose/],
  ]) {
    const { status, stderr } = start(args);
    assert.equal(status, code, stderr);
    assert.match(stderr, said);
  }
  assert.equal(start([], { INTERLEAVE_ISOLATION: 'most' }).status, 2);
  assert.equal(start([], { INTERLEAVE_REQUIRE_ISOLATION: 'most' }).status, 2);
});
