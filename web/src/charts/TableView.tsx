import type { JSX } from 'preact';
import type { Run, Scenario } from '../api/types';
import { useApp } from '../store/app';
import { cellText, figureText, referenceFor, referenceOf, shortName, shownColumns, type Row, type Shown } from './table';

/** A peer's figure, and how many times the run's it is. */
function peerText(figure: number | null, own: unknown, unit: string, language: string): string {
  if (figure === null) return '';
  const text = figureText(figure, unit, language);
  const times = typeof own === 'number' && own > 0 && unit !== '×';
  return times ? `${text} (${figureText(figure / own, '×', language)})` : text;
}

const classOf = ({ numeric, peer }: Shown): string =>
  `${numeric ? 'number' : ''} ${peer ? 'peer-figure' : ''}`;

function Head({ shown, peer }: { readonly shown: Shown; readonly peer: string }): JSX.Element {
  const app = useApp();
  const title = shown.column === undefined ? '' : app.say(shown.column.title);
  return (
    <th scope="col" class={classOf(shown)}>
      {shown.peer ? <>{peer}<span class="visually-hidden">{`, ${title}`}</span></> : title}
    </th>
  );
}

/** The run's table, a peer's figures beside its own where there are some. */
export function TableView({ run, scenario }: {
  readonly run: Run;
  readonly scenario: Scenario;
}): JSX.Element {
  const app = useApp();
  const language = app.language.value;
  const reference = referenceOf(scenario.reference, run.params);
  const columns = shownColumns(scenario.columns, run.table, reference);
  const textOf = (row: Row, { cell, column, peer }: Shown): string => {
    const unit = column?.unit ?? '';
    if (!peer || column === undefined) return cellText(row[cell] ?? null, unit, language);
    return peerText(referenceFor(reference, row, column), row[cell], unit, language);
  };
  return (
    <>
      <div class="scrolls" tabindex={0} role="region" aria-label={app.t('figures.title')}>
        <table class="figures">
          <thead>
            <tr>{columns.map((shown, i) => <Head key={i} shown={shown} peer={reference === null ? '' : shortName(reference)} />)}</tr>
          </thead>
          <tbody>
            {run.table.map((row, r) => (
              <tr key={r}>
                {columns.map((shown, i) => (i === 0
                  ? <th key={i} scope="row">{textOf(row, shown)}</th>
                  : (
                    <td key={i} class={classOf(shown)}>
                      {textOf(row, shown)}
                    </td>
                  )))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {reference !== null && columns.some(({ peer }) => peer) && (
        <p class="small muted">{app.t('figures.reference', { name: reference.name })}</p>
      )}
    </>
  );
}
