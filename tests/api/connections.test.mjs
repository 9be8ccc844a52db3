/* How many connections there may be, of one address and of all. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import os from 'node:os';
import { test } from 'node:test';
import { metric, quick, slow, started } from './server.mjs';

/* An address of this machine that is not the loopback's. */
const outer = Object.values(os.networkInterfaces()).flat().find((i) => !i.internal && i.family === 'IPv4')?.address;

const get = (where, headers = '') => `GET ${where} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;

/* A connection over which that is sent; `text` is what came, `head` the first answer's status once it is there. */
function open(t, server, bytes, host = '127.0.0.1') {
  const socket = net.connect({ port: server.port, host, localAddress: host });
  t.after(() => socket.destroy());
  const client = { socket, text: '', closed: once(socket, 'close') };
  client.status = new Promise((resolve) => {
    socket.on('data', (d) => {
      client.text += d.toString('latin1');
      const found = /^HTTP\/1\.1 (\d+)[^]*?\r\n\r\n/.exec(client.text);
      if (found) resolve(Number(found[1]));
    });
    socket.on('close', () => resolve(0));
  });
  socket.on('error', () => {});
  if (bytes) socket.on('connect', () => socket.write(bytes));
  return client;
}

/* The address of an event stream without an end. */
async function stream(server) {
  const made = await server.api('/workshops', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ title: 't', steps: [quick] }),
  });
  return `/api/v1/workshops/${(await made.json()).id}/board/events`;
}

/* Whether it says so before long: what was closed here the server hears of a little later. */
async function soon(what) {
  const end = Date.now() + 5000;
  while (!(await what())) if (Date.now() > end) return false;
  return true;
}

function refusedWell(text, status) {
  const [head, body] = text.split('\r\n\r\n');
  assert.match(head, new RegExp(`^HTTP/1\\.1 ${status} `));
  assert.match(head, /\r\nRetry-After: \d+/);
  assert.match(head, /\r\nContent-Type: application\/problem\+json/);
  assert.equal(Number(/Content-Length: (\d+)/.exec(head)[1]), body.length);
  assert.equal(JSON.parse(body).status, status);
}

test('an address has a quarter of all connections, the loopback all', { skip: !outer && 'this machine has no other address' }, async (t) => {
  const server = await started(t, '--listen', '0.0.0.0:0', '--connections', '80');
  assert.equal((await server.json('/limits')).connections_of_address, 20);
  const where = await stream(server);
  const taken = [...Array(20)].map((_, i) => open(t, server, get(i ? where : '/healthz'), outer));
  assert.deepEqual(await Promise.all(taken.map((c) => c.status)), Array(20).fill(200));
  for (let i = 0; i < 5; i++) {
    const refused = open(t, server, '', outer);
    assert.equal(await refused.status, 429);
    await refused.closed;
    refusedWell(refused.text, 429);
  }
  assert.equal(await metric(server, 'interleave_http_connections_refused_total'), 5);
  const near = [...Array(30)].map(() => open(t, server, get(where)));
  assert.deepEqual(await Promise.all(near.map((s) => s.status)), Array(30).fill(200), 'reading from this machine has no ceiling');
  taken[0].socket.destroy();
  assert.ok(await soon(async () => (await open(t, server, get('/healthz'), outer).status) === 200), 'there is room again');
});

test('beyond all connections one is told so and ended, and nothing asked over it is done', async (t) => {
  const server = await started(t, '--connections', '16');
  const idle = [...Array(16)].map(() => open(t, server, get('/healthz')));
  assert.deepEqual(await Promise.all(idle.map((c) => c.status)), Array(16).fill(200));
  const body = JSON.stringify(quick);
  const post = `POST /api/v1/runs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  server.process.kill('SIGSTOP'); // so that it finds the connection and the request at once
  const more = [...Array(4)].map(() => open(t, server, post));
  await Promise.all(more.map((c) => once(c.socket, 'connect')));
  server.process.kill('SIGCONT');
  for (const one of more) {
    assert.equal(await one.status, 503);
    await one.closed;
    refusedWell(one.text, 503);
  }
  for (const one of idle) one.socket.destroy();
  assert.ok(await soon(async () => (await open(t, server, get('/healthz')).status) === 200), 'there is room again');
  assert.deepEqual((await server.json('/runs')).runs, []);
});

test('behind a trusted proxy an address has a quarter in open requests', async (t) => {
  const server = await started(t, '--trusted-proxy', '127.0.0.1', '--connections', '80');
  const where = await stream(server);
  const of = (address) => `X-Forwarded-For: ${address}\r\n`;
  const run = await server.begin(slow());
  const waits = open(t, server, get(`/api/v1/runs/${run.id}?wait=3`, of('203.0.113.1')));
  const streams = [...Array(19)].map(() => open(t, server, get(where, of('203.0.113.1'))));
  assert.deepEqual(await Promise.all(streams.map((s) => s.status)), Array(19).fill(200));
  const other = open(t, server, get(where, of('203.0.113.2')));
  assert.equal(await other.status, 200, 'another address');
  const last = open(t, server, get('/healthz', `${of('203.0.113.1')}Connection: close\r\n`));
  await last.closed;
  refusedWell(last.text, 429);
  assert.match(last.text, /20 requests of your address are open already/);
  assert.equal(await metric(server, 'interleave_refused_total{reason="address-requests"}'), 1);
  assert.equal(await waits.status, 200);
  const again = () => open(t, server, get('/healthz', of('203.0.113.1'))).status;
  for (let i = 0; i < 40; i++)
    assert.ok(await soon(async () => (await again()) === 200), 'what is answered is open no more, though its connection is');
});
