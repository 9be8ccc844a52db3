/* What others show of a link: the head of its page, and its picture. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { inflateSync } from 'node:zlib';
import { Server, deadlock, quick, root, slow } from './server.mjs';

const run = promisify(execFile);
const output = path.join(root, process.env.BUILD ?? 'build');
let server, folder, done, colours;
before(async () => {
  const list = await readFile(path.join(root, 'server/pictures/picture.def'), 'utf8');
  colours = Object.fromEntries([...list.matchAll(/^COLOUR\((\w+), "[\w-]+", (0x\w+)\)$/gm)].map(([, name, rgb]) => [name, Number(rgb)]));
  folder = await mkdtemp(path.join(tmpdir(), 'interleave-pictures-'));
  server = await Server.start();
  done = await server.run({ scenario: 'race-counter', params: { variant: 'lock', n: 100 } });
});
after(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const bytes = async (answer) => Buffer.from(await answer.arrayBuffer());

/* Width, height and pixels: three bytes each, as cairo writes an opaque surface. */
function decodePng(png) {
  assert.equal(png.toString('latin1', 0, 8), '\x89PNG\r\n\x1a\n');
  const [width, height, depth, colour] = [png.readUInt32BE(16), png.readUInt32BE(20), png[24], png[25]];
  assert.deepEqual([depth, colour], [8, 2]);
  const parts = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at))
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  const raw = inflateSync(Buffer.concat(parts));
  const pixels = Buffer.alloc(width * height * 3);
  const stride = width * 3;
  for (let y = 0; y < height; y++) unfilter(raw, y * (stride + 1), pixels, y * stride, stride);
  return { width, height, pixels };
}

function paeth(left, up, corner) {
  const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

/* A line of the picture: what the filter says is before each byte, added to it. */
function unfilter(raw, from, to, at, stride) {
  const filter = raw[from];
  for (let i = 0; i < stride; i++) {
    const left = i >= 3 ? to[at + i - 3] : 0;
    const up = at > 0 ? to[at + i - stride] : 0;
    const corner = at > 0 && i >= 3 ? to[at + i - stride - 3] : 0;
    const before = filter === 0 ? 0 : filter === 1 ? left : filter === 2 ? up : filter === 3 ? (left + up) >> 1
      : paeth(left, up, corner);
    to[at + i] = (raw[from + 1 + i] + before) & 255;
  }
}

function count({ pixels }, rgb) {
  let n = 0;
  for (let i = 0; i < pixels.length; i += 3)
    if ((pixels[i] << 16 | pixels[i + 1] << 8 | pixels[i + 2]) === rgb) n++;
  return n;
}

async function picture(where, from = server) {
  const answer = await from.fetch(where);
  assert.equal(answer.status, 200, where);
  assert.equal(answer.headers.get('content-type'), 'image/png');
  const image = decodePng(await bytes(answer));
  assert.deepEqual([image.width, image.height], [1200, 630]);
  return { image, headers: answer.headers };
}

const UNESCAPED = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&amp;': '&' };
const unescape = (text) => text.replace(/&(lt|gt|quot|#39|amp);/g, (name) => UNESCAPED[name]);

/* The meta elements of a page by their name or property, its title and its language. */
async function head(where, headers = {}, from = server) {
  const answer = await from.fetch(where, { headers });
  assert.equal(answer.status, 200, where);
  const text = await answer.text();
  const top = text.slice(0, text.indexOf('</head>'));
  const metas = [...top.matchAll(/<meta (?:name|property)="([\w:]+)" content="([^"]*)">/g)];
  const names = metas.map(([, name]) => name);
  assert.deepEqual(names, [...new Set(names)], 'no element is there twice');
  return {
    ...Object.fromEntries(metas.map(([, name, value]) => [name, unescape(value)])),
    title: unescape(/<title>([^<]*)<\/title>/.exec(top)[1]),
    lang: /<html lang="([\w-]+)">/.exec(top)[1],
    text,
    vary: answer.headers.get('vary'),
  };
}

test('a run’s page says what the run came to, and where its picture is', async () => {
  const page = await head(`/r/${done.id}`);
  assert.equal(page['og:title'], 'Two threads, one counter – count=0');
  assert.match(page['og:description'], /^Ran to its end: count=0 \(As it should be\)\. /);
  assert.equal(page.description, page['og:description']);
  assert.doesNotMatch(page.description, /`/);
  assert.equal(page.title, 'Two threads, one counter – Interleave');
  assert.equal(page['og:url'], `${server.base}/r/${done.id}`);
  assert.equal(page['og:image'], `${server.base}/r/${done.id}/picture.png?lang=en`);
  assert.deepEqual([page['og:image:width'], page['og:image:height'], page['og:image:type']], ['1200', '630', 'image/png']);
  assert.equal(page['twitter:card'], 'summary_large_image');
  assert.ok(page['og:image:alt'].length > 10);
  assert.match(page.vary, /Accept-Language/);
  await picture(new URL(page['og:image']).pathname + '?lang=en');
});

test('in the language that is asked for, the one with most weight first', async () => {
  const languages = [['zh-CN', 'zh-CN'], ['zh', 'zh-CN'], ['fr, zh;q=0.8, en;q=0.5', 'zh-CN'], ['en-GB,zh;q=0.9', 'en'],
    ['zh;q=0.1, en;q=0.7', 'en'], ['de', 'en'], [',;q=', 'en'], ['zh;q=0', 'en']];
  for (const [accepted, lang] of languages) {
    const page = await head(`/r/${done.id}`, { 'accept-language': accepted });
    assert.equal(page.lang, lang, accepted);
    assert.equal(page['og:locale'], lang === 'en' ? 'en_GB' : 'zh_CN');
    assert.match(page['og:image'], new RegExp(`lang=${lang}$`));
    assert.match(page['og:title'], lang === 'en' ? /counter/ : /计数器/);
  }
});

test('pages of a scenario and of an experiment', async () => {
  const page = await head('/s/race-counter?threads=4', { 'accept-language': 'zh' });
  assert.equal(page['og:title'], '两个线程一个计数器');
  assert.equal(page['og:image'], `${server.base}/s/race-counter/picture.png?lang=zh-CN`);
  const answer = await server.api('/experiments?wait=20', {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ scenario: 'race-counter', params: { threads: 2, n: 2 }, kind: 'explore' }),
  });
  const explored = await answer.json();
  const x = await head(`/x/${explored.id}`);
  assert.match(x['og:title'], /^Two threads, one counter – /);
  for (const { text, count: n } of explored.outcomes) assert.ok(x['og:description'].includes(`${text} ×${n}`));
  const { image } = await picture(new URL(x['og:image']).pathname);
  assert.ok(count(image, colours.GOOD) > 5000, 'what is as it should be is green');
  assert.ok(count(image, colours.NOTABLE) > 5000, 'what is worth a look is not');
  const { image: code } = await picture('/s/race-counter/picture.png');
  assert.ok(count(code, colours.TEXT) > 1000);
});

test('an outcome that is only how it ended is said in words', async () => {
  const answer = await server.api('/experiments?wait=20', {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ scenario: 'deadlock-two-locks', kind: 'explore', max_seconds: 3 }),
  });
  const { id, outcomes } = await answer.json();
  assert.ok(outcomes.some((o) => o.text === 'deadlock'));
  assert.match((await head(`/x/${id}`, { 'accept-language': 'zh' }))['og:description'], /死锁 ×\d/);
});

test('what is not there has the page as it was, and no picture', async () => {
  for (const where of ['/r/AAAAAAAAAAAAAAAAAAAAAA', '/x/AAAAAAAAAAAAAAAAAAAAAA', '/s/no-such-one']) {
    const page = await head(where);
    assert.equal(page['og:image'], undefined);
    assert.equal(page.title, 'Interleave');
    const answer = await server.fetch(`${where}/picture.png`);
    assert.equal(answer.status, 404);
    assert.match(answer.headers.get('content-type'), /problem\+json/);
  }
  const wrong = await server.fetch(`/r/${done.id}/picture.png?lang=fr`);
  assert.equal(wrong.status, 422);
  assert.deepEqual((await wrong.json()).errors.map((e) => e.pointer), ['?lang']);
  const posted = await server.fetch(`/r/${done.id}/picture.png`, { method: 'POST', body: '{}' });
  assert.deepEqual([posted.status, posted.headers.get('allow')], [405, 'GET, HEAD']);
});

/* fetch() does not let a Host be chosen. */
const hosted = (where, host) => new Promise((resolve, reject) => {
  http.get(server.base + where, { headers: host === null ? {} : { host } }, async (answer) => {
    let text = '';
    for await (const part of answer) text += part;
    resolve(text);
  }).on('error', reject);
});

test('a host that is none does not become an address', async () => {
  assert.match(await hosted(`/r/${done.id}`, 'example.org:8080'), /content="http:\/\/example\.org:8080\/r\//);
  for (const host of ['"><script>alert(1)</script>', 'a b', "x'y", 'x/../y', 'a'.repeat(300)]) {
    const text = await hosted(`/r/${done.id}`, host);
    assert.doesNotMatch(text, /og:(image|url)"/, host);
    assert.doesNotMatch(text, /alert/);
  }
});

test('whatever a program calls itself is text', async () => {
  const runner = path.join(output, 'tests/interleave-runner-hostile');
  const hostile = await Server.start({ args: ['--runner', runner] });
  try {
    const came = await hostile.run({ scenario: 'markup' });
    const text = `<img src=x onerror=alert(1)>"'><script>alert(1)</script>&amp;`;
    assert.deepEqual([came.outcome.text, came.outcome.class], [text, 'forbidden']);
    const page = await head(`/r/${came.id}`, {}, hostile);
    assert.equal(page['og:title'], `markup – ${text}`);
    assert.doesNotMatch(page.text, /<script>alert|<img/);
    assert.equal([...page.text.matchAll(/<script/g)].length, 2, 'those of the page itself');
    await picture(`/r/${came.id}/picture.png`, hostile);
    for (const scenario of ['garbage', 'plausible-garbage', 'segfault', 'nothing']) {
      const { id } = await hostile.run({ scenario });
      await head(`/r/${id}`, {}, hostile);
      await picture(`/r/${id}/picture.png`, hostile);
    }
  } finally {
    await hostile.stop();
  }
});

test('a picture is known again, and stays the same', async () => {
  const where = `/r/${done.id}/picture.png?lang=en`;
  const first = await server.fetch(where);
  const png = await bytes(first);
  const etag = first.headers.get('etag');
  assert.match(etag, /^"[0-9a-f]{16}"$/);
  assert.equal(first.headers.get('cache-control'), 'public, max-age=86400');
  assert.equal(first.headers.get('x-content-type-options'), 'nosniff');
  assert.equal(first.headers.get('set-cookie'), null, 'what others keep is nobody’s');
  const again = await server.fetch(where, { headers: { 'if-none-match': etag } });
  assert.deepEqual([again.status, again.headers.get('etag'), (await bytes(again)).length], [304, etag, 0]);
  assert.deepEqual(await bytes(await server.fetch(where, { headers: { 'if-none-match': '"other"' } })), png);
  const asked = await server.fetch(where, { method: 'HEAD' });
  assert.deepEqual([asked.status, asked.headers.get('content-length')], [200, String(png.length)]);
  assert.notDeepEqual(await bytes(await server.fetch(where.replace('en', 'zh-CN'))), png);
});

test('one that goes on has a picture that is not kept', async () => {
  const going = await (await server.post(slow())).json();
  const { headers } = await picture(`/r/${going.id}/picture.png`);
  assert.equal(headers.get('cache-control'), 'no-cache');
  const page = await head(`/r/${going.id}`);
  assert.match(page['og:title'], / – (Goes on|Waits for its turn)$/);
  assert.equal((await server.api(`/runs/${going.id}`, { method: 'DELETE' })).status, 204);
  assert.equal((await server.fetch(`/r/${going.id}/picture.png`)).status, 404);
});

test('a deadlock is red, and its hatched lanes say so', async () => {
  const { id, ended } = await server.run(deadlock);
  assert.equal(ended, 'deadlock');
  const page = await head(`/r/${id}`);
  assert.match(page['og:title'], / – Deadlock$/);
  const { image } = await picture(`/r/${id}/picture.png`);
  assert.ok(count(image, colours.BAD) > 3000, 'the badge');
  assert.ok(count(image, colours.IO) > 3000, 'tasks that wait for a pipe');
  assert.ok(count(image, colours.ERROR) > 300, 'the crosses');
});

test('many at once are all drawn', async () => {
  const ids = await Promise.all(Array.from({ length: 12 }, () => server.run(quick).then((r) => r.id)));
  const answers = await Promise.all(ids.flatMap((id) => [id, id, id]).map((id) => server.fetch(`/r/${id}/picture.png`)));
  assert.deepEqual([...new Set(answers.map((a) => a.status))], [200]);
  const pictures = await Promise.all(answers.map(bytes));
  for (let i = 0; i < pictures.length; i += 3) {
    decodePng(pictures[i]);
    assert.deepEqual([pictures[i + 1], pictures[i + 2]], [pictures[i], pictures[i]]);
  }
});

test('without any font there are pages and no pictures', async () => {
  const fonts = path.join(folder, 'fonts.conf');
  await writeFile(fonts, '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig></fontconfig>');
  const bare = await Server.start({ env: { FONTCONFIG_FILE: fonts } });
  try {
    const { id } = await bare.run(quick);
    assert.equal((await bare.fetch(`/r/${id}/picture.png`)).status, 503);
    const page = await head(`/r/${id}`, {}, bare);
    assert.ok(page['og:title'] && page['og:image'] === undefined);
    assert.match(bare.log, /links have no pictures/);
  } finally {
    await bare.stop();
  }
});

/* ---- states ---- */

async function pagesModel() {
  const require = createRequire(path.join(root, 'web/package.json'));
  const file = path.join(folder, 'model.mjs');
  await require('esbuild').build({
    entryPoints: [path.join(root, 'tests/api/model.ts')], outfile: file, bundle: true, platform: 'node', format: 'esm',
    logLevel: 'warning',
  });
  return import(file);
}

async function serversSlices(file, controlled) {
  const { stdout } = await run(path.join(output, 'tests/lanes'), [file, ...(controlled ? ['controlled'] : [])], { maxBuffer: 1 << 28 });
  return stdout.trimEnd().split('\n').filter(Boolean).map((line) => {
    const [task, start, state] = line.split(' ').map(Number);
    return { task, start, state };
  });
}

/* The state of a task at a time, looked for the plain way. */
const stateAt = (slices, task, t) => {
  let state = 0;
  for (const slice of slices) if (slice.task === task && slice.start <= t) state = slice.state;
  return state;
};

let seed = 1;
const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;

async function compare(name, trace, controlled, slicesOf) {
  const file = path.join(folder, 'trace.bin');
  await writeFile(file, trace);
  const [mine, theirs] = [slicesOf(trace, controlled), await serversSlices(file, controlled)];
  const last = Math.max(...mine.map(({ start }) => start));
  const tasks = [...new Set(mine.map(({ task }) => task))];
  const most = mine.length > 50000 ? 20 : 500;
  for (let i = 0; i < most; i++) {
    const task = tasks[Math.floor(random() * tasks.length)];
    const t = i % 2 ? Math.floor(random() * last * 1.05) : mine[Math.floor(random() * mine.length)].start;
    assert.equal(stateAt(theirs, task, t), stateAt(mine, task, t), `${name}: task ${task} at ${t}`);
  }
  assert.deepEqual(theirs, mine, name);
  return mine;
}

test('the pictures show the states that the timeline shows', async () => {
  const { slicesOf } = await pagesModel();
  const golden = await readFile(path.join(root, 'tests/golden/trace.bin'));
  await compare('golden', golden, false, slicesOf);
  await compare('golden in turn', golden, true, slicesOf);
  const { scenarios } = await server.json('/scenarios');
  const families = new Map(scenarios.map(({ family, id }) => [family, id]));
  const bodies = [
    { scenario: 'pool-map-order', params: { tasks: 60, service_us: 200 } },
    { scenario: 'race-counter', params: { variant: 'lock', n: 20000, threads: 4 } },
    { scenario: 'deadlock-two-locks' }, deadlock, quick,
    ...['free', 'random', 'round-robin'].flatMap((mode) => [...families.values()].map((scenario) => ({ scenario, schedule: { mode } }))),
  ];
  const seen = new Set();
  for (const body of bodies) {
    const { id, schedule } = await server.run(body);
    if (id === undefined) continue;
    const trace = await bytes(await server.api(`/runs/${id}/trace`));
    const slices = await compare(JSON.stringify(body), trace, schedule.mode !== 'free', slicesOf);
    for (const { state } of slices) seen.add(state);
  }
  assert.ok(seen.size >= 10, `states seen: ${[...seen].sort((a, b) => a - b)}`);
});
