import type { JSX } from 'preact';
import type { Run, Scenario } from '../api/types';
import { useApp, type App } from '../store/app';
import { OWNER_COLOURS } from '../trace/model';
import { matrixChart, type Matrix } from './matrix';
import { cellText } from './table';

function takeawayOf(app: App, { rows, cells, different, differentRows }: Matrix): string {
  const all = app.t('matrix.takeaway', { cells, different });
  if (rows.length < 2) return all;
  const key = differentRows === 1 ? 'matrix.rowsSame'
    : differentRows === rows.length ? 'matrix.rowsDiffer' : 'matrix.rowsSome';
  return `${app.t(key, { rows: rows.length, kinds: differentRows })}${app.space()}${all}`;
}

export function MatrixView({ run, scenario }: {
  readonly run: Run;
  readonly scenario: Scenario;
}): JSX.Element {
  const app = useApp();
  const { columns } = scenario;
  const matrix = matrixChart(run.table);
  const unit = columns[columns.length - 1]?.unit ?? '';
  const number = new Intl.NumberFormat(app.language.value);
  const takeaway = takeawayOf(app, matrix);
  return (
    <>
      <p class="takeaway">{takeaway}</p>
      <div class="scrolls" tabindex={0} role="region" aria-label={app.t('matrix.title')}>
        <table class="matrix">
          <thead>
            <tr>
              <th scope="col">{columns[0] === undefined ? '' : app.say(columns[0].title)}</th>
              {Array.from({ length: matrix.width }, (_, i) => <th key={i} scope="col">{number.format(i + 1)}</th>)}
            </tr>
          </thead>
          <tbody>
            {matrix.rows.map((row) => (
              <tr key={row.name}>
                <th scope="row">{row.name}</th>
                {row.cells.map(({ value, group }, i) => (
                  <td key={i} class={group < 0 ? '' : `same lane-${group % OWNER_COLOURS}`}>
                    {cellText(value, unit, app.language.value)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="small muted">{app.t('matrix.description')}</p>
    </>
  );
}
