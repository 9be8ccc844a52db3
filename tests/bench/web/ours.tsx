// Our timeline as the run page shows it, over a store that is filled here.
import { signal } from '@preact/signals';
import { render } from 'preact';
import '../../../web/src/style.css';
import type { Run } from '../../../web/src/api/types';
import { ConsoleLog } from '../../../web/src/console/lines';
import { en } from '../../../web/src/messages/en';
import { AppContext, newApp } from '../../../web/src/store/app';
import type { RunStore } from '../../../web/src/store/run';
import { Timeline } from '../../../web/src/timeline/Timeline';
import { TraceDecoder } from '../../../web/src/trace/decode';
import { advance, newModel, type Model } from '../../../web/src/trace/model';
import { growStrips, newStrips } from '../../../web/src/trace/strips';
import { exactness } from './exact';
import { fill, play, slicesOf, type Bench, type Show } from './page';
import { chunks, pinned } from './trace';

function newStore(model: Model): RunStore {
  const strips = newStrips();
  return {
    id: 'bench',
    run: signal<Run | null>(null),
    model,
    console: new ConsoleLog(),
    version: signal(0),
    chartVersion: signal(0),
    selection: signal(null),
    view: signal(null),
    following: signal(true),
    pins: signal([]),
    folded: signal([]),
    marks: signal([]),
    ordered: signal(false),
    peers: [],
    item: signal(null),
    found: signal([]),
    stepTo: signal(-1),
    strips: () => {
      growStrips(strips, model);
      return strips.byObject;
    },
    failure: signal(null),
    traceFailure: signal(null),
    loaded: Promise.resolve(),
    close: () => undefined,
  };
}

const decoder = new TraceDecoder();
const model = newModel(decoder.log);
const store = newStore(model);

const frame = (): Promise<number> => new Promise(requestAnimationFrame);

function mount(): void {
  const root = document.body.appendChild(document.createElement('div'));
  render(<AppContext.Provider value={newApp('en', en, () => null)}><Timeline store={store} /></AppContext.Provider>, root);
}

/** A lock and a queue stay in sight above the tasks. */
function pinObjects(lanes: number): void {
  const { lock, queue } = pinned(lanes);
  store.pins.value = [`o${lock}`, `o${queue}`];
}

/** The columns of a view are whole ones. */
const show: Show = (from, to) => {
  const width = store.view.peek()?.width ?? 1;
  const scale = ((to - from) * model.until) / width;
  store.following.value = false;
  store.view.value = { first: Math.round((from * model.until) / scale), scale, width };
};

/** How often the runner hands on what it has recorded. */
const TICK_MS = 20;
const CHART_EVERY_MS = 250;
const STILL_MS = 3000;

export interface Streamed {
  readonly intervals: number[];
  readonly events: number;
  readonly seconds: number;
}

/** Intervals between frames until `over`. */
async function frames(over: () => boolean): Promise<number[]> {
  const intervals: number[] = [];
  for (let before = await frame(); !over();) {
    const now = await frame();
    intervals.push(now - before);
    before = now;
  }
  return intervals;
}

let ready: readonly Uint8Array[] = [];

/** Makes a run that sends so many events a second; then how frames come while nothing is sent. */
function prepare(lanes: number, rate: number, seconds: number): Promise<number[]> {
  mount();
  pinObjects(lanes);
  const source = chunks(lanes, (rate * TICK_MS) / 1000);
  ready = Array.from({ length: (seconds * 1000) / TICK_MS }, () => source.next().value);
  const end = performance.now() + STILL_MS;
  return frames(() => performance.now() > end);
}

/** Sends what was prepared, taken in like a live run's trace; the view follows. */
async function stream(): Promise<Streamed> {
  const start = performance.now();
  let pending = false;
  let next = 0;
  const take = (): void => {
    const due = Math.floor((performance.now() - start) / TICK_MS);
    for (; next < Math.min(due, ready.length); next++) {
      decoder.push(ready[next]);
      advance(model);
    }
    if (pending) return;
    pending = true;
    requestAnimationFrame(() => {
      pending = false;
      store.version.value++;
    });
  };
  const timer = setInterval(take, TICK_MS);
  const charts = setInterval(() => store.chartVersion.value++, CHART_EVERY_MS);
  const intervals = await frames(() => next === ready.length);
  clearInterval(timer);
  clearInterval(charts);
  return { intervals, events: decoder.log.count, seconds: (performance.now() - start) / 1000 };
}

export interface Ours extends Bench {
  prepare(lanes: number, rate: number, seconds: number): Promise<number[]>;
  stream(): Promise<Streamed>;
  /** Bytes of the tasks' lanes alone, without events, objects and what is drawn. */
  laneBytes(): number;
  exact(): { looked: number; wrong: number };
}

const ours: Ours = {
  load: async (lanes, slices) => {
    mount();
    await frame();
    fill(decoder, model, lanes, slices);
    store.run.value = { status: 'done' } as Run;
    store.version.value++;
    store.chartVersion.value++;
    pinObjects(lanes);
    await frame();
    await frame();
    return slicesOf(model);
  },
  play: (ms, most) => play(show, ms, most),
  prepare,
  stream,
  laneBytes: () => model.lanes.reduce((sum, { start, state, ref, event, sums }) => (
    [start, state, ref, event, sums].reduce((bytes, column) => bytes + column.byteLength, sum)), 0),
  exact: () => exactness(model),
};
window.bench = ours;
