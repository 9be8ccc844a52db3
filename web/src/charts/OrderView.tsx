import type { JSX } from 'preact';
import { useApp, type App } from '../store/app';
import type { RunStore } from '../store/run';
import { useWidth } from '../ui/useWidth';
import { crossings, orderChart, type OrderChart, type Stage, type StageOrder } from './order';

const FIRST_WIDTH = 440;
const LEFT = 34;
const TOP = 34;
const LINE = 16;
/** Narrower than this there is no room for all heads beside each other. */
const HEADS_BESIDE = 330;
const LABELS_MOST = 30;

const rowHeight = (items: number): number => Math.max(2, Math.min(24, 520 / Math.max(1, items)));

interface Geometry {
  readonly x: (stage: number) => number;
  readonly y: (rank: number) => number;
  /** Of a stage's name: every other one is lower where there is little room. */
  readonly headY: (stage: number) => number;
  readonly height: number;
}

function geometryOf(chart: OrderChart, width: number): Geometry {
  const row = rowHeight(chart.items.length);
  const step = (width - 2 * LEFT) / Math.max(1, chart.stages.length - 1);
  const lower = width < HEADS_BESIDE ? LINE : 0;
  return {
    x: (stage) => LEFT + stage * step,
    y: (rank) => TOP + lower + (rank + 0.5) * row,
    headY: (stage) => 14 + (stage % 2) * lower,
    height: TOP + lower + chart.items.length * row + 8,
  };
}

/** An item's way through the stages it came to. */
function pathOf(item: number, stages: readonly StageOrder[], g: Geometry): string {
  let path = '';
  let last: readonly [number, number] | null = null;
  stages.forEach((stage, s) => {
    const rank = stage.items.indexOf(item);
    if (rank < 0) return;
    const [x, y] = [g.x(s), g.y(rank)];
    const bend = last === null ? 0 : (x - last[0]) / 2;
    path += last === null ? `M${x} ${y}` : `C${last[0] + bend} ${last[1]} ${x - bend} ${y} ${x} ${y}`;
    last = [x, y];
  });
  return path;
}

function Lines({ chart, g }: { readonly chart: OrderChart; readonly g: Geometry }): JSX.Element {
  const overtaken = (item: number): boolean => chart.stages.some((s) => s.items.indexOf(item) !== item);
  return (
    <>
      {chart.items.map((item) => {
        const state = chart.failed.has(item) ? 'failed' : overtaken(item) ? 'moved' : '';
        return <path key={item} class={`order-line ${state}`} d={pathOf(item, chart.stages, g)} />;
      })}
    </>
  );
}

function Dots({ chart, g }: { readonly chart: OrderChart; readonly g: Geometry }): JSX.Element {
  return (
    <>
      {chart.stages.map((stage, s) => stage.items.map((item, rank) => (
        <g key={`${stage.stage}${item}`} class={`order-dot ${chart.failed.has(item) ? 'failed' : ''}`}>
          <circle cx={g.x(s)} cy={g.y(rank)} r="10" />
          <text x={g.x(s)} y={g.y(rank)} dy="4">{item}</text>
        </g>
      )))}
    </>
  );
}

/** Between which stages items overtook each other. */
function Overtaken({ chart }: { readonly chart: OrderChart }): JSX.Element {
  const app = useApp();
  const steps = chart.stages.slice(1).map((stage, s) => ({
    from: chart.stages[s].stage, to: stage.stage, count: crossings(chart.stages[s].items, stage.items),
  })).filter((step) => step.count > 0);
  if (steps.length === 0) return <p class="small muted">{app.t('order.none')}</p>;
  return (
    <ul class="plain small muted">
      {steps.map(({ from, to, count }) => (
        <li key={to}>
          {app.t('order.inversions', { count, from: app.t(`order.${from}`), to: app.t(`order.${to}`) })}
        </li>
      ))}
    </ul>
  );
}

/** What of it came to pass: overtaking at the last stages, failures. */
function takeawayOf(app: App, chart: OrderChart): string {
  const inversionsOf = (name: Stage): number | undefined =>
    chart.stages.find((s) => s.stage === name)?.inversions;
  const [pairs, delivered] = [inversionsOf('finished'), inversionsOf('delivered')];
  return [
    app.t('order.takeaway', { items: chart.items.length, pairs: pairs ?? 0 }),
    ...(delivered === undefined ? [] : [app.t('order.takeawayDelivered', { delivered })]),
    ...(chart.failed.size === 0 ? [] : [app.t('order.takeawayFailed', { failed: chart.failed.size })]),
  ].join(app.space());
}

export function OrderView({ store }: { readonly store: RunStore }): JSX.Element {
  const app = useApp();
  void store.chartVersion.value;
  const chart = orderChart(store.model.log);
  const [ref, width] = useWidth<SVGSVGElement>(FIRST_WIDTH);
  if (chart.items.length === 0) return <p class="muted">{app.t('order.empty')}</p>;
  const g = geometryOf(chart, width.value);
  const takeaway = takeawayOf(app, chart);
  return (
    <>
      <p class="takeaway">{takeaway}</p>
      <svg ref={ref} class="chart" height={g.height} role="img" aria-label={takeaway}>
        {chart.stages.map((stage, s) => (
          <text key={stage.stage} class="chart-head" x={g.x(s)} y={g.headY(s)}
            text-anchor={s === 0 ? 'start' : s === chart.stages.length - 1 ? 'end' : 'middle'}
            dx={s === 0 ? -LEFT : s === chart.stages.length - 1 ? LEFT : 0}>
            {app.t(`order.${stage.stage}`)}
          </text>
        ))}
        <g class={chart.items.length > LABELS_MOST ? 'dense' : ''}><Lines chart={chart} g={g} /></g>
        {chart.items.length <= LABELS_MOST && <Dots chart={chart} g={g} />}
      </svg>
      <Overtaken chart={chart} />
      <p class="small muted">{app.t('order.description')}</p>
    </>
  );
}
