// The program at the selected moment: the line each task is at, and what it does there.
import type { JSX } from 'preact';
import { useApp, type App } from '../store/app';
import type { Place } from '../store/places';
import type { RunStore, Selection } from '../store/run';
import { stateName } from '../timeline/Legend';
import { taskName } from '../timeline/sentences';
import { sliceAt } from '../trace/lane';
import type { Model } from '../trace/model';
import { linesAt } from '../trace/places';
import { waits, type State } from '../trace/states';
import { Places } from './Places';

export function placesAt(app: App, model: Model, selection: Selection): Place[] {
  // The log may be ahead of the model, with tasks that have no lane yet.
  return Array.from(linesAt(model.log, selection).subarray(0, model.lanes.length), (line, task) => ({ line, task }))
    .filter(({ line }) => line > 0)
    .map(({ line, task }) => {
      const lane = model.lanes[task];
      const state = lane.state[sliceAt(lane, selection.t)] as State;
      return {
        task: taskName(model, task), taskId: task, line, now: stateName(app, state), waits: waits(state),
      };
    });
}

/** Nothing before a moment is selected, and where no line of the program is known. */
export function Program({ store, source }: {
  readonly store: RunStore;
  readonly source: string | null;
}): JSX.Element | null {
  const app = useApp();
  void store.version.value;
  const selection = store.selection.value;
  if (selection === null || source === null) return null;
  const places = placesAt(app, store.model, selection);
  if (places.length === 0) return null;
  const lit = places.find(({ taskId }) => taskId === selection.task)?.line ?? null;
  return (
    <section class="panel program">
      <h2>{app.t('places.title')}</h2>
      <Places places={places} source={source} label={app.t('places.labelThen')} lit={lit} />
    </section>
  );
}
