import type { JSX } from 'preact';
import type { Run, Scenario } from '../api/types';
import { useApp, type App } from '../store/app';
import { OWNER_COLOURS } from '../trace/model';
import { useWidth } from '../ui/useWidth';
import { curveChart, lowestAt, type Curve, type Line } from './curve';
import { axisFor, placesOf, type Axis } from './scales';
import { figureText, referenceOf, shortName } from './table';

const FIRST_WIDTH = 440;
const HEIGHT = 260;
/** About the width of a character of the ruler's text, and what keeps it off the lines. */
const CHARACTER = 6.8;
const GAP = 8;
const RIGHT = 12;
const TOP = 12;
const BOTTOM = 40;
const LABEL = 34;

interface Geometry {
  readonly left: number;
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  readonly axis: Axis;
}

function geometryOf(curve: Curve, width: number, language: string): Geometry {
  const { unit } = curve.lines[0].column;
  const place = placesOf(curve.xs);
  const drawn = curve.peer === null ? curve.lines : [...curve.lines, curve.peer];
  const axis = axisFor(drawn.flatMap((line) => line.points.map((point) => point.y)), 5);
  const longest = Math.max(...axis.ticks.map((tick) => figureText(tick, unit, language).length));
  const left = Math.max(30, longest * CHARACTER + GAP);
  return {
    left,
    axis,
    x: (value) => left + place(value) * (width - left - RIGHT),
    y: (value) => TOP + (1 - axis.at(value)) * (HEIGHT - TOP - BOTTOM),
  };
}

function Ruler({ curve, g, width, title }: {
  readonly curve: Curve;
  readonly g: Geometry;
  readonly width: number;
  readonly title: string;
}): JSX.Element {
  const { language } = useApp();
  const unit = curve.lines[0].column.unit;
  let free = -Infinity;
  return (
    <>
      {g.axis.ticks.map((tick) => (
        <g key={tick}>
          <line class="chart-axis" x1={g.left} x2={width - RIGHT} y1={g.y(tick)} y2={g.y(tick)} />
          <text class="chart-note" x={g.left - 6} y={g.y(tick)} dy="4" text-anchor="end">
            {figureText(tick, unit, language.value)}
          </text>
        </g>
      ))}
      {curve.xs.map((value) => {
        if (g.x(value) < free) return null;
        free = g.x(value) + LABEL;
        return (
          <text key={value} class="chart-note" x={g.x(value)} y={HEIGHT - BOTTOM + 16} text-anchor="middle">
            {figureText(value, curve.x.unit, language.value)}
          </text>
        );
      })}
      <text class="chart-note" x={(g.left + width - RIGHT) / 2} y={HEIGHT - 6} text-anchor="middle">{title}</text>
    </>
  );
}

const path = (line: Line, g: Geometry): string =>
  line.points.map(({ x, y }, i) => `${i === 0 ? 'M' : 'L'}${g.x(x)} ${g.y(y)}`).join('');

const square = (x: number, y: number): string => `M${x - 3} ${y - 3}h6v6h-6z`;

/** Of times: who needs least at both ends. Of anything else: where the first line is highest. */
function takeawayOf(app: App, curve: Curve): string {
  const [measured] = curve.lines;
  const { unit } = measured.column;
  const text = (value: number): string => figureText(value, unit, app.language.value);
  const at = (x: number): string => figureText(x, curve.x.unit, app.language.value);
  const x = app.say(curve.x.title);
  const [first, last] = [curve.xs[0], curve.xs[curve.xs.length - 1]];
  const [left, right] = [lowestAt(curve, first), lowestAt(curve, last)];
  if (unit === 'ns' && curve.lines.length > 1 && left !== null && right !== null) {
    return app.t('curve.least', {
      x, first: at(first), one: app.say(left.line.column.title), oneTime: text(left.y),
      last: at(last), other: app.say(right.line.column.title), otherTime: text(right.y),
    });
  }
  const best = measured.points.reduce((most, point) => (point.y > most.y ? point : most));
  return app.t('curve.takeaway', {
    line: app.say(measured.column.title), highest: text(best.y), x, at: at(best.x),
  });
}

export function CurveView({ run, scenario }: {
  readonly run: Run;
  readonly scenario: Scenario;
}): JSX.Element {
  const app = useApp();
  const [ref, width] = useWidth<SVGSVGElement>(FIRST_WIDTH);
  const reference = referenceOf(scenario.reference, run.params);
  const curve = curveChart(scenario.columns, run.table, reference);
  if (curve === null) return <p class="muted">{app.t('chart.noTable')}</p>;
  const g = geometryOf(curve, width.value, app.language.value);
  const takeaway = takeawayOf(app, curve);
  return (
    <>
      <p class="takeaway">{takeaway}</p>
      <svg ref={ref} class="chart" height={HEIGHT} role="img" aria-label={takeaway}>
        <Ruler curve={curve} g={g} width={width.value} title={app.say(curve.x.title)} />
        {curve.peer !== null && (
          <g class="curve peer">
            <path d={path(curve.peer, g)} />
            {curve.peer.points.map(({ x, y }) => <path key={x} d={square(g.x(x), g.y(y))} />)}
          </g>
        )}
        {[...curve.lines].reverse().map((line) => {
          const i = curve.lines.indexOf(line);
          return (
            <g key={line.column.name} class={`curve lane-${i % OWNER_COLOURS} dash-${i % 5}`}>
              <path d={path(line, g)} />
              {i === 0 && line.points.map(({ x, y }) => <circle key={x} cx={g.x(x)} cy={g.y(y)} r="3.5" />)}
            </g>
          );
        })}
      </svg>
      <ul class="plain curve-key">
        {curve.lines.map((line, i) => (
          <li key={line.column.name}>
            <svg class={`curve lane-${i % OWNER_COLOURS} dash-${i % 5}`} width="28" height="10" aria-hidden="true">
              <path d="M0 5H28" />
              {i === 0 && <circle cx="14" cy="5" r="3.5" />}
            </svg>
            {app.say(line.column.title)}
          </li>
        ))}
        {curve.peer !== null && reference !== null && (
          <li>
            <svg class="curve peer" width="28" height="10" aria-hidden="true">
              <path d="M0 5H28" />
              <path d={square(14, 5)} />
            </svg>
            {shortName(reference)}
          </li>
        )}
      </ul>
      {g.axis.log && <p class="small muted">{app.t('chart.log')}</p>}
    </>
  );
}
