// Drives the canvases of one timeline: one animation-frame loop, a dirty flag, the reader's moves.
import { effect, signal, type Signal } from '@preact/signals';
import type { RunStore, Selection } from '../store/run';
import { changesOf, type Changes } from '../trace/changes';
import { upperBound } from '../trace/log';
import type { Model } from '../trace/model';
import { STEP, inOrder, orderedTime, realTime, stateEvent, type Ordered } from '../trace/order';
import { recent } from '../trace/sort';
import { stripsOf, type Strip } from '../trace/strips';
import { draw, drawRuler, type Brush } from './draw';
import { isRowOf, layOut, rowAt, sameLayout, scrolled, type Layout, type Row } from './layout';
import { periodIn } from './marks';
import { Overview, drawMinimap } from './minimap';
import { momentAbout, selectEvent, stepAny, stepSlice } from './moves';
import { ownerTile, readPalette, taskTile } from './palette';
import type { Picture } from './picture';
import { ColumnCache, Raster } from './raster';
import { clampView, fitView, panView, resizeView, roomAfter, toTime, viewEnd, viewStart, zoomView, type View } from './scale';
import { Trail } from './trail';

export interface StageElements {
  readonly canvas: HTMLCanvasElement;
  readonly ruler: HTMLCanvasElement;
  readonly minimap: HTMLCanvasElement;
  readonly scroll: HTMLElement;
}

export interface StageOptions {
  readonly store: RunStore;
  readonly formatTick: (time: number, step: number) => string;
}

/** The texts of a picture. */
export type PictureWords = Pick<Picture, 'title' | 'nameOf' | 'groupOf'>;

export const RULER_HEIGHT = 24;
export const MINIMAP_HEIGHT = 36;
/** The wait after the last event is shown up to this many times the time before it. */
const WAIT_SHOWN = 1.5;
const RECENT_EVENTS = 24;
const RECENT_SHARE = 20;
/** What takes long to make anew rests so many times as long. */
const REST_TIMES = 20;
const MARKS_MOST = 20;
/** CSS pixels within which a mark is the same. */
const MARK_NEAR = 6;

/** Something made from the model when first asked for, again when there is more, but not all the time. */
class Made<T> {
  private value: T | null = null;
  private version = -1;
  private next = 0;

  constructor(private readonly make: () => T) {}

  get(version: number, whole: boolean): T {
    const now = performance.now();
    if (this.value !== null && (version === this.version || (now < this.next && !whole))) return this.value;
    this.value = this.make();
    this.version = version;
    this.next = now + (performance.now() - now) * REST_TIMES;
    return this.value;
  }
}

export class Stage {
  readonly layout: Signal<Layout>;
  readonly arrows = signal(true);
  readonly arrowsHidden = signal(0);
  /** Column under the pointer. */
  cursor: number | null = null;
  /** Where a replay is, as a time of the view. */
  head: number | null = null;
  area: readonly [number, number] | null = null;
  private brush: Brush | null = null;
  private frame = 0;
  private readonly trail = new Trail<View>();
  private readonly stripsByOrder: Made<ReadonlyMap<number, Strip>>;
  private readonly byOrder: Made<Ordered>;
  private readonly stops: (() => void)[] = [];

  constructor(private readonly elements: StageElements, private readonly options: StageOptions) {
    const { store } = options;
    this.stripsByOrder = new Made<ReadonlyMap<number, Strip>>(() => stripsOf(this.known.model));
    this.byOrder = new Made(() => inOrder(store.model));
    this.layout = signal(this.arranged());
    const observer = new ResizeObserver(() => this.resize());
    observer.observe(elements.canvas);
    elements.scroll.addEventListener('scroll', this.touch);
    this.stops.push(
      () => observer.disconnect(),
      () => elements.scroll.removeEventListener('scroll', this.touch),
      effect(() => {
        void [store.version.value, store.pins.value, store.folded.value, store.ordered.value];
        this.grow();
      }),
      effect(() => {
        void [store.view.value, store.selection.value, store.marks.value, store.found.value];
        void [store.item.value, this.arrows.value, store.chartVersion.value];
        this.touch();
      }),
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

  private get whole(): boolean {
    return isWhole(this.options.store);
  }

  /** Whether there is more to come of any run under the ruler. */
  private get growing(): boolean {
    const { store } = this.options;
    return ![store, ...store.peers].every(isWhole);
  }

  private get known(): Ordered {
    return this.byOrder.get(this.options.store.model.log.count, this.whole);
  }

  private get ordered(): Ordered | null {
    return this.options.store.ordered.peek() ? this.known : null;
  }

  /** What is drawn: in time, or in the order of events. */
  private get model(): Model {
    return this.ordered?.model ?? this.options.store.model;
  }

  /** The end of what is drawn, of all runs under the ruler, as a time of the view. */
  get until(): number {
    const { peers, ordered } = this.options.store;
    const theirs = peers.map(({ model }) => (ordered.peek() ? model.log.count * STEP : model.until));
    return Math.max(this.model.until, ...theirs, 1000);
  }

  /** The end without a long wait for nothing. */
  get end(): number {
    const { peers, ordered } = this.options.store;
    const lastT = Math.max(this.model.lastT, ...(ordered.peek() ? [] : peers.map(({ model }) => model.lastT)));
    return lastT > 0 && this.until > WAIT_SHOWN * lastT ? WAIT_SHOWN * lastT : this.until;
  }

  /** Where a time of the run is drawn, as a time of the view. */
  private shownTime(t: number): number {
    const { ordered } = this;
    return ordered === null ? t : orderedTime(ordered, t);
  }

  private shown(selection: Selection): Selection {
    const { ordered } = this;
    if (ordered === null) return selection;
    if (selection.event < 0 && selection.object !== undefined) return { ...selection, t: this.shownState(selection.t) };
    const event = selection.event >= 0 ? selection.event
      : stateEvent(this.options.store.model, selection.task, selection.t);
    return { ...selection, t: event < 0 ? 0 : ordered.model.log.t[event] };
  }

  /** Where the last event at or before a time of the run is drawn: what it led to holds at that time. */
  private shownState(t: number): number {
    const { times } = this.known;
    return Math.max(0, upperBound(times, times.length, t) - 1) * STEP;
  }

  /** A moment of a row, at a time of the view, in the run's own time. */
  selectionIn(row: Row, t: number): Selection {
    const { ordered } = this;
    const { model } = this.options.store;
    if (row.kind === 'object') return momentAbout(model, row.id, ordered === null ? t : realTime(ordered, t));
    if (ordered === null) return { task: row.id, t, event: -1 };
    const event = stateEvent(ordered.model, row.id, t);
    return { task: row.id, t: event < 0 ? 0 : model.log.t[event], event: -1 };
  }

  /** What changes of an object, in the run's own time. */
  changesOf(object: number): Changes {
    const { store } = this.options;
    return changesOf(store.model.owners.get(object), store.strips().get(object));
  }

  /** Shows a view the reader asked for. */
  move(view: View): void {
    this.trail.leave(this.view, performance.now());
    this.set(view);
  }

  private set(view: View): void {
    this.options.store.following.value = false;
    this.options.store.view.value = clampView(view, this.until);
  }

  /** The view before the last move, or after the last one that was taken back. */
  back(): void {
    const view = this.trail.back(this.view);
    if (view !== null) this.set(resizeView(view, this.view.width));
  }

  forth(): void {
    const view = this.trail.forth(this.view);
    if (view !== null) this.set(resizeView(view, this.view.width));
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

  /** Draws by time or by the order of events; what was in sight stays so. */
  setOrdered(ordered: boolean): void {
    const { store } = this.options;
    if (store.ordered.peek() === ordered) return;
    const { view } = this;
    const { known } = this;
    const convert = (t: number): number => (ordered ? orderedTime(known, t) : realTime(known, t));
    const [from, to] = [convert(viewStart(view)), convert(viewEnd(view))];
    store.ordered.value = ordered;
    this.trail.forget();
    if (store.following.peek()) store.view.value = this.home(view.width);
    else this.set(fitView(from, Math.max(to, from + 1), view.width));
    this.touch();
  }

  /**
   * The view to begin with: all that happened, without a long wait for nothing at the end. Where a
   * replay stopped, the last operations, when a sleep makes all before them a line.
   */
  private home(width: number): View {
    const { run } = this.options.store;
    const { model } = this;
    const { lastT } = model;
    if (run.peek()?.ended === 'stopped') {
      const from = recent(model.log, RECENT_EVENTS);
      if (lastT - from < lastT / RECENT_SHARE) return fitView(from, this.until, width);
    }
    return fitView(0, this.growing ? roomAfter(this.end) : this.end, width);
  }

  show(from: number, to: number): void {
    this.move(fitView(from, to, this.view.width));
  }

  /** The selected state fills the width; if it does already, everything is shown. */
  fit(): void {
    const chosen = this.options.store.selection.peek();
    const period = chosen === null ? null : this.periodOf(this.shown(chosen));
    if (period === null) return this.showAll();
    const before = this.view;
    this.show(...period);
    if (this.view.first === before.first && this.view.scale === before.scale) this.showAll();
  }

  /** From when to when it is as it is at a shown moment, as times of the view. */
  private periodOf(shown: Selection): readonly [number, number] | null {
    const row = this.layout.peek().rows.find((one) => isRowOf(one, shown));
    return row === undefined ? null : periodIn(this.model, row, shown.t);
  }

  /** What the keys begin with: the first row, where the view begins. */
  firstSelection(): Selection {
    const [row] = this.layout.peek().rows;
    const first = Math.max(0, viewStart(this.view));
    if (row === undefined) return stepSlice(this.options.store.model, { task: 0, t: first, event: -1 }, 0);
    const at = this.selectionIn(row, first);
    return row.kind === 'task' ? stepSlice(this.options.store.model, at, 0) : at;
  }

  /** The row `by` places from the one of a selection, or the last there is that way. */
  rowBeside(from: Selection, by: number): Row | undefined {
    const { rows } = this.layout.peek();
    const at = rows.findIndex((row) => isRowOf(row, from));
    return at < 0 ? undefined : rows[Math.min(Math.max(at + by, 0), rows.length - 1)];
  }

  /** The next or previous event of any task. */
  eventBeside(from: Selection, by: 1 | -1): Selection {
    return stepAny(this.options.store.model, this.known.order, from, by);
  }

  /** The last event at or before a time of the view, or -1. */
  eventAt(t: number): number {
    const { order, times } = this.known;
    const i = this.options.store.ordered.peek()
      ? Math.min(Math.floor(t / STEP), order.length - 1)
      : upperBound(times, times.length, t) - 1;
    return i < 0 ? -1 : order[i];
  }

  /** Where an event is drawn, as a time of the view. */
  timeOf(event: number): number {
    return this.model.log.t[event];
  }

  /** Marks the selected time, or that under the pointer; a second time takes the mark away. */
  toggleMark(): void {
    const { store } = this.options;
    const selection = store.selection.peek();
    const t = this.cursor === null ? selection?.t : this.realNow(toTime(this.view, this.cursor));
    if (t === undefined) return;
    const apart = (mark: number): number => Math.abs(this.shownTime(mark) - this.shownTime(t)) / this.view.scale;
    const near = store.marks.peek().find((mark) => apart(mark) < MARK_NEAR * this.ratio);
    store.marks.value = near === undefined
      ? [...store.marks.peek(), Math.round(t)].sort((a, b) => a - b).slice(0, MARKS_MOST)
      : store.marks.peek().filter((mark) => mark !== near);
  }

  private realNow(t: number): number {
    const { ordered } = this;
    return Math.max(0, ordered === null ? t : realTime(ordered, t));
  }

  /** The first mark right of the middle, or the first of all. */
  nextMark(): void {
    const marks = this.options.store.marks.peek().map((t) => this.shownTime(t));
    const middle = toTime(this.view, this.view.width / 2 + 1);
    const next = marks.find((t) => t > middle) ?? marks[0];
    if (next !== undefined) this.move(panView(this.view, next / this.view.scale - this.view.first - this.view.width / 2));
  }

  /** The next or previous of what was searched for. */
  nextFound(by: 1 | -1): void {
    const { store } = this.options;
    const found = store.found.peek();
    if (found.length === 0) return;
    const event = store.selection.peek()?.event ?? -1;
    const at = found.indexOf(event);
    const next = at < 0 ? (by > 0 ? 0 : found.length - 1) : (at + by + found.length) % found.length;
    const to = selectEvent(store.model, found[next]);
    store.selection.value = to;
    this.reveal(to);
  }

  /** Brings a selection into sight without changing the scale. */
  reveal(selection: Selection): void {
    const { view } = this;
    const { t } = this.shown(selection);
    const x = t / view.scale - view.first;
    if (x < 0 || x > view.width) this.move(panView(view, x - view.width / 2));
    this.revealRow(selection);
  }

  private revealRow(selection: Selection): void {
    const { scroll } = this.elements;
    const layout = this.layout.peek();
    const row = layout.rows.find((one) => isRowOf(one, selection));
    if (row === undefined || row.pinned) return;
    if (row.y < scroll.scrollTop + layout.pinned) scroll.scrollTop = row.y - layout.pinned;
    else if (row.y + row.height > scroll.scrollTop + scroll.clientHeight) {
      scroll.scrollTop = row.y + row.height - scroll.clientHeight;
    }
  }

  /** The moment under a point of the canvas, in CSS pixels; null where no row is. */
  at(x: number, y: number): Selection | null {
    const { scrollTop } = this.elements.scroll;
    const row = rowAt(scrolled(this.layout.peek(), scrollTop), y + scrollTop);
    return row === undefined ? null : this.selectionIn(row, Math.max(0, toTime(this.view, x * this.ratio)));
  }

  /** What is in sight, all its rows, as a picture to keep. */
  picture(words: PictureWords): Picture {
    const { store, formatTick } = this.options;
    this.brush ??= newBrush();
    const { palette, taskTile: tasks, ownerTile: owners } = this.brush;
    return {
      ...words, formatTick, palette, taskTile: tasks, ownerTile: owners,
      model: this.model,
      layout: this.layout.peek(),
      view: resizeView(this.view, Math.round(this.view.width / this.ratio)),
      arrows: this.arrows.peek(),
      flags: store.marks.peek().map((t) => this.shownTime(t)),
    };
  }

  columns(css: number): number {
    return css * this.ratio;
  }

  /** The view's middle goes to a point of the minimap, given as a share of its width. */
  center(share: number): void {
    const { view } = this;
    this.move(panView(view, (share * this.until) / view.scale - view.first - view.width / 2));
  }

  private arranged(): Layout {
    const { store } = this.options;
    return layOut(this.model, {
      strips: store.ordered.peek() ? this.stripsByOrder.get(store.model.log.count, this.whole) : store.strips(),
      pins: store.pins.peek(),
      folded: store.folded.peek(),
    });
  }

  private grow(): void {
    const { store } = this.options;
    const layout = this.arranged();
    // Who shows the names need not do so again whenever there are more events.
    if (!sameLayout(layout, this.layout.peek())) this.layout.value = layout;
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
    const { canvas, ruler, minimap, scroll } = this.elements;
    const { ratio, view, model } = this;
    const seen = canvas.clientHeight;
    this.brush ??= newBrush();
    sizeCanvas(canvas, view.width, Math.round(seen * ratio));
    sizeCanvas(ruler, view.width, Math.round(RULER_HEIGHT * ratio));
    sizeCanvas(minimap, view.width, Math.round(MINIMAP_HEIGHT * ratio));
    const [context, above, map] = [canvas, ruler, minimap].map((one) => one.getContext('2d'));
    if (context === null || above === null || map === null) return;
    const chosen = store.selection.peek();
    const flags = store.marks.peek().map((t) => this.shownTime(t));
    const version = 2 * store.version.peek() + (store.ordered.peek() ? 1 : 0);
    this.arrowsHidden.value = draw(context, this.brush, {
      model, layout: scrolled(this.layout.peek(), scroll.scrollTop), view, version,
      selection: chosen === null ? null : this.shown(chosen), cursor: this.cursor, head: this.head, area: this.area, flags,
      item: store.item.peek(),
      arrows: this.arrows.peek(), top: scroll.scrollTop, seen, ratio,
    });
    drawRuler(above, this.brush.palette, { view, ratio, height: RULER_HEIGHT, flags }, formatTick);
    drawMinimap(map, this.brush, {
      model, view, version: `${store.chartVersion.peek()} ${store.ordered.peek()}`, ratio, height: MINIMAP_HEIGHT, flags,
      growing: this.growing,
      found: store.found.peek().map((event) => model.log.t[event]),
    });
  }
}

const isWhole = ({ run, model }: RunStore): boolean => run.peek()?.status === 'done' && model.log.complete;

function newBrush(): Brush {
  const palette = readPalette();
  return {
    palette,
    taskTile: taskTile(palette),
    ownerTile: ownerTile(palette),
    cache: new ColumnCache(),
    raster: new Raster(),
    overview: new Overview(),
  };
}

function sizeCanvas(canvas: HTMLCanvasElement, width: number, height: number): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}
