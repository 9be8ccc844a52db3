// Writes src/trace/kinds.gen.ts, and the names of kinds into texts.gen.ts beside it, from the one list of
// kinds, sandbox/trace/kinds.def.
import { readFileSync, writeFileSync } from 'node:fs';

const source = new URL('../../sandbox/trace/kinds.def', import.meta.url);
const target = (name) => new URL(`../src/trace/${name}.gen.ts`, import.meta.url);

const lines = readFileSync(source, 'utf8').split('\n');
const entries = (macro) => lines
  .map((line) => line.match(new RegExp(`^${macro}\\((\\d+), ([A-Z_]+), "([^"]+)"(?:, [A-Z]+, ([A-Z]+))?`)))
  .filter((match) => match !== null)
  .map(([, number, name, text, then]) => ({ number, name, text, then }));

const found = (macro) => {
  const list = entries(macro);
  if (list.length === 0) throw new Error(`kinds.def has no ${macro} line`);
  return list;
};

const numbers = (macro) => `export const ${macro} = {\n${found(macro).map((e) => `  ${e.name}: ${e.number},`).join('\n')}\n} as const;\n`;

const texts = (macro) => `export const ${macro}_TEXT: Readonly<Record<number, string>> = {\n`
  + `${found(macro).map((e) => `  ${e.number}: '${e.text}',`).join('\n')}\n};\n`;

/** What a task does after each kind of event. */
const then = () => {
  const list = found('EVENT');
  const kinds = [...new Set(list.map((e) => e.then))].sort();
  return `export type Then = ${kinds.map((kind) => `'${kind}'`).join(' | ')};\n\n`
    + 'export const EVENT_THEN: Readonly<Record<number, Then>> = {\n'
    + `${list.map((e) => `  ${e.number}: '${e.then}',`).join('\n')}\n};\n`;
};

const MACROS = ['EVENT', 'OBJECT', 'TASK'];
const note = '// Generated from sandbox/trace/kinds.def by tools/kinds.mjs.';
writeFileSync(target('kinds'), [note, ...MACROS.map(numbers), then()].join('\n'));
writeFileSync(target('texts'), [note, ...MACROS.map(texts)].join('\n'));
