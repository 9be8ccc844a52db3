// Draws a scene. Nothing else touches the canvas.
import type { Model } from '../trace/model';
import type { Selection } from '../store/run';
import { STATE } from '../trace/states';
import { largest, type Steps } from '../trace/steps';
import { BAR, DEPTH, ITEM, isRowOf, rowsWithin, type Layout, type Row } from './layout';
import {
  arrowOf, arrowsIn, itemsIn, labelsIn, levelsIn, periodBox, pointsIn, taskRows, wayPoints, type Arrow,
} from './marks';
import type { Overview } from './minimap';
import { SUB_ROWS, type Palette, type Tile } from './palette';
import type { ColumnCache, Raster } from './raster';
import { ticks, toX, type View } from './scale';

export interface Scene {
  readonly model: Model;
  readonly layout: Layout;
  /** In device pixels. */
  readonly view: View;
  readonly version: number;
  readonly selection: Selection | null;
  /** Column under the pointer, or null. */
  readonly cursor: number | null;
  /** Where a replay is, as a time, or null. */
  readonly head: number | null;
  /** Columns of an area being dragged out, or null. */
  readonly area: readonly [number, number] | null;
  /** Times the reader has marked. */
  readonly flags: readonly number[];
  /** The item that is followed, or null. */
  readonly item: number | null;
  readonly arrows: boolean;
  /** CSS pixels scrolled away above, and seen. */
  readonly top: number;
  readonly seen: number;
  readonly ratio: number;
}

export interface Brush {
  readonly palette: Palette;
  readonly taskTile: Tile;
  readonly ownerTile: Tile;
  readonly cache: ColumnCache;
  readonly raster: Raster;
  readonly overview: Overview;
}

const FONT = '12px system-ui, "Noto Sans SC", "Noto Sans CJK SC", sans-serif';
const LABEL_LEAST = 44;
const LABELS_MOST = 400;
/** No digit is narrower: what cannot fit is not measured. */
const DIGIT_LEAST = 4;
/** So many waiting tasks fill the height, and more where there are more. */
const DEPTHS_LEAST = 3;
/** How much is seen of items while another one is followed. */
const UNFOLLOWED = 0.35;

/** Draws the scene; returns how many arrows were too many to draw. */
export function draw(context: CanvasRenderingContext2D, brush: Brush, scene: Scene): number {
  const { ratio, view, seen, top } = scene;
  const rows = rowsWithin(scene.layout, top, top + seen);
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, view.width, Math.ceil(seen * ratio));
  // From here on one unit is a CSS pixel across and down; columns are divided by the ratio.
  context.setTransform(ratio, 0, 0, ratio, 0, -top * ratio);
  drawHeads(context, brush, scene);
  drawRows(context, brush, scene, rows.filter((row) => !row.pinned));
  context.clearRect(0, top, view.width / ratio, scene.layout.pinned);
  drawRows(context, brush, scene, rows.filter((row) => row.pinned));
  const hidden = scene.arrows ? drawArrows(context, brush, scene) : 0;
  drawWay(context, brush, scene);
  drawPoints(context, brush, scene);
  drawMarks(context, brush, scene);
  drawSelection(context, brush, scene);
  return hidden;
}

function drawRows(
  context: CanvasRenderingContext2D,
  brush: Brush,
  scene: Scene,
  rows: readonly Row[],
): void {
  drawBars(context, brush, scene, rows);
  drawLines(context, brush, scene, rows);
  drawStrips(context, brush, scene, rows);
  drawItems(context, brush, scene, rows);
  drawLabels(context, brush, scene, rows);
}

function drawBars(
  context: CanvasRenderingContext2D,
  brush: Brush,
  scene: Scene,
  all: readonly Row[],
): void {
  const { view, model, version, ratio, top } = scene;
  const rows = all.filter((row) => row.lane.count > 0);
  const { cache, raster } = brush;
  raster.paint(rows, view, Math.max(1, Math.round(ratio)),
    (row) => cache.columns(row.lane, view, model.until, version),
    (row) => (row.kind === 'object' ? brush.ownerTile : brush.taskTile));
  // In device pixels, so that columns stay columns.
  context.save();
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.imageSmoothingEnabled = false;
  rows.forEach((row, i) => {
    context.drawImage(raster.canvas, 0, i * SUB_ROWS, view.width, SUB_ROWS,
      0, Math.round((row.barY - top) * ratio), view.width, Math.round(BAR * ratio));
  });
  context.restore();
}

function drawHeads(context: CanvasRenderingContext2D, { palette }: Brush, { layout, view, ratio }: Scene): void {
  context.fillStyle = palette.sunken;
  for (const head of layout.heads) context.fillRect(0, head.y, view.width / ratio, head.height - 1);
  context.fillStyle = palette.line;
  for (const head of layout.heads) context.fillRect(0, head.y + head.height - 1, view.width / ratio, 1);
}

/** What an object holds, and how many wait for it. */
function drawStrips(
  context: CanvasRenderingContext2D,
  { palette }: Brush,
  scene: Scene,
  rows: readonly Row[],
): void {
  for (const { strip, barY, depthY } of rows) {
    if (strip === null) continue;
    const top = Math.max(1, strip.capacity, largest(strip.level));
    context.fillStyle = palette.level;
    if (strip.level.count > 0) drawLevel(context, scene, strip.level, barY, BAR, top);
    context.fillStyle = palette.states[STATE.WAITING];
    if (depthY !== null) {
      drawLevel(context, scene, strip.waiting, depthY, DEPTH, Math.max(DEPTHS_LEAST, largest(strip.waiting)));
    }
  }
}

/** `top` is the value that fills the height. */
function drawLevel(
  context: CanvasRenderingContext2D,
  { view, model, ratio }: Scene,
  steps: Steps,
  y: number,
  height: number,
  top: number,
): void {
  for (const { x, width, value } of levelsIn(steps, view, model.until)) {
    const filled = value > 0 ? Math.max(1.5, (Math.min(value, top) / top) * height) : 0;
    if (filled > 0) context.fillRect(x / ratio, y + height - filled, width / ratio, filled);
  }
}

function drawLines(
  context: CanvasRenderingContext2D,
  { palette }: Brush,
  { view, ratio }: Scene,
  rows: readonly Row[],
): void {
  context.fillStyle = palette.line;
  for (const row of rows) context.fillRect(0, row.y + row.height - 1, view.width / ratio, 1);
}

function drawItems(
  context: CanvasRenderingContext2D,
  { palette }: Brush,
  { model, view, ratio, item }: Scene,
  rows: readonly Row[],
): void {
  context.font = FONT;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  for (const row of rows) {
    if (row.itemY === null) continue;
    for (const place of itemsIn(model.items[row.id], view, model.until)) {
      context.lineWidth = 1;
      const [x, width] = [place.x / ratio, Math.max(1, place.width / ratio - 1)];
      context.globalAlpha = item === null || place.bar.index === item ? 1 : UNFOLLOWED;
      context.fillStyle = place.bar.failed ? palette.error : palette.item;
      context.fillRect(x, row.itemY, width, ITEM);
      context.strokeStyle = palette.control;
      if (width > 4) context.strokeRect(x + 0.5, row.itemY + 0.5, width - 1, ITEM - 1);
      const text = String(place.bar.index);
      if (width < text.length * DIGIT_LEAST + 4 || width < context.measureText(text).width + 4) continue;
      context.fillStyle = place.bar.failed ? '#ffffff' : palette.text;
      context.fillText(text, x + width / 2, row.itemY + ITEM / 2 + 1);
    }
  }
  context.globalAlpha = 1;
}

/** The way of the item that is followed, from lane to lane. */
function drawWay(context: CanvasRenderingContext2D, { palette }: Brush, scene: Scene): void {
  const points = scene.item === null ? [] : wayPoints(scene.model, scene.layout, scene.view, scene.item);
  if (points.length === 0) return;
  context.beginPath();
  for (const { x, y } of points) context.lineTo(x / scene.ratio, y);
  context.strokeStyle = palette.accent;
  context.lineWidth = 2.5;
  context.stroke();
  context.fillStyle = palette.accent;
  for (const { x, y } of points) {
    context.beginPath();
    context.arc(x / scene.ratio, y, 4, 0, 2 * Math.PI);
    context.fill();
  }
}

function drawLabels(
  context: CanvasRenderingContext2D,
  { palette, cache }: Brush,
  scene: Scene,
  rows: readonly Row[],
): void {
  const { model, view, version, ratio } = scene;
  context.font = FONT;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  let left = LABELS_MOST;
  for (const row of rows) {
    const states = cache.columns(row.lane, view, model.until, version);
    for (const label of labelsIn(model, row, view, states, LABEL_LEAST * ratio)) {
      if (left-- === 0) return;
      const width = context.measureText(label.text).width;
      if (width + 12 > label.width / ratio) continue;
      const x = label.x / ratio + 4;
      context.fillStyle = palette.surface;
      context.fillRect(x, row.barY + 1, width + 6, BAR - 2);
      context.fillStyle = palette.text;
      context.fillText(label.text, x + 3, row.barY + BAR / 2 + 1);
    }
  }
}

/** A curve that leaves and arrives along the lanes' direction, with a small head. */
function trace(context: CanvasRenderingContext2D, arrow: Arrow, ratio: number): void {
  const [x1, x2] = [arrow.x1 / ratio, arrow.x2 / ratio];
  const { y1 } = arrow;
  const down = arrow.y2 > y1 ? 1 : -1;
  const [from, to] = [y1 + down * (BAR / 2 - 2), arrow.y2 - down * (BAR / 2)];
  const bend = Math.min(24, Math.abs(to - from) / 2);
  context.moveTo(x1, from);
  context.bezierCurveTo(x1, from + down * bend, x2, to - down * bend, x2, to);
  context.moveTo(x2 - 3.5, to - down * 5);
  context.lineTo(x2, to);
  context.lineTo(x2 + 3.5, to - down * 5);
}

function drawArrows(context: CanvasRenderingContext2D, { palette }: Brush, scene: Scene): number {
  const { list, hidden } = arrowsIn(scene.model, scene.layout, scene.view);
  context.beginPath();
  for (const arrow of list) trace(context, arrow, scene.ratio);
  context.strokeStyle = palette.text;
  context.globalAlpha = list.length > 60 ? 0.25 : 0.5;
  context.lineWidth = 1;
  context.stroke();
  context.globalAlpha = 1;
  return hidden;
}

/** Reads and writes, each with its value where there is room. */
function drawPoints(context: CanvasRenderingContext2D, { palette }: Brush, scene: Scene): void {
  context.font = FONT;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  for (const point of pointsIn(scene.model, scene.layout, scene.view)) {
    const x = point.x / scene.ratio;
    const middle = point.row.barY + BAR / 2;
    context.fillStyle = palette.text;
    context.fillRect(x, point.row.barY - 2, 1, BAR + 4);
    const width = context.measureText(point.text).width;
    if (width + 8 > point.room / scene.ratio) continue;
    context.fillStyle = palette.surface;
    context.fillRect(x + 1, point.row.barY + 1, width + 6, BAR - 2);
    context.fillStyle = palette.text;
    context.fillText(point.text, x + 4, middle + 1);
  }
}

/** Errors and tasks that wait for ever: a cross that is never hidden. */
function drawMarks(context: CanvasRenderingContext2D, { palette }: Brush, scene: Scene): void {
  const rows = taskRows(scene.layout);
  const right = scene.view.width / scene.ratio;
  for (const mark of scene.model.marks) {
    const row = rows[mark.task];
    const at = toX(scene.view, mark.t) / scene.ratio;
    // Who waits for ever is marked at the edge even when the end is far away.
    const x = mark.kind === 'stuck' ? Math.min(at, right - 10) : at;
    if (row === undefined || x < -8 || x > right + 8) continue;
    const y = row.barY + BAR / 2;
    context.beginPath();
    context.arc(x, y, 8, 0, 2 * Math.PI);
    context.fillStyle = palette.error;
    context.fill();
    context.strokeStyle = palette.surface;
    context.lineWidth = 1.5;
    context.stroke();
    drawCross(context, x, y);
  }
}

function drawCross(context: CanvasRenderingContext2D, x: number, y: number): void {
  context.beginPath();
  context.moveTo(x - 3, y - 3);
  context.lineTo(x + 3, y + 3);
  context.moveTo(x - 3, y + 3);
  context.lineTo(x + 3, y - 3);
  context.strokeStyle = '#ffffff';
  context.lineWidth = 2;
  context.stroke();
}

function drawSelection(context: CanvasRenderingContext2D, { palette }: Brush, scene: Scene): void {
  const { selection, ratio, layout } = scene;
  context.fillStyle = palette.text;
  for (const t of scene.flags) context.fillRect(toX(scene.view, t) / ratio - 0.5, 0, 1, layout.height);
  if (selection !== null) drawSelected(context, palette, scene, selection);
  context.fillStyle = palette.accent;
  if (scene.head !== null) context.fillRect(toX(scene.view, scene.head) / ratio - 1, 0, 2, layout.height);
  if (scene.cursor !== null) {
    context.globalAlpha = 0.5;
    context.fillRect(scene.cursor / ratio, 0, 1, layout.height);
  }
  if (scene.area !== null) {
    const [a, b] = scene.area;
    context.globalAlpha = 0.18;
    context.fillRect(Math.min(a, b) / ratio, 0, Math.abs(b - a) / ratio, layout.height);
  }
  context.globalAlpha = 1;
}

function drawSelected(
  context: CanvasRenderingContext2D,
  palette: Palette,
  { model, layout, view, ratio }: Scene,
  selection: Selection,
): void {
  const row = layout.rows.find((one) => isRowOf(one, selection));
  if (row === undefined) return;
  const box = periodBox(model, row, view, selection.t);
  context.strokeStyle = palette.accent;
  context.lineWidth = 2;
  if (box !== null) context.strokeRect(box.x / ratio - 1, box.y - 2, box.width / ratio + 2, BAR + 4);
  if (selection.event < 0) return;
  const x = toX(view, selection.t) / ratio;
  context.fillStyle = palette.accent;
  context.beginPath();
  context.arc(x, row.barY - 3, 4, 0, 2 * Math.PI);
  context.fill();
  const arrow = arrowOf(model, layout, view, selection.event);
  if (arrow === null) return;
  context.beginPath();
  trace(context, arrow, ratio);
  context.stroke();
}

const TICK_APART = 96;

export interface RulerScene {
  readonly view: View;
  readonly ratio: number;
  readonly height: number;
  readonly flags: readonly number[];
}

/** The ruler: round times, each with a short line, and the reader's marks with their numbers. */
export function drawRuler(
  context: CanvasRenderingContext2D,
  palette: Palette,
  { view, ratio, height, flags }: RulerScene,
  format: (time: number, step: number) => string,
): void {
  const { step, times } = ticks(view, TICK_APART * ratio);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, view.width / ratio, height);
  context.font = FONT;
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  for (const time of times) {
    const x = Math.round(toX(view, time) / ratio);
    context.fillStyle = palette.line;
    context.fillRect(x, 0, 1, height);
    context.fillStyle = palette.muted;
    const text = format(time, step);
    // Half a time would be another one.
    if (x + 5 + context.measureText(text).width <= view.width / ratio) context.fillText(text, x + 5, height / 2 + 1);
  }
  flags.forEach((t, i) => drawFlag(context, palette, toX(view, t) / ratio, height, String(i + 1)));
}

function drawFlag(
  context: CanvasRenderingContext2D,
  palette: Palette,
  x: number,
  height: number,
  text: string,
): void {
  const width = context.measureText(text).width + 8;
  context.fillStyle = palette.text;
  context.fillRect(x - 0.5, 3, width, height - 9);
  context.fillRect(x - 0.5, 3, 1, height - 3);
  context.fillStyle = palette.surface;
  context.fillText(text, x + 3.5, 3 + (height - 9) / 2 + 1);
}
