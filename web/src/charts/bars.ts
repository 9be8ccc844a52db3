// One bar for each row: its first number, and a peer's figure for the same work.
import type { Column, Reference } from '../api/types';
import { numberColumns, referenceFor, type Row } from './table';

export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly reference: number | null;
}

export interface Bars {
  readonly column: Column;
  readonly bars: readonly Bar[];
}

export function barsChart(
  columns: readonly Column[],
  table: readonly Row[],
  reference: Reference | null,
): Bars | null {
  const [first] = numberColumns(columns, table);
  if (first === undefined) return null;
  const column = columns[first];
  const bars = table.flatMap((row): Bar[] => {
    const value = row[first];
    if (typeof value !== 'number') return [];
    return [{ name: String(row[0] ?? ''), value, reference: referenceFor(reference, row, column) }];
  });
  return { column, bars };
}
