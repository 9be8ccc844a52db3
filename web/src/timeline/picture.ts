// What is in sight as an SVG, for documents: the same columns, shapes and colours as on the canvas.
import { largest, type Steps } from '../trace/steps';
import type { Model } from '../trace/model';
import { STATE } from '../trace/states';
import { fillColumns } from './columns';
import { BAR, DEPTH, ITEM, type Layout, type Row } from './layout';
import { arrowsIn, itemsIn, labelsIn, levelsIn, taskRows } from './marks';
import { PERIOD, SUB_ROWS, type Palette, type Tile } from './palette';
import { ticks, toX, type View } from './scale';

export interface Picture {
  readonly title: string;
  readonly model: Model;
  readonly layout: Layout;
  /** In CSS pixels. */
  readonly view: View;
  readonly palette: Palette;
  readonly taskTile: Tile;
  readonly ownerTile: Tile;
  readonly arrows: boolean;
  /** Times the reader has marked. */
  readonly flags: readonly number[];
  readonly nameOf: (row: Row) => string;
  readonly groupOf: (group: string) => string;
  readonly formatTick: (time: number, step: number) => string;
}

export const NAMES_WIDTH = 150;
const RULER = 24;
const TITLE = 28;
const LABEL_LEAST = 44;
const TICK_APART = 96;
/** Of 12 px text, on average, and of a Chinese one; what does not fit is cut by its box. */
const LETTER = 6.6;
const WIDE_LETTER = 12;
const DEPTHS_LEAST = 3;

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

/** A name as XML may hold it; names come out of the sandbox. */
export const escaped = (text: string): string =>
  text.replace(FORBIDDEN, '\ufffd').replace(/[&<>"]/g, (sign) => ESCAPES[sign]);

const round = (x: number): string => String(Math.round(x * 100) / 100);

function box(x: number, y: number, width: number, height: number, fill: string, more = ''): string {
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" fill="${fill}"${more}/>`;
}

function words(x: number, y: number, text: string, fill: string, more = ''): string {
  return `<text x="${round(x)}" y="${round(y)}" fill="${fill}"${more}>${escaped(text)}</text>`;
}

const lengthOf = (text: string): number =>
  [...text].reduce((sum, letter) => sum + (letter >= '\u2e80' ? WIDE_LETTER : LETTER), 0);

const hex = (pixel: number): string => {
  const parts = [pixel & 0xff, (pixel >> 8) & 0xff, (pixel >> 16) & 0xff];
  return `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
};

/** A state's pattern: its tile, eight rows over the height of a bar. */
function pattern(id: string, tile: Tile, state: number): string {
  const rects: string[] = [];
  for (let c = 0; c < PERIOD; c++) {
    for (let r = 0; r < SUB_ROWS;) {
      const pixel = tile[(state * PERIOD + c) * SUB_ROWS + r];
      let end = r + 1;
      while (end < SUB_ROWS && tile[(state * PERIOD + c) * SUB_ROWS + end] === pixel) end++;
      if (pixel !== 0) rects.push(box(c, r * (BAR / SUB_ROWS), 1.02, (end - r) * (BAR / SUB_ROWS), hex(pixel)));
      r = end;
    }
  }
  return `<pattern id="${id}" patternUnits="userSpaceOnUse" width="${PERIOD}" height="${BAR}">${rects.join('')}</pattern>`;
}

/** The row's columns as few boxes, each filled with its state's pattern. */
function bars(p: Picture, row: Row, states: Uint8Array, defs: Map<string, string>): string {
  const tile = row.kind === 'task' ? p.taskTile : p.ownerTile;
  let out = '';
  for (let x = 0; x < states.length;) {
    let end = x + 1;
    while (end < states.length && states[end] === states[x]) end++;
    if (states[x] !== 0) {
      const id = `${row.kind[0]}${states[x]}`;
      if (!defs.has(id)) defs.set(id, pattern(id, tile, states[x]));
      out += box(x, 0, end - x, BAR, `url(#${id})`);
    }
    x = end;
  }
  return out === '' ? '' : `<g transform="translate(0 ${round(row.barY)})">${out}</g>`;
}

function level(p: Picture, steps: Steps, y: number, height: number, top: number, fill: string): string {
  return levelsIn(steps, p.view, p.model.until).map(({ x, width, value }) => {
    const filled = value > 0 ? Math.max(1.5, (Math.min(value, top) / top) * height) : 0;
    return filled > 0 ? box(x, y + height - filled, width, filled, fill) : '';
  }).join('');
}

function strip(p: Picture, row: Row): string {
  if (row.strip === null) return '';
  const { level: levels, waiting, capacity } = row.strip;
  const full = Math.max(1, capacity, largest(levels));
  return (levels.count > 0 ? level(p, levels, row.barY, BAR, full, p.palette.level) : '')
    + (row.depthY === null ? '' : level(p, waiting, row.depthY, DEPTH,
      Math.max(DEPTHS_LEAST, largest(waiting)), p.palette.states[STATE.WAITING]));
}

function items(p: Picture, row: Row): string {
  if (row.itemY === null) return '';
  const { itemY } = row;
  return itemsIn(p.model.items[row.id], p.view, p.model.until).map(({ bar, x, width }) => {
    const text = String(bar.index);
    const fits = width >= text.length * LETTER + 4;
    return box(x, itemY, Math.max(1, width - 1), ITEM, bar.failed ? p.palette.error : p.palette.item,
      ` stroke="${p.palette.control}"`)
      + (fits ? words(x + width / 2, itemY + ITEM - 4, text, bar.failed ? '#ffffff' : p.palette.text, ' text-anchor="middle"') : '');
  }).join('');
}

function labels(p: Picture, row: Row, states: Uint8Array): string {
  return labelsIn(p.model, row, p.view, states, LABEL_LEAST)
    .filter(({ text, width }) => lengthOf(text) + 12 <= width)
    .map(({ x, text }) => box(x + 4, row.barY + 1, lengthOf(text) + 6, BAR - 2, p.palette.surface)
      + words(x + 7, row.barY + BAR - 4, text, p.palette.text))
    .join('');
}

function arrows(p: Picture): string {
  const { list } = arrowsIn(p.model, p.layout, p.view);
  const lines = list.map(({ x1, y1, x2, y2 }) => {
    const down = y2 > y1 ? 1 : -1;
    const [from, to] = [y1 + down * (BAR / 2 - 2), y2 - down * (BAR / 2)];
    const bend = Math.min(24, Math.abs(to - from) / 2) * down;
    return `M${round(x1)} ${round(from)}C${round(x1)} ${round(from + bend)} ${round(x2)} ${round(to - bend)} ${round(x2)} ${round(to)}`
      + `M${round(x2 - 3.5)} ${round(to - down * 5)}L${round(x2)} ${round(to)}L${round(x2 + 3.5)} ${round(to - down * 5)}`;
  });
  return lines.length === 0 ? ''
    : `<path d="${lines.join('')}" fill="none" stroke="${p.palette.text}" opacity="${list.length > 60 ? 0.25 : 0.5}"/>`;
}

function marks(p: Picture): string {
  const rows = taskRows(p.layout);
  return p.model.marks.map((mark) => {
    const row = rows[mark.task];
    const at = toX(p.view, mark.t);
    const x = mark.kind === 'stuck' ? Math.min(at, p.view.width - 10) : at;
    if (row === undefined || x < 0 || x > p.view.width) return '';
    const y = row.barY + BAR / 2;
    return `<circle cx="${round(x)}" cy="${round(y)}" r="8" fill="${p.palette.error}" stroke="${p.palette.surface}"/>`
      + `<path d="M${round(x - 3)} ${round(y - 3)}l6 6m0-6l-6 6" stroke="#ffffff" stroke-width="2"/>`;
  }).join('');
}

function ruler(p: Picture, height: number): string {
  const { step, times } = ticks(p.view, TICK_APART);
  const lines = times.map((time) => {
    const x = toX(p.view, time);
    return box(x, 0, 1, RULER, p.palette.line) + words(x + 5, RULER - 8, p.formatTick(time, step), p.palette.muted);
  });
  const flags = p.flags.map((t, i) => {
    const x = toX(p.view, t);
    return x < 0 || x > p.view.width ? ''
      : box(x - 0.5, 3, 1, height - 3, p.palette.text) + box(x - 0.5, 3, 16, RULER - 9, p.palette.text)
        + words(x + 4, RULER - 9, String(i + 1), p.palette.surface);
  });
  return lines.join('') + flags.join('');
}

function names(p: Picture): string {
  const rows = p.layout.rows.map((row) => {
    const stripe = row.kind === 'task' ? box(0, row.y, 4, row.height, p.palette.tasks[row.id % p.palette.tasks.length]) : '';
    return stripe + words(12, row.y + row.height / 2 + 4, p.nameOf(row), p.palette.text, row.kind === 'task' ? ' font-weight="600"' : '');
  });
  const heads = p.layout.heads.map((head) => words(12, head.y + 14, p.groupOf(head.group), p.palette.muted));
  return rows.join('') + heads.join('');
}

export function svgOf(p: Picture): { readonly text: string; readonly width: number; readonly height: number } {
  const width = NAMES_WIDTH + p.view.width;
  const body = p.layout.height;
  const height = TITLE + RULER + body;
  const defs = new Map<string, string>();
  const lanes = p.layout.rows.map((row) => {
    const states = new Uint8Array(p.view.width);
    if (row.lane.count > 0) fillColumns(row.lane, p.view.scale, p.model.until, p.view.first, p.view.first + p.view.width, states, 0);
    return bars(p, row, states, defs) + box(0, row.y + row.height - 1, p.view.width, 1, p.palette.line)
      + strip(p, row) + items(p, row) + labels(p, row, states);
  });
  const heads = p.layout.heads.map((head) => box(0, head.y, width, head.height - 1, p.palette.sunken));
  const text = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" `
    + 'font-family="system-ui, &quot;Noto Sans SC&quot;, sans-serif" font-size="12">'
    + `<title>${escaped(p.title)}</title>`
    + `<defs><clipPath id="names"><rect width="${NAMES_WIDTH - 6}" height="${body}"/></clipPath>`
    + `<clipPath id="lanes"><rect width="${p.view.width}" height="${RULER + body}"/></clipPath>${[...defs.values()].join('')}</defs>`
    + box(0, 0, width, height, p.palette.surface)
    + words(12, TITLE - 9, p.title, p.palette.text, ' font-weight="600"')
    + `<g transform="translate(0 ${TITLE + RULER})">${heads.join('')}<g clip-path="url(#names)">${names(p)}</g></g>`
    + `<g transform="translate(${NAMES_WIDTH} ${TITLE})" clip-path="url(#lanes)">`
    + `<g transform="translate(0 ${RULER})">${lanes.join('')}${p.arrows ? arrows(p) : ''}${marks(p)}</g>`
    + `${ruler(p, RULER + body)}</g></svg>`;
  return { text, width, height };
}
