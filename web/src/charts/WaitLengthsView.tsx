// How long the waits of two runs were: one run above the axis, the other below.
import { useComputed } from '@preact/signals';
import type { JSX } from 'preact';
import { formatNs } from '../messages/format';
import { useApp, type App } from '../store/app';
import type { RunStore } from '../store/run';
import { isControlled } from '../store/schedule';
import { useWidth } from '../ui/useWidth';
import { layOutPair, waitBins, waitFigures, waitLengths, type WaitBin, type WaitFigures } from './waitLengths';

const FIRST_WIDTH = 600;
const HEIGHT = 78;
/** For the number at a column's end, and for the lengths along the axis. */
const NUMBER = 16;
const AXIS = 22;
const LEFT = 20;
/** Narrower than this only every third length stands at the axis, and no numbers. */
const NUMBERED = 30;
const LABELLED = 58;

interface SidesProps {
  readonly bins: readonly WaitBin[];
  readonly sides: readonly [string, string];
}

function Columns({ bins, sides, label }: SidesProps & { readonly label: string }): JSX.Element {
  const app = useApp();
  const [ref, width] = useWidth<SVGSVGElement>(FIRST_WIDTH);
  const columns = layOutPair(bins, width.value - LEFT - LABELLED / 2, HEIGHT);
  const room = columns.length === 0 ? 0 : columns[0].width + 2 * columns[0].x;
  // A side is as high as its highest column, to the scale of both.
  const [above, below] = [0, 1].map((side) => NUMBER + Math.max(0, ...columns.map(({ heights }) => heights[side])));
  const grounds = [above, above + AXIS] as const;
  const end = LEFT + room * columns.length;
  const shown = (i: number): boolean => room >= LABELLED || String(edges[i])[0] === '1' || edges.length < 4;
  const edges = [...bins.map((bin) => bin.from), ...bins.slice(-1).map((bin) => bin.to)];
  return (
    <svg ref={ref} class="chart pair" height={above + AXIS + below} role="img" aria-label={label}>
      {grounds.map((y, side) => (
        <g key={side}>
          <line class="chart-axis" x1={LEFT} x2={end} y1={y} y2={y} />
          <text class="pair-side" x="0" y={side === 0 ? y - 4 : y + 13}>{sides[side]}</text>
        </g>
      ))}
      {columns.map(({ x, width: wide, heights }, i) => heights.map((height, side) => height > 0 && (
        <g key={`${i} ${side}`}>
          <rect class="column" x={LEFT + x} width={wide} y={side === 0 ? grounds[0] - height : grounds[1]} height={height} />
          {room >= NUMBERED && (
            <text class="chart-note" text-anchor="middle" x={LEFT + x + wide / 2}
              y={side === 0 ? grounds[0] - height - 4 : grounds[1] + height + 13}>
              {new Intl.NumberFormat(app.language.value).format(bins[i].counts[side])}
            </text>
          )}
        </g>
      )))}
      {edges.map((edge, i) => shown(i) && (
        <text key={edge} class="chart-note" text-anchor="middle" x={LEFT + i * room} y={grounds[0] + 15}>
          {formatNs(edge, app.language.value)}
        </text>
      ))}
    </svg>
  );
}

function sideText(app: App, side: string, figures: WaitFigures | null): string {
  if (figures === null) return app.t('compare.waits.none', { side });
  const { count, median, longest, total } = figures;
  const time = (t: number): string => formatNs(t, app.language.value);
  return app.t('compare.waits.side', { side, count, median: time(median), longest: time(longest), total: time(total) });
}

function Numbers({ bins, sides }: SidesProps): JSX.Element {
  const app = useApp();
  const time = (t: number): string => formatNs(t, app.language.value);
  return (
    <details class="pair-table">
      <summary>{app.t('compare.waits.table')}</summary>
      <table class="compare-table">
        <thead>
          <tr>{[app.t('compare.waits.length'), ...sides].map((head) => <th key={head} scope="col">{head}</th>)}</tr>
        </thead>
        <tbody>
          {bins.map(({ from, to, counts }) => (
            <tr key={from}>
              <th scope="row">{app.t('compare.waits.bin', { from: time(from), to: time(to) })}</th>
              {counts.map((count, side) => <td key={side}>{new Intl.NumberFormat(app.language.value).format(count)}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

export function WaitLengthsView({ stores, sides }: {
  readonly stores: readonly [RunStore, RunStore];
  readonly sides: readonly [string, string];
}): JSX.Element {
  const app = useApp();
  const lengths = useComputed(() => stores.map((store) => {
    void store.chartVersion.value;
    return waitLengths(store.model);
  }));
  const [a, b] = lengths.value;
  const bins = waitBins(a, b);
  const [first, second] = stores.map(({ run }) => run.value !== null && isControlled(run.value.schedule));
  const gaps = stores.some(({ model: { log } }) => log.dropped + log.skipped > 0);
  const [above, below] = sides.map((side) => app.t('compare.run', { side }));
  const texts = lengths.value.map((one, i) => sideText(app, [above, below][i], waitFigures(one)));
  return (
    <section class="panel pair-panel">
      <h2>{app.t('compare.waits')}</h2>
      {texts.map((text) => <p key={text}>{text}</p>)}
      {first !== second && <p class="muted small">{app.t('compare.waits.clocks')}</p>}
      {gaps && <p class="muted small">{app.t('compare.waits.gaps')}</p>}
      {bins.length > 0 && (
        <>
          <Columns bins={bins} sides={sides} label={[app.t('compare.waits'), ...texts].join(' ')} />
          <p class="muted small">{app.t('compare.waits.help', { above, below })}</p>
          <Numbers bins={bins} sides={sides} />
        </>
      )}
    </section>
  );
}
