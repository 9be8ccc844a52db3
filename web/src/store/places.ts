// Where the tasks stand in the program: which lines to show around them, and the call on a line.
/** A task and the line it is at. */
export interface Place {
  readonly task: string;
  readonly taskId: number;
  /** Of the source, from 1; null when it is nowhere in it. */
  readonly line: number | null;
  /** What it is doing there, in a word. */
  readonly now: string;
  readonly waits: boolean;
}

/** Lines to show, from 1, both included. */
export interface Excerpt {
  readonly from: number;
  readonly to: number;
}

const AROUND = 4;

const begins = (line: string): boolean => /^[A-Za-z_]/.test(line);
const ends = (line: string): boolean => line.startsWith('}');

/** The lines of the function around a line, so that nothing of its neighbours is shown. */
function functionAround(lines: readonly string[], place: number): Excerpt {
  let [from, to] = [place, place];
  while (from > 1 && !begins(lines[from - 1]) && !ends(lines[from - 2])) from--;
  while (to < lines.length && !ends(lines[to - 1])) to++;
  return { from, to };
}

function neighbourhood(lines: readonly string[], place: number): Excerpt[] {
  const { from, to } = functionAround(lines, place);
  const near = { from: Math.max(from, place - AROUND), to: Math.min(to, place + AROUND) };
  // A few lines alone do not say in which function they are.
  return near.from > from ? [{ from, to: from }, near] : [near];
}

/** What to show of a source around these lines, in its order; what overlaps or nearly does is one. */
export function excerptsOf(lines: readonly string[], places: readonly number[]): Excerpt[] {
  const found = [...new Set(places)].filter((place) => place >= 1 && place <= lines.length)
    .flatMap((place) => neighbourhood(lines, place))
    .sort((a, b) => a.from - b.from);
  const merged: Excerpt[] = [];
  for (const next of found) {
    const last = merged[merged.length - 1];
    if (last === undefined || next.from > last.to + 2) merged.push(next);
    else merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, next.to) };
  }
  return merged;
}

/** Who stands on which line. */
export function byLine(places: readonly Place[]): Map<number, Place[]> {
  const lines = new Map<number, Place[]>();
  for (const place of places) {
    if (place.line === null) continue;
    lines.set(place.line, [...lines.get(place.line) ?? [], place]);
  }
  return lines;
}

/** What calls that do an operation have in their names. */
const NAMES: Readonly<Record<string, RegExp>> = {
  acquire: /acquire|_try|wait/,
  release: /release|wait|drop/,
  read: /read|get|value|length|size/,
  write: /write|set/,
  update: /add|compare|create|attach|close|unlink/,
  send: /send|put|append|apply|map|submit|close|shutdown/,
  receive: /recv|get|pop|next|map|apply|result|poll/,
  close: /close/,
  join: /join|shutdown|terminate/,
  signal: /set|clear|notify/,
  await: /wait|get|result|call|io|map|apply|managed|loop|poll|yield|join/,
  print: /print/,
  sleep: /sleep|work/,
};

const NO_CALLS = new Set(['if', 'for', 'while', 'switch', 'return', 'sizeof']);

/** The name of what is called on a line to do the operation; null when none of its calls would. */
export function callOn(line: string, operation: string): string | null {
  const code = line.replace(/"(?:\\.|[^"\\])*"/g, '""').replace(/\/\*.*?(\*\/|$)|\/\/.*/g, '');
  const calls = [...code.matchAll(/\b([A-Za-z_]\w*)\s*\(/g)].map((match) => match[1])
    .filter((name) => !NO_CALLS.has(name));
  const fitting = NAMES[operation];
  return calls.find((name) => fitting === undefined || fitting.test(name)) ?? null;
}
