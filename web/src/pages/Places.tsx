// The program around the lines where the tasks stand, each with the names of those who stand there.
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { useApp } from '../store/app';
import { byLine, excerptsOf, type Place } from '../store/places';
import { OWNER_COLOURS } from '../trace/model';
import { Tokens } from '../ui/Code';
import { tokenLines, type Token } from '../ui/highlight';
import { useNarrow } from '../ui/useNarrow';

/** How much further in than its beginning a line goes on when it has to wrap. */
const HANGING = 4;
/** Where there is little room, lines that were laid out below each other's middle begin here. */
const NARROW_INDENT = 8;

function Marks({ here }: { readonly here: readonly Place[] }): JSX.Element {
  const app = useApp();
  return (
    <ul class="place-marks plain" lang={app.language.value}>
      {here.map(({ task, taskId, now, waits }) => (
        <li key={taskId} class={`place-mark lane-${taskId % OWNER_COLOURS} ${waits ? 'stands' : ''}`}>
          <strong translate={false}>{task}</strong> {now}
        </li>
      ))}
    </ul>
  );
}

interface RowProps {
  readonly number: number;
  readonly tokens: readonly Token[];
  readonly indent: number;
  readonly here: readonly Place[];
  readonly lit: boolean;
}

/** The tokens of a line without the blanks before it. */
const unindented = ([first, ...rest]: readonly Token[], indent: number): Token[] =>
  (first === undefined ? [] : [{ ...first, text: first.text.slice(indent) }, ...rest]);

function Row({ number, tokens, indent, here, lit }: RowProps): JSX.Element {
  const narrow = useNarrow();
  const shown = narrow.value ? Math.min(indent, NARROW_INDENT) : indent;
  return (
    <div class={`place-row ${here.length > 0 ? 'stood-on' : ''} ${lit ? 'lit' : ''}`} data-line={number}>
      <span class="place-number">{number}</span>
      <span class="place-text" style={{ paddingLeft: `${shown + HANGING}ch`, textIndent: `-${HANGING}ch` }}>
        <Tokens list={unindented(tokens, indent)} />
      </span>
      {here.length > 0 && <Marks here={here} />}
    </div>
  );
}

/** Scrolls `frame` alone, as little as needed to show a line with a line of those around it. */
function reveal(frame: HTMLElement | null, line: number | null): void {
  const row = frame?.querySelector<HTMLElement>(`[data-line="${line ?? ''}"]`) ?? null;
  if (frame === null || row === null) return;
  const top = row.offsetTop - 24;
  const bottom = row.offsetTop + row.offsetHeight + 24;
  if (top < frame.scrollTop) frame.scrollTop = top;
  else if (bottom > frame.scrollTop + frame.clientHeight) frame.scrollTop = bottom - frame.clientHeight;
}

interface PlacesProps {
  readonly places: readonly Place[];
  readonly source: string;
  /** Of which moment it is. */
  readonly label: string;
  /** The line to point out, or null. */
  readonly lit: number | null;
}

export function Places({ places, source, label, lit }: PlacesProps): JSX.Element | null {
  const frame = useRef<HTMLDivElement>(null);
  const lines = useMemo(() => source.trimEnd().split('\n'), [source]);
  const coloured = useMemo(() => tokenLines(source, 'c'), [source]);
  const standing = byLine(places);
  const where = [...standing.keys()].join();
  const shown = useMemo(() => excerptsOf(lines, [...standing.keys()]), [lines, where]);
  const first = places.find(({ line, waits }) => !waits && line !== null)?.line ?? null;
  useEffect(() => reveal(frame.current, lit ?? first), [shown]);
  // What is pointed out no more leaves the frame where it is.
  useEffect(() => reveal(frame.current, lit), [lit]);
  if (shown.length === 0) return null;
  return (
    <div
      ref={frame}
      class="places-code"
      tabIndex={0}
      role="region"
      aria-label={label}
      lang="en"
    >
      {shown.map(({ from, to }) => (
        <div key={from} class="excerpt" translate={false}>
          {lines.slice(from - 1, to).map((line, i) => (
            <Row
              key={from + i}
              number={from + i}
              tokens={coloured[from - 1 + i]}
              indent={line.search(/\S|$/)}
              here={standing.get(from + i) ?? []}
              lit={lit === from + i}
            />
          ))}
        </div>
      ))}
    </div>
  );
}
