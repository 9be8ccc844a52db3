// Finding events by what they are called: task, kind, object, value. All words must be there; =3 is the
// value alone.
import type { TraceLog } from '../trace/log';
import { timeOrder } from '../trace/sort';
import { EVENT_TEXT } from '../trace/texts.gen';

const wordsOf = (query: string): string[] => query.toLocaleLowerCase().split(/\s+/).filter((word) => word !== '');

/** For each of a table's names whether each word is in it. */
function hits(names: readonly string[], words: readonly string[]): boolean[][] {
  return names.map((name) => words.map((word) => name.toLocaleLowerCase().includes(word)));
}

/** Always the same, so that nobody takes it for something new. */
const NONE: readonly number[] = [];

/** The events that have every word of the query somewhere, by time; none for an empty one. */
export function search(log: TraceLog, query: string): readonly number[] {
  const words = wordsOf(query);
  if (words.length === 0) return NONE;
  const tasks = hits(log.tasks.map((task) => task.name), words);
  const objects = hits(log.objects.map((object) => object.name), words);
  const kinds = hits(Array.from({ length: 256 }, (_, kind) => EVENT_TEXT[kind] ?? ''), words);
  return Array.from(timeOrder(log)).filter((i) => words.every((word, k) =>
    tasks[log.task[i]]?.[k] === true || objects[log.object[i]]?.[k] === true || kinds[log.kind[i]][k]
    || String(log.value[i]) === word || `=${log.value[i]}` === word));
}
