import type { JSX } from 'preact';
import type { OutcomeClass } from '../api/types';
import { useWidth } from '../ui/useWidth';
import { layOutBins, shortNames } from './histogram';
import { fitted } from './waitGraph';

export interface Bin {
  readonly name: string;
  /** Its text is an outcome's, not a word for how it ended. */
  readonly completed: boolean;
  readonly class: OutcomeClass | null;
  /** One share for each series. */
  readonly shares: readonly number[];
}

const FIRST_WIDTH = 600;
const HEIGHT = 120;
const TOP = 18;
const BOTTOM = 22;
const LETTER = 7.4;
/** Narrower than this there is no room for a name below each column. */
const NAMED = 34;
const SIGNS: Readonly<Record<OutcomeClass, string>> = { acceptable: '✓', interesting: '!', forbidden: '✕' };

export function HistogramView({ bins, label }: {
  readonly bins: readonly Bin[];
  readonly label: string;
}): JSX.Element {
  const [ref, width] = useWidth<SVGSVGElement>(FIRST_WIDTH);
  const { rooms, columns } = layOutBins(bins.map((bin) => bin.shares), width.value, HEIGHT);
  const short = shortNames(bins.filter((bin) => bin.completed).map((bin) => bin.name));
  const names = bins.map((bin) => (bin.completed ? short.shift() ?? bin.name : bin.name));
  const named = (rooms[0]?.width ?? 0) >= NAMED;
  const end = rooms.length === 0 ? 0 : rooms[rooms.length - 1].x + rooms[rooms.length - 1].width;
  return (
    <svg ref={ref} class="chart histogram" height={TOP + HEIGHT + BOTTOM} role="img" aria-label={label}>
      <line class="chart-axis" x1="0" x2={end} y1={TOP + HEIGHT} y2={TOP + HEIGHT} />
      {bins.map((bin, i) => (
        <g key={bin.name} class={`bin ${bin.class ?? ''}`}>
          <title>{bin.name}</title>
          {columns[i].map((column, series) => column !== null && (
            <rect
              key={series}
              class={series === 0 ? 'column' : 'column second'}
              x={column.x}
              y={TOP + column.y}
              width={column.width}
              height={column.height}
            />
          ))}
          {named && bin.class !== null && (
            <text class="bin-sign" x={rooms[i].x + rooms[i].width / 2} text-anchor="middle"
              y={TOP - 5 + Math.min(...columns[i].map((column) => column?.y ?? HEIGHT))}>
              {SIGNS[bin.class]}
            </text>
          )}
          {named && (
            <text class="chart-note" x={rooms[i].x + rooms[i].width / 2} y={TOP + HEIGHT + 16} text-anchor="middle">
              {fitted(names[i], Math.floor(rooms[i].width / LETTER))}
            </text>
          )}
        </g>
      ))}
      {!named && bins.length > 0 && (
        <>
          <text class="chart-note" x="0" y={TOP + HEIGHT + 16}>{bins[0].name}</text>
          <text class="chart-note" x={end} y={TOP + HEIGHT + 16} text-anchor="end">{bins[bins.length - 1].name}</text>
        </>
      )}
    </svg>
  );
}
