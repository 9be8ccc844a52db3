// Lines over a first column of numbers: a speed-up over the workers, a rate over the threads.
import type { Column, Reference } from '../api/types';
import { numberColumns, referenceFor, type Row } from './table';

export interface Line {
  readonly column: Column;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface Curve {
  readonly x: Column;
  readonly xs: readonly number[];
  readonly lines: readonly Line[];
  /** What a peer measured for the first of the lines. */
  readonly peer: Line | null;
}

function peerLine(column: Column, rows: readonly Row[], reference: Reference | null): Line | null {
  const points = rows.flatMap((row) => {
    const y = referenceFor(reference, row, column);
    return y === null ? [] : [{ x: Number(row[0]), y }];
  });
  return points.length === 0 ? null : { column, points };
}

/** The line that is lowest where x is, of those that have a point there. */
export function lowestAt(curve: Curve, x: number): { readonly line: Line; readonly y: number } | null {
  const there = curve.lines.flatMap((line) => {
    const point = line.points.find((p) => p.x === x);
    return point === undefined ? [] : [{ line, y: point.y }];
  });
  return there.length === 0 ? null : there.reduce((a, b) => (b.y < a.y ? b : a));
}

/** The columns with the unit of the first one; others would need a ruler of their own. */
export function curveChart(
  columns: readonly Column[],
  table: readonly Row[],
  reference: Reference | null,
): Curve | null {
  const rows = table.filter((row) => typeof row[0] === 'number')
    .sort((a, b) => Number(a[0]) - Number(b[0]));
  const drawn = numberColumns(columns, rows);
  if (columns[0] === undefined || drawn.length === 0 || rows.length === 0) return null;
  const unit = columns[drawn[0]].unit;
  const lines = drawn.filter((c) => columns[c].unit === unit).map((c): Line => ({
    column: columns[c],
    points: rows.flatMap((row) => {
      const [x, y] = [row[0], row[c]];
      return typeof x === 'number' && typeof y === 'number' ? [{ x, y }] : [];
    }),
  }));
  const xs = [...new Set(rows.map((row) => Number(row[0])))];
  return { x: columns[0], xs, lines, peer: peerLine(columns[drawn[0]], rows, reference) };
}
