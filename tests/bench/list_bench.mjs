/*
 * What lists and single runs take with 1,000,000 stored runs, as multiples of the same with 10,000:
 * p50 and p99 of each address over one connection, both servers asked in turns. The runs are real
 * ones, stored as often as is wanted. Nothing fails on a time. Takes about 1.5 GB under TMPDIR.
 */
import { execFileSync } from 'node:child_process';
import net from 'node:net';
import path from 'node:path';
import { Server } from '../api/server.mjs';

const SIZES = [10000, Number(process.env.RUNS ?? 1000000)], ROUNDS = 20, ASKED = 25;

const setups = [
  ...[1, 2, 3].map((rounds) => ({ scenario: 'generator-send', params: { rounds } })),
  { scenario: 'race-counter', params: { n: 100 } },
  { scenario: 'deadlock-two-locks', schedule: { mode: 'random', seed: 42 } },
  { scenario: 'pool-map-order', params: { tasks: 4, service_us: 100 } },
];

/* Each stored run again, under another id and another session in nine of ten cases. */
const MULTIPLY = `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
wanted = int(sys.argv[2])
columns = [row[1] for row in db.execute("PRAGMA table_info(runs)") if row[1] not in ("id", "pub", "session")]
names = ", ".join(columns)
first = db.execute("SELECT count(*) FROM runs").fetchone()[0]
db.execute("PRAGMA synchronous = OFF")
db.execute(f"""
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
    INSERT INTO runs (pub, session, {names})
    SELECT substr(hex(randomblob(11)), 1, 22),
           CASE WHEN i % 10 THEN substr(hex(randomblob(11)), 1, 22) ELSE session END, {names}
    FROM n JOIN runs ON runs.id = (i * 7919) % ?2 + 1""", (wanted - first - 1, first))
db.execute("INSERT OR IGNORE INTO run_output SELECT r.id, o.text, o.segments FROM runs r, run_output o WHERE o.run_id = 1")
db.commit()
db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
`;

async function stored(count) {
  const first = await Server.start();
  const { directory } = first;
  for (const setup of setups) await first.run(setup);
  const { cookie } = first;
  await first.end();
  execFileSync('python3', ['-c', MULTIPLY, path.join(directory, 'test.db'), String(count)]);
  return Server.start({ directory, cookie, args: ['--client-limit', '0', '--disk-limit', '0'] });
}

/* One connection that is kept; `ask` resolves to the milliseconds of a GET. */
function connection(server) {
  const socket = net.connect(server.port, '127.0.0.1').setNoDelay();
  let text = '', start, heard, failed;
  socket.on('error', (error) => failed(error));
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
    const head = text.indexOf('\r\n\r\n');
    const size = /content-length: (\d+)/i.exec(text);
    if (head < 0 || !size || text.length < head + 4 + Number(size[1])) return;
    const took = performance.now() - start;
    const answer = text;
    text = '';
    if (answer.startsWith('HTTP/1.1 200')) heard(took);
    else failed(new Error(answer.slice(0, 300)));
  });
  const ask = (where) => new Promise((resolve, reject) => {
    [heard, failed, start] = [resolve, reject, performance.now()];
    socket.write(`GET ${where} HTTP/1.1\r\nHost: x\r\nCookie: ${server.cookie}\r\n\r\n`);
  });
  return { ask, end: () => socket.destroy() };
}

/* Addresses by name; the old pages are found through their cursor. */
async function addresses(server) {
  const list = '/api/v1/runs?limit=50';
  const { runs, next_cursor: next } = await server.json('/runs?limit=50');
  return {
    'the newest': list,
    'the page behind': `${list}&cursor=${next}`,
    'of one scenario': `${list}&scenario=race-counter`,
    'that ended in a deadlock': `${list}&ended=deadlock`,
    'of one scenario that ended so': `${list}&scenario=deadlock-two-locks&ended=deadlock`,
    'one’s own': `${list}&mine=true`,
    'all but stopped ones': `${list}&ended=!stopped`,
    'that nobody has': `${list}&scenario=race-counter&ended=deadlock`,
    'a run': `/api/v1/runs/${runs[7].id}`,
  };
}

const quantile = (list, q) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * q))];

const servers = [];
try {
  for (const size of SIZES) servers.push(await stored(size));
  const where = await Promise.all(servers.map(addresses));
  const connections = servers.map(connection);
  const times = Object.keys(where[0]).map((name) => ({ name, of: SIZES.map(() => []) }));
  for (let round = 0; round < ROUNDS; round++)
    for (const { name, of } of times)
      for (const [i, { ask }] of connections.entries())
        for (let n = 0; n < ASKED; n++) of[i].push(await ask(where[i][name]));
  console.log(`${SIZES[1].toLocaleString('en')} stored runs / ${SIZES[0].toLocaleString('en')} (aim 1.5)`);
  for (const { name, of: [few, many] } of times)
    console.log(`  ${name}: p50 ${(quantile(many, 0.5) / quantile(few, 0.5)).toFixed(2)}, p99 ${(quantile(many, 0.99) / quantile(few, 0.99)).toFixed(2)}` +
      `  [${quantile(many, 0.5).toFixed(2)} / ${quantile(few, 0.5).toFixed(2)} ms]`);
  for (const { end } of connections) end();
} finally {
  for (const server of servers) await server.stop();
}
