// Gives decode.ts, bundled, what comes of changing the files of some folders, for a while:
//     fuzz.mjs BUNDLE SECONDS FOUND FOLDER…
// What leads to an answer that was not heard before is changed further. An input that is found bad,
// or takes longer than 10 s, is kept in FOUND, and the exit code is 1.
import { createHash, randomInt } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { Worker, isMainThread, workerData } from 'node:worker_threads';
import { drawing, mutate } from './mutate.mjs';

const [bundle, seconds, found, ...folders] = process.argv.slice(2);
const INPUT_MOST = 1 << 18;
const TOO_LONG_MS = 10_000;

function keep(kind, input) {
  const name = join(found, `${kind}-${createHash('sha1').update(input).digest('hex')}`);
  mkdirSync(found, { recursive: true });
  writeFileSync(name, input);
  console.log(`kept as ${name}`);
}

const filesOf = (folder) => readdirSync(folder).filter((n) => !n.startsWith('.')).map((n) => readFileSync(join(folder, n)));

/** In a thread of its own, so that somebody is there to see when it stands still. */
function work({ memory, seed }) {
  const { fuzz, heard } = createRequire(import.meta.url)(resolve(bundle));
  const [state, input] = [new Int32Array(memory, 0, 2), new Uint8Array(memory, 8)];
  const pool = folders.filter((f) => existsSync(f)).flatMap(filesOf).filter((f) => f.length <= 1 << 16);
  const answers = new Map();
  const draw = drawing(seed);
  const end = Date.now() + seconds * 1000;
  let runs = 0;
  const give = (bytes) => {
    input.set(bytes);
    state[1] = bytes.length;
    Atomics.add(state, 0, 1);
    runs++;
    const answer = heard(fuzz(bytes));
    if (!answers.has(answer)) pool.push(bytes);
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
  };
  try {
    for (const bytes of [...pool]) give(bytes);
    while (Date.now() < end) give(mutate(pool[draw(pool.length)], pool[draw(pool.length)], draw));
  } catch (error) {
    console.log(error);
    keep('crash', Buffer.from(input.subarray(0, state[1])));
    process.exit(1);
  }
  for (const [answer, times] of [...answers].sort((a, b) => b[1] - a[1])) console.error(`${times}\t${answer}`);
  console.log(`Done: ${runs} runs, ${answers.size} answers`);
  process.exit(0);
}

function watch() {
  const memory = new SharedArrayBuffer(8 + INPUT_MOST);
  const seed = Number(process.env.SEED ?? randomInt(2 ** 32));
  const state = new Int32Array(memory, 0, 2);
  console.log(`SEED=${seed}`);
  const worker = new Worker(new URL(import.meta.url), { argv: process.argv.slice(2), workerData: { memory, seed } });
  worker.on('exit', (code) => process.exit(code));
  let before = 0;
  setInterval(() => {
    const now = Atomics.load(state, 0);
    if (now > 0 && now === before) {
      keep('timeout', Buffer.from(new Uint8Array(memory, 8, state[1])));
      process.exit(1);
    }
    before = now;
  }, TOO_LONG_MS);
}

if (isMainThread) watch();
else work(workerData);
