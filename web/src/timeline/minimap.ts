// The whole run in a few pixels a lane, with what is in sight framed.
import type { Brush } from './draw';
import type { Model } from '../trace/model';
import { SUB_ROWS, type Tile } from './palette';
import { ColumnCache, Raster } from './raster';
import { roomAfter, toX, viewEnd, viewStart, type View } from './scale';

export interface MapScene {
  readonly model: Model;
  /** What is in sight, in device pixels. */
  readonly view: View;
  /** Tells when the lanes are to be painted anew. */
  readonly version: string;
  /** There is more to come. */
  readonly growing: boolean;
  readonly ratio: number;
  /** In CSS pixels. */
  readonly height: number;
  /** The reader's marks and what was searched for, as times. */
  readonly flags: readonly number[];
  readonly found: readonly number[];
}

const LANES_MOST = 32;
const FOUND_MOST = 2000;

/** The view of the whole run over `width` columns. */
export function mapView(until: number, width: number): View {
  return { first: 0, scale: Math.max(until, 1) / Math.max(1, width), width };
}

/** Of many lanes, some evenly chosen. */
export function chosenLanes(count: number, most: number): number[] {
  const shown = Math.min(count, most);
  return Array.from({ length: shown }, (_, i) => Math.floor((i * count) / shown));
}

/** The painted lanes. They are kept while only the view moves, and for a moment while the run goes on. */
export class Overview {
  readonly raster = new Raster();
  private readonly cache = new ColumnCache();
  private painted = '';
  /** The columns that are painted. */
  private whole: View = mapView(1, 1);
  private count = 0;

  /** Paints them if there is something new; returns the view and the number of lanes that are painted. */
  paint(model: Model, whole: View, version: string, tile: Tile): { whole: View; count: number } {
    const rows = chosenLanes(model.lanes.length, LANES_MOST).map((id) => model.lanes[id]);
    const name = `${version} ${whole.width} ${rows.length}`;
    if (name !== this.painted) {
      const fresh = (this.count += 1);
      this.raster.paint(rows, whole, 1, (lane) => this.cache.columns(lane, whole, model.until, fresh), () => tile);
      this.painted = name;
      this.whole = whole;
    }
    return { whole: this.whole, count: rows.length };
  }
}

export function drawMinimap(context: CanvasRenderingContext2D, brush: Brush, scene: MapScene): void {
  const { model, view, ratio, height } = scene;
  const { palette } = brush;
  const whole = mapView(Math.max(model.until, 1000), view.width);
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, view.width, height * ratio);
  drawLanes(context, brush, scene, whole);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const tick = (t: number, colour: string, width: number): void => {
    context.fillStyle = colour;
    context.fillRect(toX(whole, t) / ratio - width / 2, 0, width, height);
  };
  for (const t of scene.found.slice(0, FOUND_MOST)) tick(t, palette.accent, 1);
  for (const mark of model.marks) tick(Math.min(mark.t, model.until), palette.error, 2);
  for (const t of scene.flags) tick(t, palette.text, 2);
  frame(context, palette.accent, palette.surface, whole, scene);
}

function drawLanes(
  context: CanvasRenderingContext2D,
  { overview, taskTile }: Brush,
  { model, version, growing, height, ratio }: MapScene,
  whole: View,
): void {
  const end = whole.scale * whole.width;
  const painted = overview.paint(model, growing ? mapView(roomAfter(end), whole.width) : whole, version, taskTile);
  if (painted.count === 0) return;
  // What is painted may end before the run does by now, or leave room for more.
  const width = whole.width * (painted.whole.scale / whole.scale);
  context.imageSmoothingEnabled = false;
  context.drawImage(overview.raster.canvas, 0, 0, whole.width, painted.count * SUB_ROWS, 0, 2, width, height * ratio - 4);
}

/** All that is out of sight is dimmed. */
function frame(
  context: CanvasRenderingContext2D,
  accent: string,
  surface: string,
  whole: View,
  { view, ratio, height }: MapScene,
): void {
  const width = whole.width / ratio;
  const left = Math.min(Math.max(toX(whole, viewStart(view)) / ratio, 0), width - 4);
  const right = Math.max(Math.min(toX(whole, viewEnd(view)) / ratio, width), left + 4);
  context.globalAlpha = 0.6;
  context.fillStyle = surface;
  context.fillRect(0, 0, left, height);
  context.fillRect(right, 0, width - right, height);
  context.globalAlpha = 1;
  context.strokeStyle = accent;
  context.lineWidth = 1.5;
  context.strokeRect(left + 0.75, 0.75, right - left - 1.5, height - 1.5);
}
