/*
 * A reporter of node's test runner: the files in which something failed, a line each; first a line "!"
 * when a sanitizer had a word to say in any of them.
 */
import { inspect } from 'node:util';

export default async function* failedFiles(events) {
  const files = new Set();
  let warned = false;
  for await (const { type, data } of events) {
    if (type === 'test:fail') files.add(data.file ?? data.name);
    if (type === 'test:fail' || /std(out|err)|diagnostic/.test(type))
      warned ||= /Sanitizer|runtime error/.test(inspect(data, { depth: 8, maxStringLength: null }));
  }
  if (warned) yield '!\n';
  for (const file of files) yield `${file}\n`;
}
