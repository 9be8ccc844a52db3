import type { JSX } from 'preact';
import type { Run, Scenario } from '../api/types';
import { useApp } from '../store/app';
import { useWidth } from '../ui/useWidth';
import { barsChart } from './bars';
import { axisFor, type Axis } from './scales';
import { figureText, referenceOf, shortName } from './table';

const FIRST_WIDTH = 440;
const BAR = 12;

/** A bar from the ruler's start; on a logarithmic ruler that is a power of ten, not 0. */
function Length({ value, axis, peer }: {
  readonly value: number;
  readonly axis: Axis;
  readonly peer: boolean;
}): JSX.Element {
  const [ref, width] = useWidth<SVGSVGElement>(FIRST_WIDTH);
  const from = axis.log ? 0 : axis.at(0);
  const to = axis.log && value <= 0 ? 0 : axis.at(value);
  const [left, right] = [Math.min(from, to), Math.max(from, to)];
  return (
    <svg ref={ref} class="chart" height={BAR} aria-hidden="true">
      <rect class="bar-ground" x="0" width={width.value} height={BAR} />
      <rect
        class={peer ? 'bar peer' : 'bar'}
        x={left * width.value}
        width={Math.max(1, (right - left) * width.value)}
        height={BAR}
      />
    </svg>
  );
}

export function BarsView({ run, scenario }: {
  readonly run: Run;
  readonly scenario: Scenario;
}): JSX.Element {
  const app = useApp();
  const language = app.language.value;
  const reference = referenceOf(scenario.reference, run.params);
  const chart = barsChart(scenario.columns, run.table, reference);
  if (chart === null) return <p class="muted">{app.t('chart.noTable')}</p>;
  const { unit, title } = chart.column;
  const text = (value: number): string => figureText(value, unit, language);
  const values = chart.bars.flatMap((bar) => [bar.value, bar.reference]).filter((v) => v !== null);
  const axis = axisFor(values, 4);
  const low = chart.bars.reduce((a, b) => (b.value < a.value ? b : a));
  const high = chart.bars.reduce((a, b) => (b.value > a.value ? b : a));
  const takeaway = low.value === high.value
    ? app.t('bars.equal', { column: app.say(title), value: text(low.value) })
    : app.t('bars.takeaway', {
      column: app.say(title), low: low.name, least: text(low.value), high: high.name, most: text(high.value),
    });
  return (
    <>
      <p class="takeaway">{takeaway}</p>
      <ul class="plain bars">
        {chart.bars.map((bar) => (
          <li key={bar.name}>
            <p><span>{bar.name}</span> <strong>{text(bar.value)}</strong></p>
            <Length value={bar.value} axis={axis} peer={false} />
            {bar.reference !== null && (
              <>
                <p class="small muted"><span>{reference !== null && shortName(reference)}</span> <span>{text(bar.reference)}</span></p>
                <Length value={bar.reference} axis={axis} peer />
              </>
            )}
          </li>
        ))}
      </ul>
      {axis.log && <p class="small muted">{app.t('bars.log')}</p>}
    </>
  );
}
