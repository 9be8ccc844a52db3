/* The description of the API against the routes it describes, its own rules, and live answers. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Server, eventStream, program, quick, root, slow } from './server.mjs';

const library = async (name) => {
  const { default: found, ...rest } = await import(pathToFileURL(path.join(root, 'web/node_modules', name)).href);
  return found?.default ?? found ?? rest;
};
const Ajv = await library('ajv/dist/2020.js');
const addFormats = await library('ajv-formats/dist/index.js');
const { Validator } = await import(
  pathToFileURL(path.join(root, 'web/node_modules/@seriousme/openapi-schema-validator/index.js')).href);

const read = (file) => readFile(path.join(root, file), 'utf8');
const text = await read('server/api/openapi.json');
const document = JSON.parse(text);
const operations = Object.entries(document.paths).flatMap(([where, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ where, method, ...operation })));
const byId = new Map(operations.map((operation) => [operation.operationId, operation]));

/* What $ref leads to, or the thing itself. */
const follow = (thing) =>
  thing?.$ref ? follow(thing.$ref.slice(2).split('/').reduce((at, name) => at[name], document)) : thing;

/* Every object of the document but what is in examples. */
function* objects(thing, at = '#') {
  if (thing === null || typeof thing !== 'object') return;
  if (!Array.isArray(thing)) yield [thing, at];
  for (const [name, value] of Object.entries(thing))
    if (name !== 'examples' && name !== 'example') yield* objects(value, `${at}/${name}`);
}

/* The document with every object closed that does not say it is open: an answer has nothing else. */
const closed = JSON.parse(text);
for (const [thing] of objects(closed))
  if (thing.type === 'object' && thing.properties) thing.additionalProperties ??= false;

const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addSchema(closed, 'openapi');
const compiled = new Map();
const pointer = (...names) =>
  names.map((name) => `/${encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('');

function mustFit(value, where, about) {
  if (!compiled.has(where)) compiled.set(where, ajv.compile({ $ref: `openapi#${where}` }));
  const fits = compiled.get(where);
  assert.ok(fits(value), `${about}: ${ajv.errorsText(fits.errors)}\n${JSON.stringify(value).slice(0, 2000)}`);
}

/* ---- the document ---- */

test('it has the routes of the program, and the program has its', async () => {
  const source = await read('server/routes.c');
  const routes = [...source.matchAll(/\{METHOD_(\w+), (API_PREFIX )?"(\/[^"]*)"/g)]
    .map(([, method, prefix, where]) => `${method} ${prefix ? '/api/v1' : ''}${where}`);
  assert.ok(routes.length > 25);
  assert.deepEqual(operations.map(({ method, where }) => `${method.toUpperCase()} ${where}`).sort(), routes.sort());
});

test('it is OpenAPI 3.1', async () => {
  const result = await new Validator().validate(document);
  assert.deepEqual(result.errors ?? [], []);
  assert.match(document.openapi, /^3\.1\./);
  assert.equal(byId.size, operations.length, 'no operationId twice');
  for (const [thing, at] of objects(document)) if (thing.$ref) assert.ok(follow(thing), `${at} leads nowhere`);
  for (const kind of Object.keys(document.components))
    for (const name of Object.keys(document.components[kind]))
      if (kind !== 'securitySchemes' && name !== 'MethodNotAllowed' && name !== 'NotImplemented')
        assert.ok(text.includes(`"#/components/${kind}/${name}"`), `${kind}/${name} is used`);
  for (const schema of Object.values(document.components.schemas)) assert.ok(ajv.validateSchema(schema));
  for (const { where, operationId, parameters = [] } of operations)
    assert.equal(where.includes('{id}'), parameters.some((p) => follow(p).in === 'path'), operationId);
});

test('its examples are what it says', () => {
  let checked = 0;
  for (const [media, at] of objects(document))
    for (const name of Object.keys(media.schema ? media.examples ?? {} : {})) {
      const where = at.slice(1).split('/').slice(1);
      const names = where.join('/').match(/^paths\/(.*)\/(get|put|post|delete)\/(.*)$/);
      const schema = names
        ? pointer('paths', names[1], names[2], ...split(names[3]), 'schema')
        : pointer(...split(where.join('/')), 'schema');
      mustFit(follow(media.examples[name]).value, schema, name);
      checked++;
    }
  assert.ok(checked > 20);
});

/* "responses/200/content/application/json": the media type is one name. */
const split = (names) => names.replace(/\/(\w+)\/([\w+.-]+)$/, '/$1\u0000$2').split('/').map((n) => n.replace('\u0000', '/'));

test('words are those of the program', async () => {
  const words = (source, pattern = /^ +X\([A-Z_]+, "([^"]+)"\)/gm) => [...source.matchAll(pattern)].map(([, word]) => word);
  const { Ended, Schedule, Experiment, Trace, TraceEvent } = document.components.schemas;
  assert.deepEqual(Ended.enum, words(await read('sandbox/proto/ended.h')));
  const modes = words(await read('sandbox/proto/schedule.h'));
  assert.deepEqual(Schedule.properties.mode.enum, modes.filter((mode) => mode !== 'explore' && mode !== 'shrink'));
  const [kinds, ends] = (await read('server/runs/experiment.h')).split('EXPERIMENT_ENDS(X)');
  assert.deepEqual(Experiment.properties.kind.enum, words(kinds));
  assert.deepEqual(Experiment.properties.ended.enum, [...words(ends), null]);
  const table = await read('sandbox/trace/kinds.def');
  assert.deepEqual(TraceEvent.properties.kind.enum, words(table, /^EVENT\(\d+, \w+, "([^"]+)"/gm));
  assert.deepEqual(Trace.properties.objects.items.properties.kind.enum, words(table, /^OBJECT\(\d+, \w+, "([^"]+)"/gm));
  assert.deepEqual(Trace.properties.tasks.items.properties.kind.enum, words(table, /^TASK\(\d+, \w+, "([^"]+)"/gm));
});

/* ---- live ---- */

let server, small, web;
before(async () => {
  web = await mkdtemp(path.join(tmpdir(), 'interleave-web-'));
  await writeFile(path.join(web, 'index.html'), await read('web/src/index.html'));
  server = await Server.start({ args: ['--web', web, '--workers', '2', '--experiments', '60'] });
  small = await Server.start({ args: ['--web', path.join(web, 'none'), '--workers', '1', '--queue', '1'] });
});
after(async () => {
  await server.stop();
  await small.stop();
  await rm(web, { recursive: true });
});

const told = new Set(); /* "operationId status" of every answer that was looked at */

/* What every answer may have. */
const COMMON = new Set(['content-type', 'content-length', 'date', 'cache-control', 'x-content-type-options',
  'connection', 'keep-alive', 'transfer-encoding', 'vary', 'content-security-policy', 'referrer-policy']);

function checkHeaders(answer, described, about) {
  const known = new Set(Object.keys(described).map((name) => name.toLowerCase()));
  for (const name of answer.headers.keys()) assert.ok(COMMON.has(name) || known.has(name), `${about}: ${name} is not told`);
  for (const [name, header] of Object.entries(described)) {
    const value = answer.headers.get(name), { required, schema } = follow(header);
    assert.ok(value !== null || !required, `${about}: ${name} is missing`);
    if (value !== null)
      assert.ok(ajv.validate(schema, schema.type === 'integer' ? Number(value) : value), `${about}: ${name}: ${value}`);
  }
}

/* The answer is one that the operation is said to give. Returns where its media type is described. */
function checkHead(operation, answer) {
  const { operationId, where, method } = operation, status = String(answer.status), about = `${operationId} ${status}`;
  const described = operation.responses[status];
  assert.ok(described, `${about} is not told`);
  checkHeaders(answer, follow(described).headers ?? {}, about);
  told.add(about);
  const type = (answer.headers.get('content-type') ?? '').split(';')[0];
  const content = follow(described).content ?? {};
  const media = Object.keys(content).find((name) => name.split(';')[0] === type);
  assert.ok(media || (type === '' && Object.keys(content).length === 0), `${about}: ${type} is not told`);
  const at = described.$ref ? described.$ref.slice(2).split('/') : ['paths', where, method, 'responses', status];
  return { about, media, at: pointer(...at, 'content', media ?? '') };
}

async function check(operation, answer) {
  const { about, media, at } = checkHead(operation, answer);
  if (!media) return null;
  assert.notEqual(media, 'text/event-stream', about);
  const bytes = Buffer.from(await answer.arrayBuffer());
  const body = /json/.test(media) ? JSON.parse(bytes) : bytes.toString();
  mustFit(body, `${at}/schema`, about);
  return body;
}

/* Calls an operation of a server and looks at the answer; resolves to its body. */
async function call(id, { on = server, at = '', query = '', body, headers = {}, status, ...options } = {}) {
  const operation = byId.get(id);
  const answer = await on.fetch(operation.where.replace('{id}', encodeURIComponent(at)) + query, {
    ...options,
    method: operation.method.toUpperCase(),
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  if (status) assert.equal(answer.status, status, `${id}: ${answer.status} ${status === answer.status ? '' : await answer.text()}`);
  return check(operation, answer);
}

const bearer = (key) => ({ authorization: `Bearer ${key}` });
const race = { scenario: 'race-counter', params: { n: 2 } };
const example = (name) => document.components.examples[name].value;
const makeWorkshop = () => call('makeWorkshop', { body: { title: 'x', steps: [quick, race] }, status: 201 });

test('it is served under the prefix and outside, and known by its ETag', async () => {
  for (const id of ['getOpenapi', 'getOpenapiOutsideThePrefix']) {
    const answer = await server.fetch(byId.get(id).where);
    const etag = answer.headers.get('etag');
    assert.equal(await answer.text(), text);
    assert.equal(answer.headers.get('cache-control'), 'no-cache');
    await call(id, { status: 200, headers: { 'if-none-match': '"other"' } });
    await call(id, { status: 304, headers: { 'if-none-match': etag } });
  }
});

test('methods are those of the program', async () => {
  for (const [where, methods] of Object.entries(document.paths)) {
    const answer = await server.fetch(where.replace('{id}', 'x'), { method: 'PATCH' });
    assert.equal(answer.status, 405, where);
    checkHeaders(answer, document.components.responses.MethodNotAllowed.headers, where);
    mustFit(await answer.json(), '/components/responses/MethodNotAllowed/content/application~1problem+json/schema', where);
    const expected = Object.keys(methods).map((method) => (method === 'get' ? 'GET, HEAD' : method.toUpperCase()));
    assert.equal(answer.headers.get('allow'), expected.join(', '), where);
  }
});

test('HEAD is taken wherever GET is', async () => {
  for (const { where, method, responses } of operations)
    if (method === 'get' && !where.includes('{id}')) {
      const answer = await server.fetch(where, { method: 'HEAD' });
      assert.ok(responses[answer.status], where);
      assert.equal(await answer.text(), '');
    }
});

test('scenarios are as it says', async () => {
  const { scenarios } = await call('listScenarios', { status: 200 });
  assert.ok(scenarios.length > 60);
  for (const { id } of scenarios) await call('getScenario', { at: id, status: 200 });
  await call('getScenarioSource', { at: quick.scenario, status: 200 });
});

test('runs are as it says, however they end', async () => {
  const ends = new Set();
  const take = async (body, headers = {}) => {
    const run = await call('startRun', { query: '?wait=20', body, headers, status: 201 });
    ends.add(run.ended);
    assert.deepEqual(await call('getRun', { at: run.id, status: 200 }), run);
    return run;
  };
  const run = await take({ ...race, schedule: { mode: 'random', seed: 7 } });
  for (const schedule of [{ mode: 'free' }, { mode: 'pct' }, { mode: 'round-robin', timing: 'ignored' }]) await take({ ...race, schedule });
  await take({ ...race, schedule: { mode: 'replay', token: `${run.schedule.token}~4` } });
  await take({ ...race, schedule: { mode: 'replay', token: `${run.schedule.token}~900` } });
  await take({ scenario: 'pipe-pipeline-eof', params: { drop_close: 'main-p1-write' } });
  await take({ ...slow(200) });
  await take({ scenario: 'deadlock-two-locks', schedule: { mode: 'random', seed: 3 } });
  for (const end of ['completed', 'deadlock', 'stopped', 'timeout']) assert.ok(ends.has(end), `${end} of ${[...ends]}`);
  const key = { 'idempotency-key': 'x'.repeat(128) };
  for (const [id, body] of [
    ['startRun', quick],
    ['startExperiment', { ...quick, kind: 'repeat', count: 1 }],
    ['makeWorkshop', { title: 'x', steps: [quick] }],
  ])
    for (const status of [201, 200]) await call(id, { body, headers: key, status });
  for (const query of ['', '?limit=1', '?ended=deadlock', '?ended=!stopped&mine=true', '?scenario=race-counter'])
    assert.ok((await call('listRuns', { query, status: 200 })).runs.length > 0, query);
  assert.ok((await call('listRuns', { query: '?limit=1' })).next_cursor);
});

test('what a run left is as it says', async () => {
  const run = await server.run({ ...race, schedule: { mode: 'random', seed: 7 } });
  for (const format of ['binary', 'json', 'chrome', 'csv'])
    await call('getRunTrace', { at: run.id, query: `?format=${format}`, status: 200, headers: { 'accept-encoding': 'identity' } });
  for (const format of ['json', 'text']) await call('getRunOutput', { at: run.id, query: `?format=${format}`, status: 200 });
  const trace = await call('getRunTrace', { at: run.id, query: '?format=json' });
  mustFit(trace, '/components/schemas/Trace', 'trace');
  const chrome = await call('getRunTrace', { at: run.id, query: '?format=chrome' });
  mustFit(chrome, '/components/schemas/ChromeTrace', 'chrome');
  await call('keepRun', { at: run.id, body: example('AskKept'), status: 204 });
  await call('deleteRun', { at: run.id, status: 204 });
});

/* The one worker of the small server has it. */
async function begin(body) {
  const run = await call('startRun', { on: small, body, status: 201 });
  while ((await call('getRun', { on: small, at: run.id, status: 200 })).status === 'queued');
  return run;
}

async function forget(...runs) {
  for (const { id } of runs) await call('deleteRun', { on: small, at: id, status: 204 });
  while (!/^interleave_runs_live 0$/m.test(await call('getMetrics', { on: small })));
}

test('a run that waits or goes on is as it says', async () => {
  const going = await begin(slow());
  const waiting = await call('startRun', { on: small, body: slow(), status: 201 });
  assert.equal((await call('getRun', { on: small, at: waiting.id, status: 200 })).queue_position, 1);
  await call('startRun', { on: small, body: slow(), status: 503 });
  await call('showRun', { on: small, at: going.id, status: 503 });
  await forget(waiting, going);
});

/*
 * Each event is one that the stream is said to have, with the data it is said to have. `upon` has
 * what is done when one of that name came first; the stream ends with `last`.
 */
async function checkStream(id, answer, upon, last = 'done') {
  const operation = byId.get(id), seen = new Set(), { about, media, at } = checkHead(operation, answer);
  assert.equal(media, 'text/event-stream');
  const described = operation.responses[200].content[media]['x-events'];
  for await (const { event, data, id: number } of eventStream(answer)) {
    assert.ok(described[event], `${about}: ${event} is not told`);
    assert.equal(Number.isInteger(number), described[event].id !== null, event);
    mustFit(data, `${at}/x-events/${event}/data`, `${about} ${event}`);
    if (!seen.has(event)) await upon[event]?.();
    seen.add(event);
    if (event === last) break;
  }
  assert.deepEqual([...seen].sort(), Object.keys(described).sort(), about);
}

test('events of a run are as it says', async () => {
  const before = await begin(slow());
  const run = await call('startRun', { on: small, body: { scenario: 'pipe-pipeline-eof' }, status: 201 });
  await checkStream('followRun', await small.api(`/runs/${run.id}/events`), {
    status: () => call('deleteRun', { on: small, at: before.id, status: 204 }),
  });
  await forget(run);
});

test('events of an experiment are as it says', async () => {
  const { id } = await call('startExperiment', { body: { ...slow(), kind: 'repeat' }, status: 201 });
  await checkStream('followExperiment', await server.api(`/experiments/${id}/events`), {
    progress: () => call('deleteExperiment', { at: id, status: 200 }),
  });
});

test('events of a board are as it says', async () => {
  const made = await makeWorkshop();
  await checkStream('followBoard', await server.api(`/workshops/${made.id}/board/events`), {
    board: () => call('startRun', { body: { workshop: { id: made.id, step: 0, name: 'Ann' } }, status: 201 }),
    change: () => call('deleteWorkshop', { at: made.id, headers: bearer(made.instructor_key), status: 204 }),
  }, 'gone');
});

test('experiments are as it says', async () => {
  const token = (await server.run({ ...race, schedule: { mode: 'random', seed: 7 } })).schedule.token;
  const take = (body) => call('startExperiment', { query: '?wait=20', body: { ...race, ...body }, status: 201 });
  const explored = await take({ kind: 'explore' });
  await take({ kind: 'explore', max_schedules: 1, max_preemptions: 1, timing: 'virtual' });
  const repeated = await take({ kind: 'repeat', count: 3, beside: explored.id });
  const shrunk = await take({ kind: 'shrink', token });
  for (const { id, status } of [explored, repeated, shrunk]) {
    assert.equal(status, 'done');
    await call('getExperiment', { at: id, query: '?wait=1', status: 200 });
  }
  assert.equal((await call('listExperiments', { query: '?limit=2&mine=true', status: 200 })).experiments.length, 2);
  await call('keepExperiment', { at: explored.id, body: { kept: true }, status: 204 });
  await call('deleteExperiment', { at: explored.id, query: '?only=live', status: 200 });
  await call('deleteExperiment', { at: explored.id, status: 204 });
});

test('more experiments than one may have are refused as it says; one that goes on is not kept', async () => {
  const { experiments_of_one: most } = await server.json('/limits');
  const stranger = { cookie: `interleave_session=${'s'.repeat(22)}` };
  const going = [];
  for (let i = 0; i < most; i++)
    going.push(await call('startExperiment', { body: { ...slow(), kind: 'repeat' }, status: 201, ...stranger }));
  await call('startExperiment', { body: { ...slow(), kind: 'repeat' }, status: 429, ...stranger });
  await call('getExperiment', { at: going.at(-1).id, status: 200 });
  await call('keepExperiment', { at: going[0].id, body: { kept: true }, status: 409 });
  await call('deleteExperiment', { at: going[0].id, status: 403 });
  for (const { id } of going) await call('deleteExperiment', { at: id, status: 200, ...stranger });
  await call('keepExperiment', { at: going[0].id, body: { kept: false }, status: 403 });
});

test('workshops and boards are as it says', async () => {
  const made = await makeWorkshop(), key = bearer(made.instructor_key), at = made.id;
  assert.match(made.instructor_key, /./);
  assert.equal((await call('getWorkshop', { at, status: 200 })).instructor_key, undefined);
  for (const name of ['Ann', 'Bob']) {
    const run = await call('startRun', { query: '?wait=20', body: { workshop: { id: at, step: 1, name } }, status: 201 });
    assert.equal(run.workshop.name, name);
    await call('keepRun', { at: run.id, body: { kept: false }, status: 409 });
  }
  await call('startRun', { body: { workshop: { id: at, step: 0, name: 'Ann' } }, status: 201 });
  await call('getBoard', { at, status: 200 });
  await call('getBoard', { at, query: '?format=csv', status: 200 });
  await call('changeWorkshop', { at, body: { title: 'y' }, status: 401 });
  await call('changeWorkshop', { at, body: { title: 'y' }, headers: bearer('x'), status: 403 });
  await call('changeWorkshop', { at, body: { steps: [race] }, headers: key, status: 409 });
  await call('changeWorkshop', { at, body: { closed: true }, headers: key, status: 200 });
  await call('startRun', { body: { workshop: { id: at, step: 0, name: 'Ann' } }, status: 409 });
  await call('deleteWorkshop', { at, status: 401 });
  await call('deleteWorkshop', { at, headers: bearer('x'), status: 403 });
  await call('deleteWorkshop', { at, headers: key, status: 204 });
});

test('the service is as it says', async () => {
  const limits = await call('getLimits', { status: 200 });
  assert.ok(Object.keys(limits).length > 25);
  for (const id of ['getHealth', 'getReadiness', 'getMetrics']) await call(id, { status: 200 });
});

test('pages and pictures are as it says', async () => {
  const run = await server.run(quick);
  const found = await call('startExperiment', { body: { ...race, kind: 'explore' }, query: '?wait=20', status: 201 });
  for (const [what, at] of Object.entries({ Run: run.id, Scenario: quick.scenario, Experiment: found.id })) {
    await call(`show${what}`, { at, status: 200 });
    await call(`show${what}`, { at: 'nothing', status: 200 });
    await call(`show${what}`, { at: 'nothing', status: 304, headers: { 'if-none-match': '*' } });
    await call(`draw${what}`, { at, query: '?lang=zh-CN', status: 200 });
    await call(`draw${what}`, { at, status: 304, headers: { 'if-none-match': '*' } });
    await call(`draw${what}`, { at, query: '?lang=fr', status: 422 });
  }
});

test('strangers are refused as it says', async () => {
  const run = await server.run(quick);
  await call('deleteRun', { at: run.id, status: 403, cookie: '' });
  await call('keepRun', { at: run.id, body: { kept: false }, status: 403, cookie: '' });
});

test('who asks too often is refused as it says, by every operation', async (t) => {
  const strict = await Server.start({
    args: ['--web', web, '--trusted-proxy', '127.0.0.1', '--client-limit', '1/1000', '--read-limit', '1/1000'] });
  t.after(() => strict.stop());
  for (const [i, { operationId, where, method, requestBody }] of operations.entries()) {
    const headers = { 'x-forwarded-for': `203.0.113.${i}` }, body = requestBody ? '{' : undefined;
    await strict.fetch(where.replace('{id}', 'x'), { method: method.toUpperCase(), headers, body, cookie: '' });
    await call(operationId, { on: strict, at: 'x', headers, body, cookie: '', status: 429 });
  }
});

test('pages of other origins are refused as it says, by all that changes something', async () => {
  for (const { operationId, method, requestBody } of operations)
    if (method !== 'get')
      await call(operationId, { at: 'x', headers: { origin: 'https://evil.example' }, status: 403, ...(requestBody ? { body: {} } : {}) });
});

test('wrong fields are refused as it says', async () => {
  const run = await server.run(quick), made = await makeWorkshop();
  const found = await call('startExperiment', { body: { ...race, kind: 'explore' }, query: '?wait=20', status: 201 });
  const wrong = {
    listRuns: { query: '?limit=0&ended=late&mine=1' }, getRun: { at: run.id, query: '?wait=31' },
    startRun: { body: { scenario: 'race-counter', params: { threads: 900, m: 1 }, schedule: { mode: 'often' } } },
    keepRun: { at: run.id, body: {} }, getRunOutput: { at: run.id, query: '?format=xml' },
    getRunTrace: { at: run.id, query: '?format=xml&follow=1&offset=x' },
    listExperiments: { query: '?limit=101' }, startExperiment: { body: { ...race, kind: 'repeat', count: 0 } },
    getExperiment: { at: found.id, query: '?wait=x' }, keepExperiment: { at: found.id, body: { kept: 1 } },
    deleteExperiment: { at: found.id, query: '?only=done' }, makeWorkshop: { body: {} },
    changeWorkshop: { at: made.id, body: { title: '' }, headers: bearer(made.instructor_key) },
    getBoard: { at: made.id, query: '?format=xml' },
  };
  for (const [id, options] of Object.entries(wrong)) {
    const { errors } = await call(id, { ...options, status: 422 });
    assert.ok(errors.length > 0, id);
  }
});

test('what has no id, no JSON or no form is refused as it says, by every operation', async () => {
  const problem = async (operation, bytes) => {
    const [head, body] = (await server.raw(bytes)).split('\r\n\r\n');
    const [line, ...lines] = head.split('\r\n');
    const headers = new Headers(lines.map((l) => [l.slice(0, l.indexOf(':')), l.slice(l.indexOf(':') + 1).trim()]));
    await check(operation, new Response(body, { status: Number(line.split(' ')[1]), headers }));
    return Number(line.split(' ')[1]);
  };
  const run = await server.run(quick), made = await makeWorkshop();
  const found = await call('startExperiment', { body: { ...race, kind: 'explore' }, query: '?wait=20', status: 201 });
  for (const operation of operations) {
    const { operationId, where, method, requestBody, responses } = operation;
    const there = { runs: run.id, experiments: found.id, workshops: made.id }[operation.tags[0]] ?? 'x';
    const line = (query = '') => `${method.toUpperCase()} ${where.replace('{id}', there)}${query} HTTP/1.1\r\nConnection: close\r\n`;
    assert.equal(await problem(operation, `${line()}Host: x\r\nHost: y\r\n\r\n`), 400);
    assert.equal(await problem(operation, `${line()}Host: x\r\nContent-Length: 70000\r\n\r\n`), 413);
    assert.equal(await problem(operation, `${line(`?${'a&'.repeat(40)}`)}Host: x\r\n\r\n`), 414);
    if (responses[404]) await call(operationId, { at: 'nothing', status: 404, ...(requestBody ? { body: {} } : {}) });
    if (requestBody) await call(operationId, { at: there, status: 415, body: '{}', headers: { 'content-type': 'text/plain', ...bearer(made.instructor_key) } });
    if (requestBody) await call(operationId, { at: there, status: 400, body: '{', headers: bearer(made.instructor_key) });
  }
});

test('its requests are taken, and its controlled runs are repeated', async () => {
  const made = await makeWorkshop();
  const fill = (body) => (body.workshop ? { workshop: { ...body.workshop, id: made.id } } : body);
  for (const { operationId, requestBody } of operations)
    if (operationId.startsWith('start') || operationId.startsWith('make'))
      for (const name of Object.keys(requestBody.content['application/json'].examples)) {
        const body = { ...fill(example(name)) };
        delete body.beside;
        await call(operationId, { body, query: operationId === 'makeWorkshop' ? '' : '?wait=20', status: 201 });
      }
  for (const [asked, answered] of [['AskRandom', 'RandomRun'], ['AskStopped', 'StoppedRun']]) {
    const run = await server.run(example(asked)), shown = example(answered);
    for (const member of ['ended', 'outcome', 'output', 'races', 'interruptions', 'schedule', 'enabled'])
      assert.deepEqual(run[member], shown[member], `${answered}: ${member}`);
  }
});

/* ---- bounds ---- */

const bound = (schema) => schema.maximum ?? schema.maxLength ?? schema.maxItems;

test('bounds are those of /limits', async () => {
  const limits = await server.json('/limits');
  const named = new Set();
  for (const [schema, at] of objects(document))
    if (schema['x-limit']) {
      named.add(schema['x-limit']);
      assert.equal(bound(schema), limits[schema['x-limit']], at);
    }
  assert.ok(named.size > 12);
  const { properties } = document.components.schemas.Limits;
  for (const name of named) assert.ok('const' in properties[name], `${name} is the same everywhere`);
});

test('the bounds and defaults of options are those of the program', async () => {
  const help = spawnSync(program, ['serve', '--help'], { encoding: 'utf8' }).stdout;
  const sizes = { K: 1024, M: 1024 ** 2, G: 1024 ** 3 };
  const size = (word) => Number.parseFloat(word) * (sizes[word.at(-1)] ?? 1);
  let checked = 0;
  for (const [name, schema] of Object.entries(document.components.schemas.Limits.properties)) {
    const option = schema['x-option'], scale = name.endsWith('_ns') ? 1e9 : 1;
    if (!option) continue;
    const { stderr } = spawnSync(program, ['serve', `--${option}`, 'x'], { encoding: 'utf8' });
    const bounds = [...stderr.matchAll(/([\d.e+]+) to ([\d.e+]+)/g)]; /* two of REQUESTS/SECONDS */
    const part = bounds.length === 2 && name.endsWith('_seconds') ? 1 : 0;
    const [, low, high] = bounds[part], none = /must be 0 or/.test(stderr) && part === 0;
    assert.equal(schema.maximum, Number(high) * scale, name);
    if (none) assert.equal(schema.minimum, 0, name);
    else if (Number(low) > 0 || 'default' in schema) assert.equal(schema.minimum, Number(low) * scale, name);
    const fallback = new RegExp(`--${option} [^-]*?\\(default ([^)]*)\\)`).exec(help)[1].split('/')[part];
    if ('default' in schema) assert.equal(schema.default, size(fallback) * scale, name);
    else assert.equal(fallback, '0', `${name} depends on the machine`);
    checked++;
  }
  assert.ok(checked > 12);
});

test('what is at a bound is taken, what is beyond is refused', async () => {
  const { schemas, parameters } = document.components;
  const made = await makeWorkshop();
  const title = 'x'.repeat(schemas.WorkshopAsked.properties.title.maxLength);
  const note = '注'.repeat(schemas.WorkshopStepAsked.properties.note.maxLength);
  const name = '名'.repeat(schemas.SeatAsked.properties.name.maxLength);
  const { seed, depth } = schemas.ScheduleAsked.properties;
  const key = 'k'.repeat(parameters.IdempotencyKey.schema.maxLength);
  const seat = (who) => ({ workshop: { id: made.id, step: 0, name: who } });
  const pct = (more) => ({ ...race, schedule: { mode: 'pct', ...more } });
  const pairs = [
    ['makeWorkshop', { body: { title, steps: [quick] } }, { body: { title: `${title}x`, steps: [quick] } }],
    ['makeWorkshop', { body: { title, steps: [{ ...quick, note }] } }, { body: { title, steps: [{ ...quick, note: `${note}x` }] } }],
    ['startRun', { body: seat(name) }, { body: seat(`${name}x`) }],
    ['startRun', { body: pct({ seed: seed.maximum }) }, { body: pct({ seed: seed.maximum + 1 }) }],
    ['startRun', { body: pct({ depth: depth.maximum }) }, { body: pct({ depth: depth.maximum + 1 }) }],
    ['startRun', { body: pct({ depth: depth.minimum }) }, { body: pct({ depth: depth.minimum - 1 }) }],
    ['startRun', { body: quick, headers: { 'idempotency-key': key } }, { body: quick, headers: { 'idempotency-key': `${key}k` } }],
  ];
  for (const [id, fits, beyond] of pairs) {
    mustFit(fits.body, pointer('paths', byId.get(id).where, 'post', 'requestBody', 'content', 'application/json', 'schema'), id);
    await call(id, { ...fits, status: 201 });
    await call(id, { ...beyond, status: 422 });
  }
});

test('answers when there is no room for more that is kept', async () => {
  const on = await Server.start({ args: ['--disk-limit', '8K'] });
  const run = await call('startRun', { on, query: '?wait=20', body: quick, status: 201 });
  const { id } = await call('startExperiment', { on, query: '?wait=20', body: { ...quick, kind: 'repeat', count: 2 }, status: 201 });
  const body = { title: 'x', steps: [quick] };
  const made = await call('makeWorkshop', { on, body, status: 201 });
  await call('makeWorkshop', { on, body: { title: 'x', steps: [{ ...quick, note: 'x'.repeat(2000) }] }, status: 507 });
  const large = { steps: [{ ...quick, note: 'x'.repeat(2000) }, { ...quick, note: 'x'.repeat(2000) }] };
  await call('changeWorkshop', { on, at: made.id, headers: bearer(made.instructor_key), body: large, status: 507 });
  for (let i = 0; i < 20 && (await on.api('/workshops', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })).ok; i++);
  await call('startRun', { on, body: { workshop: { id: made.id, step: 0, name: 'Ann' } }, status: 507 });
  await call('keepRun', { on, at: run.id, body: { kept: true }, headers: { cookie: on.cookie }, status: 507 });
  await call('keepExperiment', { on, at: id, body: { kept: true }, status: 507 });
  await on.stop();
});

test('every status it tells of was seen, but failures of the server', () => {
  const never = operations.flatMap(({ operationId, responses }) =>
    Object.keys(responses).filter((status) => status !== '500' && status !== '503')
      .map((status) => `${operationId} ${status}`).filter((about) => !told.has(about)));
  assert.deepEqual(never, []);
});
