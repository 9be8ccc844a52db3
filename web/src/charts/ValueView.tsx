import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { formatNs } from '../messages/format';
import { useApp, type App } from '../store/app';
import type { RunStore } from '../store/run';
import { fitView } from '../timeline/scale';
import { objectName, taskName } from '../timeline/sentences';
import { OWNER_COLOURS } from '../trace/model';
import { useWidth } from '../ui/useWidth';
import { cellsWritten, tasksOf, thin, valueChart, writesRead, type LostUpdate, type ValueChart, type Write } from './value';

const FIRST_WIDTH = 440;
const HEIGHT = 220;
const MARGIN = 8;
const LETTER = 7.2;
const BOTTOM = 22;

interface Geometry {
  readonly x: (t: number) => number;
  readonly y: (value: number) => number;
  readonly low: number;
  readonly high: number;
  readonly from: number;
  readonly to: number;
  /** Where the values stand, left of all marks. */
  readonly left: number;
  readonly width: number;
}

function geometryOf(accesses: readonly Write[], width: number, format: Intl.NumberFormat): Geometry {
  let [low, high, from, to] = [0, 0, Infinity, 0];
  for (const { t, value } of accesses) {
    [low, high] = [Math.min(low, value), Math.max(high, value)];
    [from, to] = [Math.min(from, t), Math.max(to, t)];
  }
  const span = Math.max(1, high - low);
  const left = LETTER * Math.max(format.format(low).length, format.format(high).length);
  return {
    x: (t) => left + MARGIN + ((t - from) / Math.max(1, to - from)) * (width - left - 2 * MARGIN),
    y: (value) => 10 + ((high - value) / span) * (HEIGHT - BOTTOM - 20),
    low, high, from, to, left, width,
  };
}

function Axis({ g, format }: { readonly g: Geometry; readonly format: Intl.NumberFormat }): JSX.Element {
  const app = useApp();
  const language = app.language.value;
  return (
    <>
      <line class="chart-axis" x1={g.left} x2={g.width} y1={g.y(0)} y2={g.y(0)} />
      {[...new Set([g.high, g.low])].map((value) => (
        <text key={value} class="chart-note" x={g.left} y={g.y(value)} dy="4" text-anchor="end">
          {format.format(value)}
        </text>
      ))}
      <text class="chart-note" x={g.left} y={HEIGHT - 4}>{formatNs(g.from, language)}</text>
      <text class="chart-note" x={g.width} y={HEIGHT - 4} text-anchor="end">{formatNs(g.to, language)}</text>
    </>
  );
}

const SHAPES = 4;
/** More reads than that would hide the writes. */
const READS_MOST = 120;

/** A write's mark: one of four shapes around a place, so that tasks differ by more than colour. */
function Mark({ shape, task, x, y, read = false }: {
  readonly shape: number;
  readonly read?: boolean;
  readonly task: number;
  readonly x: number;
  readonly y: number;
}): JSX.Element {
  const look = `${read ? 'value-read' : 'lane-fill'} lane-${task % OWNER_COLOURS}`;
  const place = `translate(${x} ${y}) scale(${read ? 1.9 : 1})`;
  switch (shape % SHAPES) {
    case 1: return <path class={look} transform={place} d="M-2.5-2.5h5v5h-5z" />;
    case 2: return <path class={look} transform={place} d="M0-3.5l3.3 6h-6.6z" />;
    case 3: return <path class={look} transform={place} d="M0-3.7l3.2 3.7-3.2 3.7-3.2-3.7z" />;
    default: return <circle class={look} transform={place} r="2.7" />;
  }
}

const TASKS_MOST = 12;

/** Which mark is whose. */
function Key({ tasks, store }: {
  readonly tasks: readonly number[];
  readonly store: RunStore;
}): JSX.Element {
  const app = useApp();
  return (
    <ul class="plain curve-key" aria-label={app.t('value.tasks')}>
      {tasks.slice(0, TASKS_MOST).map((task, i) => (
        <li key={task}>
          <svg width="10" height="10" aria-hidden="true"><Mark shape={i} task={task} x={5} y={5} /></svg>
          {taskName(store.model, task)}
        </li>
      ))}
      {tasks.length > TASKS_MOST && <li>…</li>}
    </ul>
  );
}

const LOST_DRAWN = 200;

function Plot({ chart, reads, tasks, label }: {
  readonly chart: ValueChart;
  /** Those that are drawn. */
  readonly reads: readonly Write[];
  readonly tasks: readonly number[];
  readonly label: string;
}): JSX.Element {
  const [ref, width] = useWidth<SVGSVGElement>(FIRST_WIDTH);
  const format = new Intl.NumberFormat(useApp().language.value);
  const g = geometryOf([...chart.writes, ...reads], width.value, format);
  const byEvent = new Map(chart.writes.map((write) => [write.event, write]));
  return (
    <svg ref={ref} class="chart" height={HEIGHT} role="img" aria-label={label}>
      {thin(chart.writes, g.x, g.y).map(({ event, task, t, value }) => (
        <Mark key={event} shape={tasks.indexOf(task)} task={task} x={g.x(t)} y={g.y(value)} />
      ))}
      {reads.map(({ event, task, t, value }) => (
        <Mark key={event} shape={tasks.indexOf(task)} task={task} x={g.x(t)} y={g.y(value)} read />
      ))}
      {chart.lost.slice(0, LOST_DRAWN).map((lost) => {
        const write = byEvent.get(lost.write);
        if (write === undefined) return null;
        const [x, y] = [g.x(write.t), g.y(write.value)];
        return <path key={lost.write} class="lost" d={`M${x - 4} ${y - 4}l8 8m0-8l-8 8`} />;
      })}
      <Axis g={g} format={format} />
    </svg>
  );
}

function takeawayOf(app: App, store: RunStore, chart: ValueChart): string {
  const { writes, lost, gaps } = chart;
  const last = writes[writes.length - 1].value;
  if (lost.length > 0) return app.t('value.takeaway', { last, lost: lost.length });
  if (gaps) return app.t('value.noneSeen', { last });
  const [writer, ...others] = tasksOf(writes);
  if (others.length > 0 || chart.reads.length === 0) return app.t('value.none', { last });
  return app.t('value.oneWriter', {
    task: taskName(store.model, writer), writes: writes.length, last, read: writesRead(chart),
  });
}

export function ValueView({ store }: { readonly store: RunStore }): JSX.Element {
  const app = useApp();
  const chosen = useSignal(-1);
  void store.chartVersion.value;
  const { log } = store.model;
  const cells = cellsWritten(log);
  const cell = cells.includes(chosen.value) ? chosen.value : cells[0];
  if (cell === undefined) return <p class="muted">{app.t('value.empty')}</p>;
  const chart = valueChart(log, cell);
  const last = chart.writes[chart.writes.length - 1];
  if (last === undefined) return <p class="muted">{app.t('value.empty')}</p>;
  const reads = chart.reads.length <= READS_MOST ? chart.reads : [];
  const tasks = tasksOf([...chart.writes, ...reads]);
  const takeaway = takeawayOf(app, store, chart);
  const show = (lost: LostUpdate): void => {
    const [from, to] = [log.t[lost.read], log.t[lost.write]];
    const margin = Math.max(200, (to - from) / 2);
    store.following.value = false;
    store.view.value = fitView(from - margin, to + margin, store.view.value?.width ?? 1);
    store.selection.value = { task: log.task[lost.write], t: to, event: lost.write };
  };
  return (
    <>
      {cells.length > 1 && (
        <label class="pick">
          <span>{app.t('value.pick')}</span>
          <select value={cell} onChange={(event) => { chosen.value = Number(event.currentTarget.value); }}>
            {cells.map((id) => <option key={id} value={id}>{objectName(store.model, id)}</option>)}
          </select>
        </label>
      )}
      <p class="takeaway">{takeaway}</p>
      <Plot chart={chart} reads={reads} tasks={tasks} label={takeaway} />
      <Key tasks={tasks} store={store} />
      {chart.lost.length > 0 && (
        <button type="button" class="button" onClick={() => show(chart.lost[0])}>
          {app.t('value.show')}
        </button>
      )}
      {chart.gaps && <p class="small muted">{app.t('value.hidden')}</p>}
      <p class="small muted">
        {app.t('value.description')}
        {reads.length > 0 && `${app.space()}${app.t('value.reads')}`}
      </p>
    </>
  );
}
