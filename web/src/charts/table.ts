// The table a run brought back: its cells as text, its numbers for the charts.
import type { Cell, Column, ParamValue, Reference } from '../api/types';
import { formatBytes, formatNs } from '../messages/format';

export type Row = readonly Cell[];

/** The column of a row's cell; the last one may stand for many. */
export function columnOf(columns: readonly Column[], cell: number): Column | undefined {
  const last = columns[columns.length - 1];
  return columns[cell] ?? (last?.repeats ? last : undefined);
}

export function figureText(value: number, unit: string, language: string): string {
  const number = (digits: number): string =>
    new Intl.NumberFormat(language, { maximumSignificantDigits: digits }).format(value);
  switch (unit) {
    case '': return new Intl.NumberFormat(language, { maximumFractionDigits: 3 }).format(value);
    case 'ns': return formatNs(value, language);
    case 'bytes': return formatBytes(value, language);
    case 'bytes/s': return `${formatBytes(value, language)}/s`;
    case '1/s': return `${number(4)}/s`;
    case '×': return `${number(3)} ×`;
    default: return `${number(4)} ${unit}`;
  }
}

export function cellText(cell: Cell, unit: string, language: string): string {
  if (cell === null) return '–';
  return typeof cell === 'string' ? cell : figureText(cell, unit, language);
}

/** The peer's figures if they are for runs such as this. */
export function referenceOf(
  reference: Reference | null,
  params: Readonly<Record<string, ParamValue>>,
): Reference | null {
  const fits = Object.entries(reference?.params ?? {}).every(([name, value]) => params[name] === value);
  return fits ? reference : null;
}

/** "CPython 3.11.7, this machine" where there is little room. */
export const shortName = (reference: Reference): string => reference.name.split(',')[0];

/** A peer's figure for a cell of the run, if there is one. */
export function referenceFor(reference: Reference | null, row: Row, column: Column): number | null {
  const figures = reference?.rows[String(row[0])];
  return figures?.[column.name] ?? null;
}

/** A column as it is shown: of the run's cells, or of a peer's figures for the cells before it. */
export interface Shown {
  readonly cell: number;
  readonly column: Column | undefined;
  readonly peer: boolean;
  /** Numbers stand below each other by their last digit. */
  readonly numeric: boolean;
}

/** The columns of a table, each followed by the peer's if it has a figure for one of the rows. */
export function shownColumns(
  columns: readonly Column[],
  table: readonly Row[],
  reference: Reference | null,
): Shown[] {
  const width = table.reduce((most, row) => Math.max(most, row.length), 0);
  return Array.from({ length: width }, (_, cell) => cell).flatMap((cell): Shown[] => {
    const column = columnOf(columns, cell);
    const numeric = cell > 0 && table.some((row) => typeof row[cell] === 'number')
      && table.every((row) => typeof row[cell] !== 'string');
    const own = { cell, column, peer: false, numeric };
    const known = column !== undefined && table.some((row) => referenceFor(reference, row, column) !== null);
    return known ? [own, { cell, column, peer: true, numeric: true }] : [own];
  });
}

/** The columns after the first that hold a number in some row. */
export function numberColumns(columns: readonly Column[], rows: readonly Row[]): number[] {
  return columns.map((_, c) => c)
    .filter((c) => c > 0 && rows.some((row) => typeof row[c] === 'number'));
}
