import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { Server, quick } from './server.mjs';

let server;
before(async () => (server = await Server.start({ args: ['--connections', '2000'] })));
after(() => server.stop());

const head = 'Host: x\r\n';
const status = (text) => Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0);
const answers = (text) => (text.match(/HTTP\/1\.1 \d+/g) ?? []).length;

test('ambiguous framing is refused and nothing behind it is served', async () => {
  const smuggled = 'GET /api/v1/limits HTTP/1.1\r\nHost: x\r\n\r\n';
  const post = 'POST /api/v1/runs HTTP/1.1\r\nContent-Type: application/json\r\n';
  for (const [name, bytes] of [
    ['CL and TE', `${post}${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`],
    ['two CL', `${post}${head}Content-Length: 0\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`],
    ['two TE', `${post}${head}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n${smuggled}`],
    ['TE gzip', `${post}${head}Transfer-Encoding: gzip\r\n\r\n${smuggled}`],
    ['CL on GET', `GET /healthz HTTP/1.1\r\n${head}Content-Length: 1\r\nContent-Length: 2\r\n\r\n${smuggled}`],
    ['CL text', `${post}${head}Content-Length: 1x\r\n\r\n${smuggled}`],
    ['two Hosts', `GET /healthz HTTP/1.1\r\n${head}Host: y\r\n\r\n${smuggled}`],
    ['blank before the colon', `${post}${head}Content-Length : ${smuggled.length}\r\n\r\n${smuggled}`],
    ['folded CL', `${post}${head}Content-Length:\r\n ${smuggled.length}\r\n\r\n${smuggled}`],
    ['CL folded by a tab', `${post}${head}Content-Length:\r\n\t${smuggled.length}\r\n\r\n${smuggled}`],
    ['folded TE', `${post}${head}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n${smuggled}`],
    ['tab before the colon', `${post}${head}Transfer-Encoding\t: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${smuggled}`],
    ['NUL in CL', `${post}${head}Content-Length: 0\x005\r\n\r\n${smuggled}`],
    ['NUL in a value', `GET /healthz HTTP/1.1\r\n${head}X-A: a\0b\r\n\r\n${smuggled}`],
    ['NUL in a name', `GET /healthz HTTP/1.1\r\n${head}X-A\0Content-Length: 5\r\n\r\n${smuggled}`],
    ['no name', `GET /healthz HTTP/1.1\r\n${head}: a\r\n\r\n${smuggled}`],
    ['TE in 1.0', `${post.replace('1.1', '1.0')}Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`],
    ['CL of a line and a folded one', `${post}${head}Content-Length: 1\r\n 0\r\n\r\n${smuggled}`],
    ['folded twice', `${post}${head}X-A:\r\n a\r\n b\r\nContent-Length: 0\r\n\r\n${smuggled}`],
    ['folded last', `${post}Content-Length: 0\r\n${head}X-A: a\r\n b\r\n\r\n${smuggled}`],
    ['folded first', `GET /healthz HTTP/1.1\r\n X-A: b\r\n${head}\r\n${smuggled}`],
    ['CR alone', `${post}${head}X-A: a\rContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`],
    ['LF alone', `${post}${head}X-A: a\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`],
    ['LF alone behind the first line', `GET /healthz HTTP/1.1\n${head}\r\n${smuggled}`],
    ['two NULs in a value', `GET /healthz HTTP/1.1\r\n${head}X-A: a\0\0b\r\n\r\n${smuggled}`],
    ['NULs and a header in a value', `GET /healthz HTTP/1.1\r\nX-A: a\0\0X-B: b\r\n${head}\r\n${smuggled}`],
    ['no Host', `GET /healthz HTTP/1.1\r\nAccept: */*\r\n\r\n${smuggled}`],
  ]) {
    const text = await server.raw(bytes);
    assert.ok([0, 400].includes(status(text)), `${name}: ${text.slice(0, 60)}`);
    assert.ok(!text.includes(' 200 ') && !text.includes('wall_ns'), `${name}: what was smuggled is served`);
  }
});

test('a head is taken however it comes', async () => {
  const long = [...Array(28)].map((_, i) => `X-${i}: ${'a'.repeat(150)}\r\n`).join('');
  const heads = [
    `${head}X-A:b\r\nX-Empty:\r\nX-Blanks: \t a b \t\r\nx!#$%&'*+-.^_\`|~9: \xe4\xf6\r\n`,
    `${head}Cookie: a=b; c="d"; interleave_session=${'x'.repeat(22)}\r\nX-After: a\r\nCookie: e=f\r\n`,
    `${head}${long}`,
  ];
  for (const lines of heads) {
    const bytes = Buffer.from(`GET /healthz?a=b%20c&d HTTP/1.1\r\n${lines}\r\nGET /healthz HTTP/1.1\r\n${lines}Connection: close\r\n\r\n`, 'latin1');
    for (const pieces of [1, 2, 7, 40]) {
      const text = await new Promise((resolve) => {
        const socket = net.connect({ port: server.port, host: '127.0.0.1', noDelay: true }, async () => {
          const size = Math.ceil(bytes.length / pieces);
          for (let at = 0; at < bytes.length; at += size) {
            socket.write(bytes.subarray(at, at + size));
            await new Promise((r) => setTimeout(r, 1));
          }
        });
        let all = '';
        socket.on('data', (d) => (all += d));
        socket.on('error', () => {});
        socket.on('close', () => resolve(all));
      });
      assert.ok(answers(text) === 2 && text.match(/ 200 OK/g)?.length === 2, `${lines.slice(0, 60)} in ${pieces}: ${text.slice(0, 200)}`);
    }
  }
  assert.ok(status(await server.raw('GET /healthz HTTP/1.0\r\n\r\n')) === 200, 'HTTP/1.0 without any header');
});

test('bad bytes in the target are refused', async () => {
  for (const target of ['/healthz%00.html', '/api/v1/runs%00', '/a\x01b', 'healthz', '*']) {
    const text = await server.raw(`GET ${target} HTTP/1.1\r\n${head}Connection: close\r\n\r\n`);
    assert.ok([0, 400].includes(status(text)), `${JSON.stringify(target)}: ${text.slice(0, 60)}`);
  }
  const control = await server.raw(`GET /healthz HTTP/1.1\r\n${head}X-A: a\x02b\r\nConnection: close\r\n\r\n`);
  assert.equal(status(control), 400);
});

test('too many arguments are answered', async () => {
  const query = [...Array(500)].map((_, i) => `a${i}=1`).join('&');
  const start = Date.now();
  const text = await server.raw(`GET /api/v1/runs?${query} HTTP/1.1\r\n${head}\r\n`);
  assert.equal(status(text), 414);
  const [top, body] = text.split('\r\n\r\n');
  assert.equal(Number(/Content-Length: (\d+)/.exec(top)[1]), body.length);
  assert.equal(JSON.parse(body).status, 414);
  assert.ok(Date.now() - start < 2000);
});

test('a POST with too many arguments is answered once and does nothing', async () => {
  const replies = async () => Number(/replies_total\{status="4xx"\} (\d+)/.exec(await (await server.fetch('/metrics')).text())[1]);
  const query = [...Array(40)].map((_, i) => `a${i}=1`).join('&'), body = JSON.stringify(quick);
  const before = await replies(), runs = (await server.json('/runs')).runs.length;
  for (let i = 0; i < 5; i++) {
    const text = await server.raw(
      `POST /api/v1/runs?${query} HTTP/1.1\r\n${head}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}` +
        `GET /healthz HTTP/1.1\r\n${head}\r\n`,
    );
    assert.equal(status(text), 414);
    assert.equal(answers(text), 1);
  }
  assert.equal((await replies()) - before, 5);
  assert.equal((await server.json('/runs')).runs.length, runs);
});

test('unknown methods are refused, long heads too', async () => {
  assert.equal(status(await server.raw(`BREW /healthz HTTP/1.1\r\n${head}Connection: close\r\n\r\n`)), 501);
  const long = await server.raw(`GET /healthz HTTP/1.1\r\n${head}X-A: ${'a'.repeat(40000)}\r\n\r\n`);
  assert.ok([0, 413, 414, 431].includes(status(long)), long.slice(0, 60));
});

test('a declared body beyond the limit is refused before it is sent', async () => {
  const start = Date.now();
  const text = await server.raw(
    `POST /api/v1/runs HTTP/1.1\r\n${head}Content-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n{`,
  );
  assert.equal(status(text), 413);
  assert.match(text, /application\/problem\+json/);
  assert.ok(Date.now() - start < 2000);
});

test('a chunked body beyond the limit is refused, one without end cut off', async () => {
  const { body_bytes: most } = await server.json('/limits');
  const chunk = `1000\r\n${' '.repeat(4096)}\r\n`;
  const chunked =
    `POST /api/v1/runs HTTP/1.1\r\n${head}Content-Type: application/json\r\n` +
    'Transfer-Encoding: chunked\r\n\r\n';
  const over = await server.raw(`${chunked}${chunk.repeat(most / 4096 + 2)}0\r\n\r\n`);
  assert.equal(status(over), 413);
  assert.match(over, /application\/problem\+json/);
  const start = Date.now();
  const text = await server.raw(`${chunked}${chunk.repeat(20 * (most / 4096))}`);
  assert.ok(Date.now() - start < 5000);
  assert.ok([0, 413].includes(status(text)), text.slice(0, 60));
  const body = JSON.stringify(quick);
  const fine = await server.raw(
    `POST /api/v1/runs HTTP/1.1\r\n${head}Content-Type: application/json\r\nConnection: close\r\n` +
      `Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
  );
  assert.equal(status(fine), 201);
});

test('pipelined requests are all answered, in order', async () => {
  const one = `GET /healthz HTTP/1.1\r\n${head}\r\n`;
  const last = `GET /api/v1/nothing HTTP/1.1\r\n${head}Connection: close\r\n\r\n`;
  const text = await server.raw(one.repeat(20) + last);
  assert.equal(answers(text), 21);
  assert.match(text, /404 Not Found[^]*$/);
});

/* Sends it and shuts the own side down; resolves to what came, and END once the server has closed, too. */
const half = (request) => new Promise((resolve) => {
  const socket = net.connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
  let text = '';
  socket.setTimeout(20000, () => socket.destroy());
  socket.on('data', (d) => (text += d.toString('latin1')));
  socket.on('end', () => (text += 'END'));
  socket.on('error', () => {});
  socket.on('close', () => resolve(text));
  socket.end(request);
});

test('who asks and shuts the own side down is answered, then closed, long before an idle one', async () => {
  const one = `GET /healthz HTTP/1.1\r\n${head}\r\n`;
  server.process.kill('SIGSTOP'); // so that it finds the request and the end behind it at once
  const all = [...Array(50)].map((_, i) => half(one.repeat(1 + (i % 3))));
  await new Promise((resolve) => setTimeout(resolve, 300));
  server.process.kill('SIGCONT');
  for (const [i, text] of (await Promise.all(all)).entries()) {
    assert.equal(answers(text), 1 + (i % 3));
    assert.match(text, /END$/);
  }
});

/* Any number of connections ready at once is served: the library's own loop stalls at 128. */
for (const n of [127, 128, 129, 255, 256, 300, 512])
  test(`${n} connections that are ready at once are all answered`, async () => {
    const request = `GET /healthz HTTP/1.1\r\n${head}Connection: close\r\n\r\n`;
    const sockets = await Promise.all(
      [...Array(n)].map(() => new Promise((resolve, reject) => {
        const socket = net.connect(server.port, '127.0.0.1', () => resolve(socket));
        socket.on('error', reject);
      })),
    );
    const start = Date.now();
    const texts = sockets.map((socket) => new Promise((resolve) => {
      let text = '';
      socket.on('data', (d) => (text += d));
      socket.on('close', () => resolve(text));
    }));
    for (const socket of sockets) socket.write(request);
    for (const text of await Promise.all(texts)) assert.equal(status(text), 200);
    assert.ok(Date.now() - start < 3000);
  });
