// Writes src/trace/kinds.gen.ts from the one list of kinds, sandbox/trace/kinds.def.
import { readFileSync, writeFileSync } from 'node:fs';

const source = new URL('../../sandbox/trace/kinds.def', import.meta.url);
const target = new URL('../src/trace/kinds.gen.ts', import.meta.url);

const lines = readFileSync(source, 'utf8').split('\n');
const entries = (macro) => lines
  .map((line) => line.match(new RegExp(`^${macro}\\((\\d+), ([A-Z_]+), "([^"]+)"(?:, [A-Z]+, ([A-Z]+))?`)))
  .filter((match) => match !== null)
  .map(([, number, name, text, then]) => ({ number, name, text, then }));

const table = (macro, constant) => {
  const found = entries(macro);
  if (found.length === 0) throw new Error(`kinds.def has no ${macro} line`);
  const numbers = found.map((e) => `  ${e.name}: ${e.number},`).join('\n');
  const texts = found.map((e) => `  ${e.number}: '${e.text}',`).join('\n');
  return `export const ${constant} = {\n${numbers}\n} as const;\n\n`
    + `export const ${constant}_TEXT: Readonly<Record<number, string>> = {\n${texts}\n};\n`;
};

/** What a task does after each kind of event. */
const then = () => {
  const found = entries('EVENT');
  const kinds = [...new Set(found.map((e) => e.then))].sort();
  return `export type Then = ${kinds.map((kind) => `'${kind}'`).join(' | ')};\n\n`
    + 'export const EVENT_THEN: Readonly<Record<number, Then>> = {\n'
    + `${found.map((e) => `  ${e.number}: '${e.then}',`).join('\n')}\n};\n`;
};

writeFileSync(target, [
  '// Generated from sandbox/trace/kinds.def by tools/kinds.mjs.',
  table('EVENT', 'EVENT'), then(), table('OBJECT', 'OBJECT'), table('TASK', 'TASK'),
].join('\n'));
