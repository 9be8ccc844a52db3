// The names of what tests/bench/python/figures.py measures are those of real scenarios, of rows that
// their tables have, of columns with numbers and of parameters. What it measures is nobody's test.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { one, scenarios } from './family.mjs';

const script = fileURLToPath(new URL('../bench/python/figures.py', import.meta.url));
const { status, stdout, error } = spawnSync(process.env.PYTHON ?? 'python3', [script, '--keys'],
  { encoding: 'utf8' });
const skip = error?.code === 'ENOENT' ? 'there is no python3' : false;

/** Further setups in which a scenario's table has other rows; as it stands is always one. */
const SETUPS = {
  'ipc-compare': [{ mechanisms: 'all' }],
  'thread-vs-process-cost': ['start-join', 'shared-dict', 'barrier', 'pool-squares']
    .flatMap((workload) => ['fork', 'spawn'].map((method) => ({ workload, method, repeat: 1 }))),
};

async function rowsOf(id) {
  const runs = [{}, ...(SETUPS[id] ?? [])].map((params) => one(id, params));
  return (await Promise.all(runs)).flatMap(({ table }) => table);
}

test("CPython's figures are named as the tables' rows are", { skip }, async () => {
  assert.equal(status, 0);
  const keys = Object.entries(JSON.parse(stdout));
  assert.ok(keys.length > 0);
  for (const [id, { rows, columns, params }] of keys) {
    const scenario = scenarios.find((s) => s.id === id);
    assert.ok(scenario, id);
    const table = await rowsOf(id);
    for (const name of rows) {
      const row = table.find(([first]) => String(first) === name);
      assert.ok(row, `${id} has a row "${name}"`);
      for (const column of columns) {
        const at = scenario.columns.findIndex((c) => c.name === column);
        assert.equal(typeof row[at], 'number', `${id}, ${name}: ${column}`);
      }
    }
    for (const [name, value] of Object.entries(params))
      assert.equal(scenario.params.find((p) => p.name === name)?.default, value, `${id}: ${name}`);
  }
});
