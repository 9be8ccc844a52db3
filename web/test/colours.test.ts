// The colours of colours.css, computed: whether text can be read, marks be seen, states be told apart.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { THEMES, contrast, difference, lab, tokensOf, type Sight, type Tokens } from './colour';

const TEXT_LEAST = 4.5;
const MARK_LEAST = 3;
const APART_LEAST = 15;

const rules = readdirSync('src').filter((name) => name.endsWith('.css') && name !== 'colours.css')
  .flatMap((name) => [...readFileSync(`src/${name}`, 'utf8').replace(/\/\*[^]*?\*\//g, '').matchAll(/([^{}]+)\{([^{}]*)\}/g)])
  .map(([, selector, body]) => ({ selector: selector.trim(), body }));

/** The colour a declaration gives, as a token or as a colour; null when it gives none. */
function given(body: string, property: string): string | null {
  const found = new RegExp(`(?:^|[;{\\s])${property}:\\s*(?:var\\(--([\\w-]+)\\)|(#[0-9a-f]{3,6})\\b)`).exec(body);
  return found === null ? null : found[1] ?? found[2];
}

const whole = (hex: string): string => (hex.length === 4 ? hex.replace(/[0-9a-f]/gi, '$&$&') : hex);
const colourOf = (tokens: Tokens, name: string): string => (name.startsWith('#') ? whole(name) : tokens[name] ?? 'missing');

/** What text may stand on where its rule does not say. */
const GROUNDS = ['page', 'surface', 'sunken', 'chosen'];
/** Text of the canvas and of pictures. */
const DRAWN: readonly (readonly [string, string])[] = [
  ['text', 'item'], ['#ffffff', 'task-error'], ['surface', 'text'], ['muted', 'surface'], ['text', 'surface'],
];

function textPairs(): [string, string][] {
  const pairs = rules.flatMap(({ body }): [string, string][] => {
    const [text, ground] = [given(body, 'color'), given(body, 'background')];
    if (text === null) return [];
    return ground === null ? GROUNDS.map((one) => [text, one]) : [[text, ground]];
  });
  return [...pairs, ...DRAWN.map(([text, ground]): [string, string] => [text, ground])];
}

const named = (tokens: Tokens, prefix: string): string[] => Object.keys(tokens).filter((name) => name.startsWith(prefix));

/** States a task is in; what was not recorded is none, and is told by its pattern. */
const states = (tokens: Tokens): string[] => named(tokens, 'task-').filter((name) => name !== 'task-unrecorded');
const marks = (tokens: Tokens): string[] =>
  [...named(tokens, 'task-'), ...named(tokens, 'lane-'), 'control', 'level', 'accent', 'good', 'notable', 'bad'];

const SIGHTS: readonly Sight[] = ['normal', 'protan', 'deutan', 'tritan'];

/** All that is wrong with a set of colours. */
function faults(tokens: Tokens): string[] {
  const faint = (pairs: readonly (readonly [string, string])[], least: number): string[] => pairs
    .map(([one, ground]) => ({ one, ground, found: contrast(colourOf(tokens, one), colourOf(tokens, ground)) }))
    .filter(({ found }) => found < least)
    .map(({ one, ground, found }) => `${one} on ${ground}: ${found.toFixed(2)}`);
  const names = states(tokens);
  const alike = SIGHTS.flatMap((sight) => names.flatMap((one, i) => names.slice(i + 1)
    .map((other) => ({ one, other, found: difference(lab(tokens[one], sight), lab(tokens[other], sight)) }))
    .filter(({ found }) => found < APART_LEAST)
    .map(({ one: a, other, found }) => `${a} and ${other}, ${sight}: ${found.toFixed(1)}`)));
  return [...new Set([
    ...faint(textPairs(), TEXT_LEAST),
    ...faint(marks(tokens).map((mark) => [mark, 'surface'] as const), MARK_LEAST),
    ...alike,
  ])];
}

test('contrast and difference are what their definitions give', () => {
  assert.equal(contrast('#000000', '#ffffff').toFixed(2), '21.00');
  assert.equal(contrast('#777777', '#ffffff').toFixed(2), '4.48');
  // Sharma, Wu and Dalal 2005, table 1: 1, 7, 17, 21, 25 and 34.
  const known: readonly (readonly [readonly number[], number])[] = [
    [[50, 2.6772, -79.7751, 50, 0, -82.7485], 2.0425], [[50, 0, 0, 50, -1, 2], 2.3669],
    [[50, 2.5, 0, 73, 25, -18], 27.1492], [[50, 2.5, 0, 50, 3.1736, 0.5854], 1],
    [[60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387], 1.2644], [[2.0776, 0.0795, -1.135, 0.9033, -0.0636, -0.5514], 0.9082],
  ];
  for (const [[l1, a1, b1, l2, a2, b2], wanted] of known) {
    assert.ok(Math.abs(difference([l1, a1, b1], [l2, a2, b2]) - wanted) < 1e-4, `${wanted}`);
    assert.equal(difference([l1, a1, b1], [l2, a2, b2]).toFixed(6), difference([l2, a2, b2], [l1, a1, b1]).toFixed(6));
  }
  const [red, green] = ['#b04040', '#408040'];
  assert.ok(difference(lab(red), lab(green)) > 3 * difference(lab(red, 'deutan'), lab(green, 'deutan')), 'red and green are alike to some');
});

test('every theme has every colour, and a system’s dark is the chosen dark', () => {
  assert.deepEqual(Object.keys(THEMES.dark).sort(), Object.keys(THEMES.light).sort());
  assert.deepEqual(tokensOf(':root:not([data-theme="light"])'), THEMES.dark);
  const all = rules.map(({ body }) => body).join('\n');
  const used = new Set([...all.matchAll(/var\(--([\w-]+)/g)].map(([, name]) => name));
  const known = (name: string): boolean => name === 'stripe' || name in THEMES.light || all.includes(`--${name}:`);
  assert.deepEqual([...used].filter((name) => !known(name)), []);
});

test('what is looked at is what the pages use', () => {
  const pairs = new Set(textPairs().map((pair) => pair.join(' on ')));
  for (const pair of ['on-accent on accent', '#fff on task-error', 'muted on page', 'code-string on sunken', 'accent on chosen'])
    assert.ok(pairs.has(pair), pair);
  assert.equal(states(THEMES.light).length, 8);
});

for (const [theme, tokens] of Object.entries(THEMES)) {
  test(`text can be read, marks be seen and states be told apart: ${theme}`, () => {
    assert.deepEqual(faults(tokens), []);
  });
}

test('a colour that is changed badly is noticed', () => {
  const worse: readonly (readonly ['light' | 'dark', string, string, RegExp])[] = [
    ['light', 'muted', '#8a939d', /^muted on page/],
    ['dark', 'muted', '#5a636d', /^muted on page/],
    ['light', 'on-accent', '#8ab4ff', /^on-accent on accent/],
    ['dark', 'chosen', '#9fb0d0', /on chosen/],
    ['light', 'task-ready', '#e8c860', /^task-ready on surface/],
    ['dark', 'lane-7', '#343b44', /^lane-7 on surface/],
    ['light', 'task-asleep', '#5c7f9e', /task-running and task-asleep, tritan/],
    ['dark', 'task-asleep', '#8fb0cc', /task-io and task-asleep, deutan/],
    ['light', 'task-io', '#3340a5', /task-holding and task-io, normal/],
    ['dark', 'item', '#c0c8d0', /^text on item/],
  ];
  for (const [theme, name, value, fault] of worse)
    assert.ok(faults({ ...THEMES[theme], [name]: value }).some((found) => fault.test(found)), `${theme} ${name}`);
});
