/*
 * Ratios of the server, each measured against its yardstick in the same run; nothing fails on a
 * time. JSON GET against nginx giving the same bytes (2 workers, 64 connections, wrk, alternating);
 * POST to done over HTTP against what the sandbox needs for the same run (metrics.reaped_ns); the
 * picture of a run against its POST.
 */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Server } from '../api/server.mjs';

const run = promisify(execFile);
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const has = (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function startNginx(directory, body) {
  const port = await freePort();
  const file = path.join(directory, 'nginx.conf');
  const text = body.replaceAll("'", "\\'").replaceAll('$', '');
  await writeFile(file, `
    daemon off; worker_processes 2; pid ${directory}/pid; error_log ${directory}/error crit;
    events { worker_connections 1024; }
    http {
      access_log off; keepalive_requests 1000000000; default_type application/json;
      client_body_temp_path ${directory}; proxy_temp_path ${directory}; fastcgi_temp_path ${directory};
      uwsgi_temp_path ${directory}; scgi_temp_path ${directory};
      server { listen 127.0.0.1:${port}; location / { return 200 '${text}'; } }
    }`);
  const nginx = spawn('nginx', ['-c', file, '-p', directory], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}/`;
  for (let i = 0; i < 200; i++)
    try {
      const same = (await (await fetch(url)).text()) === body;
      return { url, same, end: () => (nginx.kill(), once(nginx, 'exit')) };
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  throw new Error('nginx does not start');
}

async function rate(url) {
  const { stdout } = await run('wrk', ['-t1', '-c64', '-d2', url]);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]);
}

async function compareWithNginx(server, directory) {
  if (!has('nginx') || !has('wrk')) return console.log('JSON GET / nginx: needs nginx and wrk');
  const where = '/api/v1/limits';
  const nginx = await startNginx(directory, await (await fetch(server.base + where)).text());
  const ours = [], theirs = [];
  for (let i = 0; i < 5; i++) {
    ours.push(await rate(server.base + where));
    theirs.push(await rate(nginx.url));
  }
  await nginx.end();
  const ratio = median(ours) / median(theirs);
  console.log(`JSON GET / nginx, 64 connections: ${ratio.toFixed(2)} (aim 1.0 or more)` +
    `  [${Math.round(median(ours))} / ${Math.round(median(theirs))} a second` +
    `${nginx.same ? ', same bytes' : ''}]`);
}

/* One keep-alive connection; resolves to [milliseconds, run] for each POST. */
function posts(server, count) {
  const body = JSON.stringify({ scenario: 'generator-send', params: { rounds: 0 } });
  const request = `POST /api/v1/runs?wait=10 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${body.length}\r\n\r\n${body}`;
  return new Promise((resolve, reject) => {
    const socket = net.connect(server.port, '127.0.0.1');
    const list = [];
    let text = '', start;
    const send = () => ((start = process.hrtime.bigint()), socket.write(request));
    socket.setNoDelay();
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      const head = text.indexOf('\r\n\r\n');
      const size = /content-length: (\d+)/i.exec(text);
      if (head < 0 || text.length < head + 4 + Number(size[1])) return;
      list.push([Number(process.hrtime.bigint() - start) / 1e6, JSON.parse(text.slice(head + 4))]);
      text = '';
      if (list.length < count) return send();
      socket.end();
      resolve(list);
    });
  });
}

async function comparePosts(server) {
  await posts(server, 50);
  const list = await posts(server, 500);
  const whole = median(list.map(([ms]) => ms));
  const reaped = median(list.map(([, r]) => r.metrics.reaped_ns / 1e6));
  console.log(`POST to done / reaped, a run of no work, p50: ${(whole / reaped).toFixed(2)} (aim 3 or less)` +
    `  [${whole.toFixed(2)} ms / ${reaped.toFixed(2)} ms, stored durably]`);
}

/* The picture of a run, drawn and then kept, beside the POST of the same run to done. */
async function comparePictures(server) {
  const get = async (id) => {
    const start = process.hrtime.bigint();
    const bytes = (await (await fetch(`${server.base}/r/${id}/picture.png`)).arrayBuffer()).byteLength;
    return [Number(process.hrtime.bigint() - start) / 1e6, bytes];
  };
  const list = await posts(server, 41);
  const ids = list.map(([, { id }]) => id);
  await get(ids.pop()); /* the first one looks for fonts */
  const drawn = [], kept = [];
  for (const id of ids) drawn.push(await get(id));
  for (const id of ids) kept.push(await get(id));
  const [post, ms, again] = [list, drawn, kept].map((l) => median(l.map(([t]) => t)));
  console.log(`picture drawn / POST to done, p50: ${(ms / post).toFixed(1)}` +
    `  [${ms.toFixed(1)} ms / ${post.toFixed(2)} ms; ${again.toFixed(1)} ms when it is kept,` +
    ` ${Math.round(median(drawn.map(([, n]) => n)) / 1000)} kB]`);
}

const directory = await mkdtemp(path.join(tmpdir(), 'interleave-bench-'));
const server = await Server.start({ args: ['--client-limit', '0'] });
try {
  await comparePosts(server);
  await comparePictures(server);
  await compareWithNginx(server, directory);
} finally {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
}
