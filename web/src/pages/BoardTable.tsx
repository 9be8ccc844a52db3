// Who is where: a row for each participant, a tile for each step. One tab stop; the arrows move inside.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { Board, BoardCell, OutcomeRule, Participant, SeenOutcome } from '../api/types';
import { useApp, type App } from '../store/app';
import { cellOf, sorted, stepsDone, type SortBy } from '../store/board';
import { runPath } from '../store/route';
import { Link } from '../ui/controls';
import { seenName } from './StepSeen';

/** The class of an outcome as a sign, so that the colour is not alone. */
const SIGNS = { acceptable: '✓', interesting: '!', forbidden: '✕', none: '·' } as const;

interface TableProps {
  readonly board: Board;
  /** Titles of the steps. */
  readonly titles: readonly string[];
  /** By step. */
  readonly ruleOf: readonly ((seen: SeenOutcome) => OutcomeRule | null)[];
  /** Without names everybody has a number. */
  readonly named: boolean;
}

interface TileProps {
  readonly cell: BoardCell;
  readonly who: string;
  readonly rule: OutcomeRule | null;
  readonly tabIndex: number;
}

function tileLabel(app: App, { cell, who, rule }: Omit<TileProps, 'tabIndex'>): string {
  const { outcome } = cell;
  const of = outcome?.class ?? rule?.class ?? null;
  const said = [
    who, app.t('workshop.step', { step: cell.step + 1 }),
    cell.going ? app.t('board.going') : outcome === null ? '' : seenName(app, outcome),
    of === null ? '' : app.t(`class.${of}`),
    cell.runs > 1 ? app.t('board.runs', { count: cell.runs }) : '',
  ];
  return said.filter((part) => part !== '').join(app.t('app.of'));
}

function Tile({ cell, who, rule, tabIndex }: TileProps): JSX.Element {
  const app = useApp();
  const { outcome } = cell;
  const of = outcome?.class ?? rule?.class ?? 'none';
  const text = outcome === null ? '' : seenName(app, outcome);
  return (
    <Link to={runPath(cell.run)} class={`tile ${cell.going ? 'going' : of}`} tabIndex={tabIndex}>
      <span class="visually-hidden">{tileLabel(app, { cell, who, rule })}</span>
      <span class="tile-sign" aria-hidden="true">{cell.going ? '…' : SIGNS[of]}</span>
      <span class="tile-text" aria-hidden="true">{text}</span>
      {cell.runs > 1 && <span class="tile-runs" aria-hidden="true">×{cell.runs}</span>}
    </Link>
  );
}

const MOVES: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
};

/** Where a key leads in the grid, or null. */
function moved(key: string, row: number, column: number, rows: number, columns: number): readonly [number, number] | null {
  if (key === 'Home') return [row, 0];
  if (key === 'End') return [row, columns - 1];
  const by = MOVES[key];
  if (by === undefined) return null;
  const within = (at: number, count: number): number => Math.max(0, Math.min(count - 1, at));
  return [within(row + by[0], rows), within(column + by[1], columns)];
}

function Sort({ by, chosen, label }: {
  readonly by: SortBy;
  readonly chosen: { value: SortBy };
  readonly label: string;
}): JSX.Element {
  return (
    <th scope="col" role="columnheader" aria-sort={chosen.value === by ? (by === 'name' ? 'ascending' : 'descending') : 'none'}>
      <button type="button" class="sort" onClick={() => { chosen.value = by; }}>
        {label}<span aria-hidden="true">{chosen.value === by ? (by === 'name' ? ' ▲' : ' ▼') : ''}</span>
      </button>
    </th>
  );
}

export function BoardTable({ board, titles, ruleOf, named }: TableProps): JSX.Element {
  const app = useApp();
  const table = useRef<HTMLTableElement>(null);
  const by = useSignal<SortBy>('name');
  const at = useSignal<readonly [number, number]>([0, 0]);
  const rows = named || by.value === 'progress' ? sorted(board.participants, by.value, app.language.value) : board.participants;
  /** In the order in which they came: it stays theirs. */
  const numbers = new Map(board.participants.map((participant, i) => [participant, i + 1]));
  const stop = [Math.min(at.value[0], rows.length - 1), Math.min(at.value[1], titles.length - 1)];
  const whoOf = (participant: Participant): string =>
    (named ? participant.name : app.t('board.someone', { number: numbers.get(participant) ?? 0 }));
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!(event.target instanceof HTMLElement) || event.ctrlKey || event.metaKey || event.altKey) return;
    const cell = event.target.closest<HTMLElement>('[data-row]');
    if (cell === null) return;
    const to = moved(event.key, Number(cell.dataset.row), Number(cell.dataset.column), rows.length, titles.length);
    if (to === null) return;
    event.preventDefault();
    at.value = to;
    const next = table.current?.querySelector<HTMLElement>(`[data-row="${to[0]}"][data-column="${to[1]}"]`);
    (next?.querySelector<HTMLElement>('a') ?? next)?.focus();
  };
  return (
    <div class="scrolls">
      <table ref={table} class="board-table" role="grid" aria-label={app.t('board.grid')} onKeyDown={onKeyDown}>
        <thead>
          <tr role="row">
            <Sort by="name" chosen={by} label={app.t('board.name')} />
            <Sort by="progress" chosen={by} label={app.t('board.progress')} />
            {titles.map((title, i) => (
              <th key={i} scope="col" role="columnheader" title={title}>
                <span class="step-number">{i + 1}</span> <span class="column-title">{title}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((participant, row) => (
            <tr key={participant.name} role="row">
              <th scope="row" role="rowheader"><span class="who">{whoOf(participant)}</span></th>
              <td role="gridcell" class="where">
                {app.t('board.where', { done: stepsDone(participant), count: titles.length, step: participant.step + 1 })}
              </td>
              {titles.map((_, column) => {
                const cell = cellOf(participant, column);
                const tabIndex = row === stop[0] && column === stop[1] ? 0 : -1;
                return (
                  <td key={column} role="gridcell" data-row={row} data-column={column} tabIndex={cell === null ? tabIndex : undefined}>
                    {cell === null
                      ? <span class="tile empty"><span aria-hidden="true">–</span><span class="visually-hidden">{app.t('workshop.state.open')}</span></span>
                      : (
                        <Tile
                          cell={cell}
                          who={whoOf(participant)}
                          rule={cell.outcome === null ? null : ruleOf[column](cell.outcome)}
                          tabIndex={tabIndex}
                        />
                      )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
