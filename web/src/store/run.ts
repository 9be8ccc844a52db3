// Everything the run page knows about its run, as signals; filled by LiveRun.
import { signal, type Signal } from '@preact/signals';
import { LiveRun } from '../api/live';
import type { Run, Segment } from '../api/types';
import { ConsoleLog } from '../console/lines';
import { TraceError } from '../trace/decode';
import { advance, finish, newModel, type Model } from '../trace/model';
import { growStrips, newStrips, type Strip } from '../trace/strips';
import type { View } from '../timeline/scale';
import { isControlled } from './schedule';

/** A moment of a task or of an object: what the details pane, the timeline and the console agree on. */
export interface Selection {
  /** Of an object's moment the task whose event it is, or that was last at it. */
  readonly task: number;
  readonly t: number;
  /** The event picked, or -1 when a state was. */
  readonly event: number;
  /** The object whose moment it is. */
  readonly object?: number;
}

export interface RunStore {
  readonly id: string;
  readonly run: Signal<Run | null>;
  readonly model: Model;
  readonly console: ConsoleLog;
  /** Rises when the model or the console has more, at most once a frame. */
  readonly version: Signal<number>;
  /** The same for what is costly to make anew: a few times a second, and at the end. */
  readonly chartVersion: Signal<number>;
  readonly selection: Signal<Selection | null>;
  readonly view: Signal<View | null>;
  /** The view shows all there is until the reader moves it. */
  readonly following: Signal<boolean>;
  /** Rows that stay on top, by their keys. */
  readonly pins: Signal<readonly string[]>;
  /** Groups of rows that are folded away. */
  readonly folded: Signal<readonly string[]>;
  /** Times the reader has marked, rising. */
  readonly marks: Signal<readonly number[]>;
  /** Time is the order of events; `view` is then in that, all else stays in nanoseconds. */
  readonly ordered: Signal<boolean>;
  /** Other runs under the same ruler: one's view is theirs. */
  readonly peers: RunStore[];
  /** The item that is followed through all lanes. */
  readonly item: Signal<number | null>;
  /** Events that were searched for, in the order of time. */
  readonly found: Signal<readonly number[]>;
  /** An event to step to, or -1: the details ask, the stepper goes. */
  readonly stepTo: Signal<number>;
  /** What is shown of objects over time, by their ids. */
  strips(): ReadonlyMap<number, Strip>;
  readonly failure: Signal<unknown>;
  readonly traceFailure: Signal<string | null>;
  /** Resolves when all there is has come, or nothing more will. */
  readonly loaded: Promise<void>;
  close(): void;
}

/** What shows of the state after the last event, of all before it. */
const AFTERWARDS = 0.04;
const A_STEP = 1000;
const CHART_EVERY_MS = 250;
const BAD_ENDS = new Set(['deadlock', 'livelock', 'timeout']);

/** Opens a run; beside another one it shares that one's view. */
export function openRun(id: string, beside: RunStore | null = null): RunStore {
  const console = new ConsoleLog();
  const live: LiveRun = new LiveRun(id, {
    run: (run) => {
      store.run.value = run;
      model.alone = isControlled(run.schedule);
      settle();
    },
    output: (segments: readonly Segment[]) => { console.add(segments); changed(); },
    events: () => {
      // What is there as a whole is also taken in as a whole, in the order of time.
      if (!model.alone || store.run.value?.status !== 'done' || model.log.complete) advance(model);
      settle();
    },
    failed: (error) => {
      if (error instanceof TraceError) store.traceFailure.value = error.message;
      else store.failure.value = error;
    },
  });
  const model = newModel(live.decoder.log);
  const strips = newStrips();
  let settled = false;

  let frame = 0;
  let later: ReturnType<typeof setTimeout> | undefined;
  const changed = (): void => {
    if (frame === 0) {
      frame = requestAnimationFrame(() => {
        frame = 0;
        store.version.value++;
      });
    }
    later ??= setTimeout(() => {
      later = undefined;
      store.chartVersion.value++;
    }, settled ? 0 : CHART_EVERY_MS);
  };
  const settle = (): void => {
    const run = store.run.value;
    if (!settled && run?.status === 'done' && model.log.complete) {
      settled = true;
      // The clock of a controlled run is its own; the time it took is another one's.
      const end = !model.alone ? run.metrics.wall_ns ?? 0
        : model.lastT + (run.ended === 'stopped' ? A_STEP : Math.max(A_STEP, model.lastT * AFTERWARDS));
      finish(model, end, BAD_ENDS.has(run.ended ?? ''));
    }
    changed();
  };

  const store: RunStore = {
    id,
    run: signal<Run | null>(null),
    model,
    console,
    version: signal(0),
    chartVersion: signal(0),
    selection: signal<Selection | null>(null),
    view: beside?.view ?? signal<View | null>(null),
    following: beside?.following ?? signal(true),
    pins: signal<readonly string[]>([]),
    folded: signal<readonly string[]>([]),
    marks: signal<readonly number[]>([]),
    ordered: beside?.ordered ?? signal(false),
    peers: beside === null ? [] : [beside],
    item: signal<number | null>(null),
    found: signal<readonly number[]>([]),
    stepTo: signal(-1),
    strips: () => {
      growStrips(strips, model);
      return strips.byObject;
    },
    failure: signal<unknown>(null),
    traceFailure: signal<string | null>(null),
    // Hooks are called later, when `store` is there.
    loaded: live.open(),
    close: () => {
      live.close();
      cancelAnimationFrame(frame);
      clearTimeout(later);
    },
  };
  if (beside !== null) beside.peers.push(store);
  return store;
}
