import type { JSX } from 'preact';
import type { MessageKey } from '../messages';
import { formatNs } from '../messages/format';
import { useApp, type App } from '../store/app';
import type { RunStore } from '../store/run';
import { objectName } from '../timeline/sentences';
import { OBJECT } from '../trace/kinds.gen';
import { useWidth } from '../ui/useWidth';
import { levelChart, stepPath, type LevelStrip } from './level';
import { roundStep } from './scales';

const FIRST_WIDTH = 440;
const HEIGHT = 96;
const TOP = 8;
const BOTTOM = 20;
const LEFT = 30;
const STRIPS_MOST = 12;

function Strip({ strip, until, label }: {
  readonly strip: LevelStrip;
  readonly until: number;
  readonly label: string;
}): JSX.Element {
  const { language } = useApp();
  const [ref, width] = useWidth<SVGSVGElement>(FIRST_WIDTH);
  const { capacity } = strip;
  const top = Math.max(1, strip.highest, capacity ?? 0);
  const x = (t: number): number => LEFT + (t / Math.max(1, until)) * (width.value - LEFT - 2);
  const y = (level: number): number => TOP + ((top - level) / top) * (HEIGHT - TOP - BOTTOM);
  const line = stepPath(strip.steps, x, y, until);
  const step = Math.max(1, roundStep(top, 3));
  const ticks = [...new Set([0, step, 2 * step, 3 * step, top])]
    .filter((tick) => tick === top || tick <= top - step / 2);
  return (
    <svg ref={ref} class="chart" height={HEIGHT} role="img" aria-label={label}>
      {ticks.map((tick) => (
        <g key={tick}>
          <line class="chart-axis" x1={LEFT} x2={width.value} y1={y(tick)} y2={y(tick)} />
          <text class="chart-note" x={LEFT - 6} y={y(tick)} dy="4" text-anchor="end">{tick}</text>
        </g>
      ))}
      <path class="level-area" d={`${line}V${y(0)}H${Math.round(x(strip.steps[0]?.t ?? 0))}Z`} />
      {capacity !== null && (
        <line class="level-capacity" x1={LEFT} x2={width.value} y1={y(capacity)} y2={y(capacity)} />
      )}
      <path class="level-line" d={line} />
      <text class="chart-note" x={LEFT} y={HEIGHT - 4}>0</text>
      <text class="chart-note" x={width.value} y={HEIGHT - 4} text-anchor="end">
        {formatNs(until, language.value)}
      </text>
    </svg>
  );
}

type Filled = 'queue' | 'semaphore' | 'barrier' | 'memory';

function filledOf(kind: number | undefined): Filled {
  switch (kind) {
    case OBJECT.SEMAPHORE: return 'semaphore';
    case OBJECT.BARRIER: return 'barrier';
    case OBJECT.MEMORY: return 'memory';
    default: return 'queue';
  }
}

function takeawayOf(app: App, filled: Filled, strip: LevelStrip): string {
  const { lowest, highest, capacity } = strip;
  // What is made empty or full has not changed yet.
  const changes = strip.steps.length - (filled === 'memory' ? 0 : 1);
  const range = app.t('level.takeaway', { lowest, highest, changes });
  if (capacity === null || filled === 'memory') return range;
  return `${range}${app.space()}${app.t(`level.capacity.${filled}`, { capacity })}`;
}

export function LevelView({ store }: { readonly store: RunStore }): JSX.Element {
  const app = useApp();
  void store.chartVersion.value;
  const { model } = store;
  const strips = levelChart(model.log);
  if (strips.length === 0) return <p class="muted">{app.t('level.empty')}</p>;
  const kindOf = (strip: LevelStrip): Filled => filledOf(model.log.objects[strip.object]?.kind);
  const describedBy = (strip: LevelStrip): MessageKey => {
    const filled = kindOf(strip);
    return filled === 'queue' && strip.capacity === null
      ? 'level.description.unlimited' : `level.description.${filled}`;
  };
  return (
    <>
      {strips.slice(0, STRIPS_MOST).map((strip) => {
        const object = objectName(model, strip.object);
        const filled = kindOf(strip);
        const title = app.t(`level.${filled}`, { object });
        const takeaway = takeawayOf(app, filled, strip);
        return (
          <figure key={strip.object} class="strip">
            <figcaption><strong>{title}</strong> <span class="small muted">{takeaway}</span></figcaption>
            <Strip strip={strip} until={model.until} label={`${title}: ${takeaway}`} />
          </figure>
        );
      })}
      {strips.length > STRIPS_MOST && (
        <p class="small muted">{app.t('level.more', { count: strips.length - STRIPS_MOST })}</p>
      )}
      {(model.log.skipped > 0 || model.log.dropped > 0) && <p class="small muted">{app.t('chart.gaps')}</p>}
      {[...new Set(strips.map(describedBy))].map((key) => <p key={key} class="small muted">{app.t(key)}</p>)}
    </>
  );
}
