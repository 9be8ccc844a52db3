// scenarios/CONCEPTS.md is complete and says what the descriptors say.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { scenarios } from './family.mjs';

const CONCEPTS = 194;
const SCENARIOS = 62;

const rows = readFileSync(new URL('../../scenarios/CONCEPTS.md', import.meta.url), 'utf8')
  .split('\n')
  .map((line) => line.match(/^\| (\d+) \| (.+?) \| ((?:`[\w-]+`(?:, )?)+) \|/))
  .filter((match) => match !== null)
  .map(([, number, concept, ids]) => ({ number: Number(number), concept, ids: ids.match(/[\w-]+/g) }));

test('every concept has a row, once', () => {
  assert.deepEqual(rows.map((row) => row.number), Array.from({ length: CONCEPTS }, (_, i) => i + 1));
});

test('every scenario of the catalogue is there, numbered once', () => {
  const numbers = scenarios.map((s) => s.number).sort((a, b) => a - b);
  assert.deepEqual(numbers, Array.from({ length: SCENARIOS }, (_, i) => i + 1));
});

test('the table and the descriptors name the same scenarios for each concept', () => {
  for (const { number, ids } of rows) {
    const described = scenarios.filter((s) => s.concepts.includes(number)).map((s) => s.id);
    assert.deepEqual(ids.sort(), described.sort(), `concept ${number}`);
  }
});
