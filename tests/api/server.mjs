/* Starts the real server on a free port with a database of its own, and talks to it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const program = path.join(root, process.env.BUILD ?? 'build', 'interleave');

/* A scenario that goes on for `ms` unless it is ended: consumers of a slow producer. */
export const slow = (ms = 10000) => ({
  scenario: 'queue-consumer-shutdown',
  params: { items: 1000, period_ms: 1000, limit_ms: ms },
});
/* One in which all wait for one another: a pipeline in which a close was forgotten. */
export const deadlock = { scenario: 'pipe-pipeline-eof', params: { drop_close: 'main-p1-write', limit_ms: 9000 } };
export const quick = { scenario: 'generator-send', params: { rounds: 1 } };

export class Server {
  static async start(options = {}) {
    const server = new Server();
    server.directory = options.directory ?? (await mkdtemp(path.join(tmpdir(), 'interleave-')));
    const args = ['serve', '--listen', '127.0.0.1:0', '--log-level', 'warning'];
    args.push('--database', path.join(server.directory, 'test.db'), ...(options.args ?? []));
    const [command, ...first] = [...(options.within ?? []), program];
    server.process = spawn(command, [...first, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...(options.env ?? {}) },
    });
    server.log = '';
    server.process.stderr.on('data', (d) => (server.log += d));
    server.exited = once(server.process, 'exit');
    server.base = await server.address();
    server.port = Number(new URL(server.base).port);
    server.cookie = options.cookie ?? '';
    return server;
  }

  async address() {
    let text = '';
    for await (const d of this.process.stdout) {
      text += d;
      const found = /serves on (http:\S+)/.exec(text);
      if (found) return found[1];
    }
    await this.exited;
    throw new Error(`the server did not start: ${this.log}`);
  }

  /* Ends it with a signal; resolves to its exit code. */
  async end(signal = 'SIGTERM') {
    this.process.kill(signal);
    const [code, by] = await this.exited;
    return code ?? by;
  }

  async stop() {
    const running = this.process.exitCode === null && this.process.signalCode === null;
    const code = running ? await this.end() : 0;
    await rm(this.directory, { recursive: true, force: true });
    assert.equal(code, 0, this.log);
    assert.doesNotMatch(this.log, /Sanitizer|runtime error/);
  }

  /* The spawner is the server's child; everything it started dies with it. */
  async spawner() {
    return (await childrenOf(this.process.pid))[0];
  }

  /* A request as the one browser that keeps its cookie; `cookie: ''` is a stranger. */
  async fetch(where, options = {}) {
    const headers = { ...(options.headers ?? {}) };
    const cookie = options.cookie ?? this.cookie;
    if (cookie) headers.cookie = cookie;
    const answer = await fetch(this.base + where, { ...options, headers });
    const set = answer.headers.get('set-cookie');
    if (set && options.cookie === undefined) this.cookie = set.split(';')[0];
    return answer;
  }

  api(where, options) {
    return this.fetch(`/api/v1${where}`, options);
  }

  async json(where, options) {
    return (await this.api(where, options)).json();
  }

  post(body, query = '', headers = {}) {
    return this.api(`/runs${query}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  async run(body, wait = 20) {
    const answer = await this.post(body, `?wait=${wait}`);
    return answer.json();
  }

  /* Starts one; resolves when it has done something that was seen. */
  async begin(body, headers = {}) {
    const run = await (await this.post(body, '', headers)).json();
    const options = headers.cookie ? { cookie: headers.cookie } : {};
    let trace = '';
    while (trace.split('\n').length < 3) trace = await (await this.api(`/runs/${run.id}/trace?format=csv`, options)).text();
    return this.json(`/runs/${run.id}`, options);
  }

  /* Sends bytes as they are; resolves to all that came until the server closed or `until` fits. */
  raw(bytes, until = null, patience = 8000) {
    return new Promise((resolve) => {
      const socket = net.connect(this.port, '127.0.0.1');
      let text = '';
      const end = () => {
        socket.destroy();
        resolve(text);
      };
      socket.setTimeout(patience, end);
      socket.on('connect', () => socket.write(bytes));
      socket.on('data', (d) => {
        text += d.toString('latin1');
        if (until && until.test(text)) end();
      });
      socket.on('error', end);
      socket.on('close', end);
    });
  }
}

/* One that is started for a test, and stopped after it. */
export async function started(t, ...args) {
  const server = await Server.start({ args });
  t.after(() => server.stop());
  return server;
}

/* What /metrics has under that name, which has no labels. */
export const metric = async (server, name) =>
  Number((await (await server.fetch('/metrics')).text()).split('\n').find((l) => l.startsWith(`${name} `)).split(' ')[1]);

/* Yields server-sent events, {event, id, data}, as they come. */
export async function* eventStream(answer) {
  let text = '';
  const decoder = new TextDecoder();
  for await (const bytes of answer.body) {
    text += decoder.decode(bytes, { stream: true });
    let end;
    while ((end = text.indexOf('\n\n')) >= 0) {
      const event = parseEvent(text.slice(0, end));
      text = text.slice(end + 2);
      if (event) yield event;
    }
  }
}

/* Reads server-sent events until `last` was one; resolves to them. */
export async function events(answer, last = 'done') {
  const list = [];
  for await (const event of eventStream(answer)) {
    list.push(event);
    if (event.event === last) break;
  }
  return list;
}

function parseEvent(block) {
  const event = {};
  for (const line of block.split('\n')) {
    const colon = line.indexOf(': ');
    if (colon > 0) event[line.slice(0, colon)] = line.slice(colon + 2);
  }
  if (!event.event) return null;
  return { event: event.event, id: Number(event.id), data: JSON.parse(event.data) };
}

export async function childrenOf(pid) {
  const list = [];
  for (const name of await readdir('/proc'))
    if (/^\d+$/.test(name))
      try {
        const stat = await readFile(`/proc/${name}/stat`, 'utf8');
        if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid) list.push(Number(name));
      } catch { /* it has ended */ }
  return list;
}
