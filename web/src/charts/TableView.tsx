import type { JSX } from 'preact';
import type { Column, Reference, Run, Scenario } from '../api/types';
import { useApp } from '../store/app';
import { cellText, columnOf, figureText, referenceFor, referenceOf, type Row } from './table';

/** The figure of a peer for the same work, and how many times the run's it is. */
function Peer({ scenario, reference, row, column }: {
  readonly scenario: Scenario;
  readonly reference: Reference | null;
  readonly row: Row;
  readonly column: Column;
}): JSX.Element | null {
  const app = useApp();
  const language = app.language.value;
  const peer = referenceFor(reference, row, column);
  if (peer === null) return null;
  const own = row[scenario.columns.indexOf(column)];
  return (
    <span class="peer-figure">
      {figureText(peer, column.unit, language)}
      {typeof own === 'number' && own > 0 && ` (${figureText(peer / own, '×', language)})`}
    </span>
  );
}

/** The run's table, with a peer's figures below its own where there are some. */
export function TableView({ run, scenario }: {
  readonly run: Run;
  readonly scenario: Scenario;
}): JSX.Element {
  const app = useApp();
  const { columns } = scenario;
  const reference = referenceOf(scenario.reference, run.params);
  const width = run.table.reduce((most, row) => Math.max(most, row.length), 0);
  const cells = Array.from({ length: width }, (_, i) => i);
  return (
    <>
      <div class="scrolls" tabindex={0} role="region" aria-label={app.t('figures.title')}>
        <table class="figures">
          <thead>
            <tr>
              {cells.map((i) => {
                const column = columnOf(columns, i);
                return <th key={i} scope="col">{column === undefined ? '' : app.say(column.title)}</th>;
              })}
            </tr>
          </thead>
          <tbody>
            {run.table.map((row, r) => (
              <tr key={r}>
                {cells.map((i) => {
                  const column = columnOf(columns, i);
                  const text = cellText(row[i] ?? null, column?.unit ?? '', app.language.value);
                  const kind = typeof row[i] === 'number' ? 'number' : '';
                  if (i === 0) return <th key={i} scope="row">{text}</th>;
                  return (
                    <td key={i} class={kind}>
                      {text}
                      {column !== undefined
                        && <Peer scenario={scenario} reference={reference} row={row} column={column} />}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {reference !== null && (
        <p class="small muted">{app.t('figures.reference', { name: reference.name })}</p>
      )}
    </>
  );
}
