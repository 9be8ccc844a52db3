/* Prints the lines covered of server and sandbox, folder by folder, and the largest functions that
 * were not. Usage: node make/coverage.mjs BUILD_FOLDER */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';

const build = process.argv[2];
const FUNCTIONS_SHOWN = 40;
const root = process.cwd();

const notes = ['server', 'sandbox'].flatMap((part) =>
  readdirSync(path.join(build, part), { recursive: true })
    .filter((name) => name.endsWith('.gcno'))
    .map((name) => path.join(build, part, name)));

/* file -> line -> {count, name}: of the function it is in; a file's header lines count as the file's. */
const files = new Map();
for (const note of notes) {
  /* Counts of an object that was made anew since are left out, and that is no success to gcov. */
  const { stdout: text, error } = spawnSync('gcov', ['--json-format', '--stdout', note], {
    encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (error) throw error;
  for (const unit of text.split('\n').filter(Boolean).map((line) => JSON.parse(line)))
    for (const { file, lines } of unit.files) {
      const name = path.relative(root, path.resolve(root, file));
      if (!/^(server|sandbox)\//.test(name)) continue;
      const known = files.get(name) ?? files.set(name, new Map()).get(name);
      for (const { line_number, count, function_name } of lines) {
        const before = known.get(line_number)?.count ?? 0;
        known.set(line_number, { count: before + count, name: function_name });
      }
    }
}

const sum = (matches) => {
  let all = 0, covered = 0;
  for (const [name, lines] of files)
    if (matches(name))
      for (const { count } of lines.values()) {
        all += 1;
        covered += count > 0 ? 1 : 0;
      }
  return { all, covered };
};
const show = (name, { all, covered }) =>
  console.log(`${name.padEnd(24)}${`${covered} of ${all}`.padStart(16)}${(100 * covered / all).toFixed(1).padStart(8)} %`);

const folders = [...new Set([...files.keys()].map((name) => path.dirname(name)))].sort();
for (const folder of folders) show(folder, sum((name) => path.dirname(name) === folder));
for (const part of ['server', 'sandbox']) show(`all of ${part}`, sum((name) => name.startsWith(`${part}/`)));
show('both', sum(() => true));

const functions = new Map();
for (const [file, lines] of files)
  for (const [line, { count, name }] of lines) {
    const key = `${file} ${name}`;
    const entry = functions.get(key) ?? functions.set(key, { all: 0, missed: [] }).get(key);
    entry.all += 1;
    if (count === 0) entry.missed.push(line);
  }
console.log('\nlines not covered, by function');
[...functions].sort((a, b) => b[1].missed.length - a[1].missed.length).slice(0, FUNCTIONS_SHOWN)
  .forEach(([key, { all, missed }]) =>
    console.log(`${String(missed.length).padStart(4)} of ${String(all).padEnd(4)} ${key}: ${missed.join(' ')}`));
