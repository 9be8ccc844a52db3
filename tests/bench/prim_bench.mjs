// The primitives against CPython doing the same work, and against bare pthreads, pipes and switches
// in C. Each figure is the median of rounds in which all kinds take turns, a process each.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const build = process.env.INTERLEAVE_BUILD ?? 'build';
const python = process.env.PYTHON ?? 'python3';
const script = fileURLToPath(new URL('python/primitives.py', import.meta.url));
const ROUNDS = 5;

const WORKS = {
  'pool-map': 'Pool(4).map, 1,000 items',
  'queue-threads': 'queue, 2 threads, 100k items',
  'queue-processes': 'queue, 2 processes, 100k items',
  'pipe-round-trip': 'pipe, 50k round trips',
  'lock': 'lock/unlock, 1M, alone',
  'lock-contended': 'lock/unlock, 1M, 2 threads',
  'condition': 'condition, 50k turns each',
  'barrier': 'barrier of 4, 10k rounds',
  'generator': 'generator send, 1M',
  'loop': 'event loop, 200k switches',
};

const KINDS = {
  python: (name) => [python, [script, name]],
  bare: (name) => [`${build}/bench/bare_bench`, [name]],
  untraced: (name) => [`${build}/bench/prim_bench`, [name]],
  traced: (name) => [`${build}/bench/prim_bench`, [name, 'traced']],
};

function versionOfPython() {
  try {
    return execFileSync(python, ['-c', 'import platform; print(platform.python_version())'],
      { encoding: 'utf8' }).trim();
  } catch {
    return null;
  }
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

function measure(name, kinds) {
  const ns = Object.fromEntries(kinds.map((kind) => [kind, []]));
  for (let round = 0; round < ROUNDS; round++)
    for (const kind of kinds) {
      const [file, args] = KINDS[kind](name);
      ns[kind].push(Number(execFileSync(file, args, { encoding: 'utf8' })));
    }
  return Object.fromEntries(kinds.map((kind) => [kind, median(ns[kind])]));
}

const version = versionOfPython();
const kinds = Object.keys(KINDS).filter((kind) => kind !== 'python' || version !== null);
const cell = (value, digits = 1) => (value === undefined ? '-' : value.toFixed(digits)).padStart(10);

console.log(version === null ? 'no python3: its column is left out' : `CPython ${version}`);
console.log(`${'ns for one operation'.padEnd(32)}    CPython       bare   untraced     traced   `
  + 'CPython/untraced (aim 10)  /traced (5)  untraced/bare (2)');
for (const [name, title] of Object.entries(WORKS)) {
  const { python: theirs, bare, untraced, traced } = measure(name, kinds);
  console.log(`${title.padEnd(32)} ${[theirs, bare, untraced, traced].map((v) => cell(v)).join(' ')}   `
    + `${cell(theirs / untraced)} ${' '.repeat(11)} ${cell(theirs / traced)}   ${cell(untraced / bare, 2)}`
    + (name === 'lock' ? `   +${(untraced - bare).toFixed(1)} ns (aim 5)` : ''));
}
