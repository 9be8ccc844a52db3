// A long list of rows of one height, of which only those in sight are in the document.
import { useSignal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

export interface WindowedProps {
  readonly count: number;
  /** Height of a row. */
  readonly row: number;
  /** The most height to take. */
  readonly height: number;
  readonly role: 'log' | 'rowgroup';
  readonly label: string;
  /** Whether to stay at the end while the list grows. */
  readonly follow?: boolean;
  /** A row to bring into sight, or -1. */
  readonly reveal?: number;
  /** Up and down were pressed. */
  readonly onStep?: (by: 1 | -1) => void;
  readonly children: (index: number) => ComponentChildren;
}

const SPARE = 6;

export function Windowed(props: WindowedProps): JSX.Element {
  const { count, row, follow = false, reveal = -1 } = props;
  const ref = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const height = Math.min(props.height, Math.max(row, count * row));
  useEffect(() => {
    const list = ref.current;
    if (list !== null && follow) list.scrollTop = list.scrollHeight;
  }, [count, follow]);
  useEffect(() => {
    const list = ref.current;
    if (list === null || reveal < 0) return;
    const y = reveal * row;
    if (y < list.scrollTop || y + row > list.scrollTop + height) list.scrollTop = y - height / 2;
  }, [reveal]);
  const first = Math.max(0, Math.floor(top.value / row) - SPARE);
  const last = Math.min(count, Math.ceil((top.value + height) / row) + SPARE);
  const rows = Array.from({ length: Math.max(0, last - first) }, (_, i) => first + i);
  return (
    <div
      ref={ref}
      class="windowed"
      role={props.role}
      aria-label={props.label}
      tabIndex={0}
      style={{ height: `${height}px` }}
      onKeyDown={(event) => {
        if (props.onStep === undefined || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return;
        event.preventDefault();
        props.onStep(event.key === 'ArrowUp' ? -1 : 1);
      }}
      onScroll={(event) => { top.value = event.currentTarget.scrollTop; }}
    >
      <div role="presentation" style={{ height: `${count * row}px`, paddingTop: `${first * row}px` }}>
        {rows.map((i) => props.children(i))}
      </div>
    </div>
  );
}
