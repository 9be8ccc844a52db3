// Drives the canvas of one timeline: one animation-frame loop, a dirty flag, the reader's moves.
import { effect, signal, type Signal } from '@preact/signals';
import type { RunStore } from '../store/run';
import { sliceAt, sliceEnd } from '../trace/lane';
import { recent } from '../trace/sort';
import { draw, drawRuler, type Brush } from './draw';
import { layOut, rowAt, type Layout, type Row } from './layout';
import { ownerTile, readPalette, taskTile } from './palette';
import { ColumnCache, Raster } from './raster';
import { clampView, fitView, panView, resizeView, toTime, zoomView, type View } from './scale';

export interface StageElements {
  readonly canvas: HTMLCanvasElement;
  readonly ruler: HTMLCanvasElement;
  readonly scroll: HTMLElement;
}

export interface StageOptions {
  readonly store: RunStore;
  readonly formatTick: (time: number, step: number) => string;
}

export const RULER_HEIGHT = 24;
/** The wait after the last event is shown up to this many times the time before it. */
const WAIT_SHOWN = 1.5;
const RECENT_EVENTS = 24;
const RECENT_SHARE = 20;

export class Stage {
  readonly layout: Signal<Layout>;
  readonly arrows = signal(true);
  readonly arrowsHidden = signal(0);
  /** Column under the pointer. */
  cursor: number | null = null;
  area: readonly [number, number] | null = null;
  private brush: Brush | null = null;
  private frame = 0;
  private readonly stops: (() => void)[] = [];

  constructor(private readonly elements: StageElements, private readonly options: StageOptions) {
    this.layout = signal(layOut(options.store.model));
    const { store } = options;
    const observer = new ResizeObserver(() => this.resize());
    observer.observe(elements.canvas);
    elements.scroll.addEventListener('scroll', this.touch);
    this.stops.push(
      () => observer.disconnect(),
      () => elements.scroll.removeEventListener('scroll', this.touch),
      effect(() => { void store.version.value; this.grow(); }),
      effect(() => { void [store.view.value, store.selection.value, this.arrows.value]; this.touch(); }),
    );
    this.resize();
  }

  close(): void {
    cancelAnimationFrame(this.frame);
    for (const stop of this.stops) stop();
  }

  /** The colours have changed. */
  repaint(): void {
    this.brush = null;
    this.touch();
  }

  /** Something to be drawn has changed. */
  readonly touch = (): void => {
    if (this.frame !== 0) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.paint();
    });
  };

  get view(): View {
    return this.options.store.view.peek() ?? fitView(0, 1, 1);
  }

  private get ratio(): number {
    return Math.max(1, devicePixelRatio);
  }

  private get until(): number {
    return Math.max(this.options.store.model.until, 1000);
  }

  /** Shows a view the reader asked for. */
  move(view: View): void {
    this.options.store.following.value = false;
    this.options.store.view.value = clampView(view, this.until);
  }

  pan(share: number): void {
    this.move(panView(this.view, this.view.width * share));
  }

  zoom(factor: number, x = this.view.width / 2): void {
    this.move(zoomView(this.view, factor, x, this.until));
  }

  showAll(): void {
    this.show(0, this.until);
    this.options.store.following.value = this.options.store.run.peek()?.status !== 'done';
  }

  /**
   * The view to begin with: all that happened, without a long wait for nothing at the end. Where a
   * replay stopped, the last operations, when a sleep makes all before them a line.
   */
  private home(width: number): View {
    const { model, run } = this.options.store;
    const { lastT } = model;
    if (run.peek()?.ended === 'stopped') {
      const from = recent(model.log, RECENT_EVENTS);
      if (lastT - from < lastT / RECENT_SHARE) return fitView(from, this.until, width);
    }
    return fitView(0, lastT > 0 && this.until > WAIT_SHOWN * lastT ? WAIT_SHOWN * lastT : this.until, width);
  }

  show(from: number, to: number): void {
    this.move(fitView(from, to, this.view.width));
  }

  /** The selected state fills the width; if it does already, everything is shown. */
  fit(): void {
    const { store } = this.options;
    const selection = store.selection.peek();
    const lane = selection === null ? undefined : store.model.lanes[selection.task];
    if (selection === null || lane === undefined) return this.showAll();
    const i = Math.max(0, sliceAt(lane, selection.t));
    const before = this.view;
    this.show(lane.start[i], sliceEnd(lane, i, store.model.until));
    if (this.view.first === before.first && this.view.scale === before.scale) this.showAll();
  }

  /** Brings a time into sight without changing the scale. */
  reveal(t: number): void {
    const { view } = this;
    const x = t / view.scale - view.first;
    if (x < 0 || x > view.width) this.move(panView(view, x - view.width / 2));
  }

  /** The row and time under a point of the canvas, in CSS pixels. */
  at(x: number, y: number): { row: Row | undefined; t: number; column: number } {
    const column = x * this.ratio;
    const row = rowAt(this.layout.peek(), y + this.elements.scroll.scrollTop);
    return { row, t: Math.max(0, toTime(this.view, column)), column };
  }

  columns(css: number): number {
    return css * this.ratio;
  }

  private grow(): void {
    const { store } = this.options;
    const layout = layOut(store.model);
    const old = this.layout.peek();
    if (layout.height !== old.height || layout.rows.length !== old.rows.length) this.layout.value = layout;
    if (store.following.peek() && this.view.width > 1) store.view.value = this.home(this.view.width);
    this.touch();
  }

  private resize(): void {
    const { canvas } = this.elements;
    const width = Math.max(1, Math.round(canvas.clientWidth * this.ratio));
    const { store } = this.options;
    const view = store.view.peek();
    store.view.value = view === null || store.following.peek()
      ? this.home(width)
      : resizeView(view, width);
    this.touch();
  }

  private paint(): void {
    const { store, formatTick } = this.options;
    const { canvas, ruler, scroll } = this.elements;
    const { ratio, view } = this;
    const seen = canvas.clientHeight;
    this.brush ??= newBrush();
    sizeCanvas(canvas, view.width, Math.round(seen * ratio));
    sizeCanvas(ruler, view.width, Math.round(RULER_HEIGHT * ratio));
    const [context, above] = [canvas.getContext('2d'), ruler.getContext('2d')];
    if (context === null || above === null) return;
    this.arrowsHidden.value = draw(context, this.brush, {
      model: store.model, layout: this.layout.peek(), view, version: store.version.peek(),
      selection: store.selection.peek(), cursor: this.cursor, area: this.area,
      arrows: this.arrows.peek(), top: scroll.scrollTop, seen, ratio,
    });
    drawRuler(above, this.brush.palette, view, ratio, RULER_HEIGHT, formatTick);
  }
}

function newBrush(): Brush {
  const palette = readPalette();
  return {
    palette,
    taskTile: taskTile(palette),
    ownerTile: ownerTile(palette),
    cache: new ColumnCache(),
    raster: new Raster(),
  };
}

function sizeCanvas(canvas: HTMLCanvasElement, width: number, height: number): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}

