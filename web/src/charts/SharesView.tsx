import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { formatNs } from '../messages/format';
import { useApp } from '../store/app';
import type { RunStore } from '../store/run';
import { Swatch, stateName } from '../timeline/Legend';
import { taskName } from '../timeline/sentences';
import { paintStrip } from '../timeline/strip';
import { OWNER_COLOURS } from '../trace/model';
import type { State } from '../trace/states';
import { useWidth } from '../ui/useWidth';
import { shareColumns, sharesChart, type TaskShares } from './shares';

const FIRST_WIDTH = 440;
const FIRST_SHOWN = 16;
/** Less than this is neither seen in a bar nor worth a word. */
const TELLING = 0.005;

function ShareBar({ row, longest, label }: {
  readonly row: TaskShares;
  readonly longest: number;
  readonly label: string;
}): JSX.Element {
  const app = useApp();
  const [ref, width] = useWidth<HTMLCanvasElement>(FIRST_WIDTH);
  const dark = app.dark.value;
  useEffect(() => {
    if (ref.current !== null) paintStrip(ref.current, shareColumns(row, longest, width.value));
  }, [row, longest, width.value, dark]);
  return <canvas ref={ref} class="share-bar" role="img" aria-label={label} />;
}

/** The states that occur, in the order of the timeline's legend. */
const statesOf = (rows: readonly TaskShares[]): State[] =>
  [...new Set(rows.flatMap((row) => row.shares
    .filter(({ time }) => time >= TELLING * row.time).map(({ state }) => state)))].sort((a, b) => a - b);

export function SharesView({ store }: { readonly store: RunStore }): JSX.Element {
  const app = useApp();
  const all = useSignal(false);
  void store.chartVersion.value;
  const { model } = store;
  const rows = sharesChart(model);
  if (rows.length === 0) return <p class="muted">{app.t('timeline.empty')}</p>;
  const percent = new Intl.NumberFormat(app.language.value, { style: 'percent', maximumFractionDigits: 0 });
  const says = (row: TaskShares): string => [...row.shares]
    .filter(({ time }) => time >= TELLING * row.time)
    .sort((a, b) => b.time - a.time).slice(0, 3)
    .map(({ state, time }) => `${stateName(app, state)} ${percent.format(time / Math.max(1, row.time))}`)
    .join(app.language.value === 'zh-CN' ? '，' : ', ');
  const shown = all.value ? rows : rows.slice(0, FIRST_SHOWN);
  const longest = Math.max(...rows.map((row) => row.time));
  return (
    <>
      <ul class="plain shares">
        {shown.map((row) => (
          <li key={row.task} class={`stripe lane-${row.task % OWNER_COLOURS}`}>
            <p>
              <strong>{taskName(model, row.task)}</strong>{' '}
              <span class="small muted">{formatNs(row.time, app.language.value)} · {says(row)}</span>
            </p>
            <ShareBar row={row} longest={longest} label={`${taskName(model, row.task)}: ${says(row)}`} />
          </li>
        ))}
      </ul>
      {shown.length < rows.length && (
        <button type="button" class="button" onClick={() => { all.value = true; }}>
          {app.t('shares.more', { count: rows.length })}
        </button>
      )}
      <ul class="plain share-key">
        {statesOf(rows).map((state) => (
          <li key={state}><Swatch state={state} />{stateName(app, state)}</li>
        ))}
      </ul>
      <p class="small muted">{app.t('shares.description')}</p>
    </>
  );
}
