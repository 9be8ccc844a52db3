// A grid of numbers in which equal ones look alike.
import type { Cell } from '../api/types';
import type { Row } from './table';

export interface MatrixRow {
  readonly name: string;
  readonly cells: readonly MatrixCell[];
}

export interface MatrixCell {
  readonly value: Cell;
  /** Which of the values that occur more than once it is, or -1 when it is the only one. */
  readonly group: number;
}

export interface Matrix {
  readonly rows: readonly MatrixRow[];
  readonly width: number;
  readonly cells: number;
  readonly different: number;
  /** Rows that differ in some cell, their names aside. */
  readonly differentRows: number;
}

/** The first cell of each row is its name. */
export function matrixChart(table: readonly Row[]): Matrix {
  const counts = new Map<Cell, number>();
  for (const row of table) for (const cell of row.slice(1)) counts.set(cell, (counts.get(cell) ?? 0) + 1);
  const groups = new Map([...counts].filter(([, count]) => count > 1).map(([value], i) => [value, i]));
  const rows = table.map(([name, ...cells]): MatrixRow => ({
    name: String(name ?? ''),
    cells: cells.map((value) => ({ value, group: groups.get(value) ?? -1 })),
  }));
  return {
    rows,
    width: rows.reduce((most, row) => Math.max(most, row.cells.length), 0),
    cells: rows.reduce((sum, row) => sum + row.cells.length, 0),
    different: counts.size,
    differentRows: new Set(table.map((row) => JSON.stringify(row.slice(1)))).size,
  };
}
