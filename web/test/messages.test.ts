import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { en } from '../src/messages/en';
import { formatBytes, formatNs, formatShare, formatTick } from '../src/messages/format';
import { GUIDE } from '../src/messages/guide';
import { argumentsOf, formatMessage } from '../src/messages/message';
import { TOUR_TEXTS } from '../src/messages/tour';
import { zhCN } from '../src/messages/zh-CN';

const all = { en: { ...en, ...GUIDE.en, ...TOUR_TEXTS.en }, zh: { ...zhCN, ...GUIDE['zh-CN'], ...TOUR_TEXTS['zh-CN'] } };
const keys = Object.keys(all.en) as (keyof typeof all.en)[];

test('both languages have the same keys, none empty', () => {
  assert.deepEqual(Object.keys(all.zh).sort(), [...keys].sort());
  for (const key of keys) assert.ok(all.en[key].length > 0 && all.zh[key].length > 0, key);
});

test('both languages use the same arguments', () => {
  for (const key of keys) assert.deepEqual(argumentsOf(all.zh[key]), argumentsOf(all.en[key]), key);
});

test('the Chinese texts are Chinese', () => {
  const same = keys.filter((key) => all.en[key] === all.zh[key]).sort();
  assert.deepEqual(same, ['object.gil', 'turns.close', 'turns.refused.finished']);
});

test('what a scenario measures has a name in both languages', () => {
  const folders = readdirSync('../scenarios', { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const texts = folders.flatMap(({ name }) => readdirSync(`../scenarios/${name}`)
    .map((file) => readFileSync(`../scenarios/${name}/${file}`, 'utf8')));
  const metrics = texts.flatMap((text) => [...text.matchAll(/\bmetric\("(\w+)"/g)].map((match) => match[1]));
  assert.ok(metrics.length > 50);
  for (const metric of metrics) assert.ok(`metric.${metric}` in en, metric);
});

/** The text of every file of the pages but the catalogue. */
const sources = (folder: string): string[] => readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
  const path = `${folder}/${entry.name}`;
  if (entry.isDirectory()) return path === 'src/messages' ? [] : sources(path);
  return [readFileSync(path, 'utf8')];
});

test('every text is of use', () => {
  const text = sources('src').join('\n');
  // Keys are also put together: `ended.${word}`, word('ended', …).
  const made = [...text.matchAll(/`((?:[\w.-]|\$\{[^{}`]*\})+)`/g)]
    .map(([, template]) => template.split(/\$\{[^}]*\}/))
    .filter((parts) => parts.length > 1 && parts.join('').includes('.'))
    .map((parts) => new RegExp(`^${parts.map((part) => part.replaceAll('.', '\\.')).join('[\\w-]+')}$`));
  const words = [...text.matchAll(/\bword\('([\w.]+)'/g)].map(([, prefix]) => `${prefix}.`);
  const used = (key: string): boolean => text.includes(`'${key}'`)
    || made.some((pattern) => pattern.test(key)) || words.some((prefix) => key.startsWith(prefix));
  assert.deepEqual(keys.filter((key) => !used(key)), []);
});

test('a share of executions is the whole only when it is', () => {
  const shares = [1, 0.9999, 0.99951, 0.995, 0.5, 1 / 3, 0.0004].map((share) => formatShare(share, 'en'));
  assert.deepEqual(shares, ['100%', '>99.9%', '>99.9%', '99.5%', '50%', '33.3%', '0.04%']);
  assert.equal(formatShare(199 / 200, 'zh-CN'), '99.5%');
});

test('arguments and plurals', () => {
  const text = '{name}: {count} {count|task|tasks}';
  assert.equal(formatMessage(text, { name: 'a', count: 1 }, 'en'), 'a: 1 task');
  assert.equal(formatMessage(text, { name: 'a', count: 1200 }, 'en'), 'a: 1,200 tasks');
  assert.equal(formatMessage('{count} 个', { count: 1 }, 'zh-CN'), '1 个');
});

test('durations in the unit that suits them', () => {
  const texts = [0, 999, 1000, 12_345, 999_949_977, 1_234_567_890].map((t) => formatNs(t, 'en'));
  assert.deepEqual(texts, ['0 ns', '999 ns', '1 µs', '12.3 µs', '1 s', '1.23 s']);
  assert.equal(formatTick(1_500_000, 500_000, 'en'), '1.5 ms');
  assert.equal(formatTick(2_000_000, 500_000, 'en'), '2.0 ms');
  assert.equal(formatBytes(26, 'en'), '26 B');
  assert.equal(formatBytes(123_456, 'en'), '123 kB');
});
