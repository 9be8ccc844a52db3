/*
 * How soon exploring meets what should not happen: for the small setups of every scenario, the
 * executions until the first one with each outcome that is not acceptable, and the time from the
 * run's begin to there. Beside it, in how many free runs this machine showed it first.
 */
import { execFile } from 'node:child_process';
import { TABLE } from '../scenarios/controlled.table.mjs';

const runner = `${process.env.INTERLEAVE_BUILD ?? 'build'}/interleave-runner`;
const FREE = 50, ENOUGH = 100_000;

function run(id, params, options) {
  const settings = Object.entries(params).map(([name, value]) => `${name}=${value}`);
  return new Promise((resolve, reject) => {
    execFile(runner, ['run', id, ...settings, '--json', ...options], { maxBuffer: 1 << 28 }, (_, stdout, stderr) => {
      const lines = stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
      if (lines.length > 0) resolve(lines);
      else reject(new Error(`${id} ${options.join(' ')}: ${stderr}`));
    });
  });
}

const explore = async (id, setup, most) =>
  (await run(id, setup.with, ['--schedule', 'explore', '--timing', setup.timing, '--max-executions', String(most)]))[0];

const scenarios = await new Promise((resolve, reject) => execFile(runner, ['list', '--json'], { maxBuffer: 1 << 28 },
  (error, stdout) => (error ? reject(error) : resolve(JSON.parse(stdout)))));

const quantile = (list, q) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * q))];
const times = [], counts = [];

/* Scenarios with texts that tell more than the rule have several outcomes by one name: the first of them. */
function firstOfEach(scenario, outcomes) {
  const firsts = new Map();
  for (const outcome of outcomes) {
    if (outcome.class === 'acceptable') continue;
    const name = scenario.outcomes[outcome.rule]?.name ?? outcome.ended;
    if (!firsts.has(name) || firsts.get(name).first > outcome.first) firsts.set(name, { ...outcome, name });
  }
  return [...firsts.values()];
}

for (const scenario of scenarios.filter(({ id }) => TABLE[id]))
  for (const setup of TABLE[scenario.id]) {
    const { explored } = await explore(scenario.id, setup, ENOUGH);
    const wanted = firstOfEach(scenario, explored.outcomes);
    if (wanted.length === 0) continue;
    const free = await run(scenario.id, setup.with, ['--repeat', String(FREE)]);
    for (const { name, rule, ended, class: kind, first } of wanted) {
      const ms = (await explore(scenario.id, setup, first)).metrics.wall_ns / 1e6;
      const seen = 1 + free.findIndex((one) => one.ended === ended && (one.outcome?.rule ?? -1) === rule);
      times.push(ms);
      counts.push(first);
      const text = `${scenario.id} ${JSON.stringify(setup.with)}`;
      console.log(`${kind.padEnd(11)} ${name.padEnd(20)} ${String(first).padStart(6)} executions ${ms.toFixed(2).padStart(8)} ms; `
        + `free: ${seen > 0 ? `run ${seen}` : `not in ${FREE}`}`.padEnd(20) + text.slice(0, 100));
    }
  }
const say = (list, digits) => `median ${quantile(list, 0.5).toFixed(digits)}, p95 ${quantile(list, 0.95).toFixed(digits)}, most ${Math.max(...list).toFixed(digits)}`;
console.log(`${times.length} outcomes; executions: ${say(counts, 0)}; ms: ${say(times, 2)}`);
