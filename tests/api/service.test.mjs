import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Server, quick } from './server.mjs';

let server, bare, web;
before(async () => {
  web = await mkdtemp(path.join(tmpdir(), 'interleave-web-'));
  await mkdir(path.join(web, 'assets'));
  for (const [name, text] of [
    ['index.html', '<!doctype html><title>Interleave</title>'],
    ['index.html.br', 'not really brotli'], ['index.html.gz', 'not really gzip'],
    ['favicon.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['assets/app-ABCDEFG2.js', 'export {};'], ['.secret', 'hidden'],
  ])
    await writeFile(path.join(web, name), text);
  server = await Server.start({ args: ['--web', web] });
  bare = await Server.start({ args: ['--web', path.join(web, 'none')] });
});
after(async () => {
  await server.stop();
  await bare.stop();
  await rm(web, { recursive: true });
});

const get = (where, headers = {}) =>
  new Promise((resolve, reject) => {
    http.get(server.base + where, { headers }, (answer) => {
      let body = '';
      answer.on('data', (d) => (body += d));
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body }));
    }).on('error', reject);
  });

test('limits are told', async () => {
  const limits = await server.json('/limits');
  for (const name of ['wall_ns', 'output_bytes', 'tasks', 'memory_bytes', 'queue', 'workers', 'body_bytes'])
    assert.ok(limits[name] > 0, name);
});

test('health, readiness and metrics are outside the prefix', async () => {
  assert.deepEqual(await (await server.fetch('/healthz')).json(), { status: 'ok' });
  const ready = await server.fetch('/readyz');
  assert.equal(ready.status, 200);
  assert.equal((await ready.json()).isolation.tier, 'full');
  const count = async (name) => {
    const answer = await server.fetch('/metrics');
    assert.match(answer.headers.get('content-type'), /^text\/plain; version=0\.0\.4/);
    const line = (await answer.text()).split('\n').find((l) => l.startsWith(`${name} `));
    return Number(line.split(' ')[1]);
  };
  const name = 'interleave_runs_ended_total{ended="completed"}';
  const before = await count(name);
  await server.run(quick);
  assert.equal(await count(name), before + 1);
});

test('every page address answers the page, under a strict policy', async () => {
  for (const where of ['/', '/s/pool-map-order?threads=4', '/r/abc', '/c/a/b', '/x/a', '/w', '/w/a/board']) {
    const page = await get(where);
    assert.equal(page.status, 200, where);
    assert.match(page.body, /Interleave/);
    assert.match(page.headers['content-type'], /^text\/html/);
    const policy = page.headers['content-security-policy'];
    assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
    assert.match(policy, /frame-ancestors 'none'$/);
    assert.equal(page.headers['x-content-type-options'], 'nosniff');
    assert.equal(page.headers['referrer-policy'], 'no-referrer');
    assert.equal(page.headers['cache-control'], 'private, no-cache');
  }
  const embed = await get('/embed/r/abc');
  assert.match(embed.headers['content-security-policy'], /frame-ancestors \*$/);
});

test('what is not there is 404: a page for a reader, a problem for a program', async () => {
  const page = await get('/nowhere');
  assert.equal(page.status, 404);
  assert.match(page.headers['content-type'], /^text\/html/);
  for (const where of ['/nothing.js', '/.secret', '/assets/../../etc/x.conf', '/%2e%2e/x.js', '/api', '/index.html.br']) {
    const answer = await get(where);
    assert.equal(answer.status, 404, where);
    assert.match(answer.headers['content-type'], /problem/, where);
  }
  const post = await server.fetch('/', { method: 'POST' });
  assert.equal(post.status, 405);
  assert.equal(post.headers.get('allow'), 'GET, HEAD');
});

test('encodings are negotiated and every one has its ETag', async () => {
  const seen = new Set();
  for (const [accept, expected, body] of [
    ['gzip, deflate, br', 'br', 'not really brotli'], ['gzip', 'gzip', 'not really gzip'],
    ['br;q=0, gzip', 'gzip', 'not really gzip'], ['identity', undefined, '<!doctype html>'],
    ['brotli', undefined, '<!doctype html>'],
  ]) {
    const page = await get('/', { 'accept-encoding': accept });
    assert.equal(page.headers['content-encoding'], expected, accept);
    assert.ok(page.body.startsWith(body));
    assert.equal(page.headers.vary, 'Accept-Encoding');
    seen.add(page.headers.etag);
    const again = await get('/', { 'accept-encoding': accept, 'if-none-match': page.headers.etag });
    assert.equal(again.status, 304);
    assert.equal(again.body, '');
    assert.equal(again.headers.etag, page.headers.etag);
  }
  assert.equal(seen.size, 3);
  assert.equal((await get('/', { 'if-none-match': '"other"' })).status, 200);
});

test('a hashed name may be kept for ever', async () => {
  const asset = await get('/assets/app-ABCDEFG2.js');
  assert.equal(asset.headers['cache-control'], 'public, max-age=31536000, immutable');
  assert.match(asset.headers['content-type'], /^text\/javascript/);
  assert.equal((await get('/favicon.svg')).headers['cache-control'], 'no-cache');
});

test('without built pages the address says so and the API works', async () => {
  const page = await bare.fetch('/');
  assert.equal(page.status, 503);
  assert.match(await page.text(), /not built/);
  assert.equal((await bare.api('/scenarios')).status, 200);
});
