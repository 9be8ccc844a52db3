// The states that occur in this run, with the shape each has on the lanes.
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useApp, type App } from '../store/app';
import type { RunStore } from '../store/run';
import type { MessageKey } from '../messages';
import type { Model } from '../trace/model';
import { STATE, bareState, holds, type State } from '../trace/states';
import type { Row } from './layout';
import { paintStrip } from './strip';

const LABELS: readonly (readonly [State, MessageKey])[] = [
  [STATE.RUNNING, 'state.running'],
  [STATE.READY, 'state.ready'],
  [STATE.WAITING, 'state.waiting'],
  [STATE.IO, 'state.io'],
  [STATE.HOLDING, 'state.holding'],
  [STATE.ASLEEP, 'state.asleep'],
  [STATE.UNRECORDED, 'state.unrecorded'],
  [STATE.DONE, 'state.done'],
  [STATE.ERROR, 'state.error'],
];

const LOOKED_AT = 5000;

function statesOf(model: Model): Set<State> {
  const seen = new Set<State>();
  for (const lane of model.lanes) {
    const states = lane.state.subarray(0, Math.min(lane.count, LOOKED_AT));
    for (const state of Object.values(STATE)) if (!seen.has(state) && states.includes(state)) seen.add(state);
  }
  const found = new Set([...seen].map(bareState));
  if ([...seen].some(holds)) found.add(STATE.HOLDING);
  if (model.marks.length > 0) found.add(STATE.ERROR);
  return found;
}

/** A state's name; what is held besides is said with it. */
export function stateName(app: App, state: State): string {
  const key = LABELS.find(([known]) => known === bareState(state))?.[1];
  const bare = key === undefined ? '' : app.t(key);
  return holds(state) && state !== STATE.HOLDING ? app.t('state.andHolding', { state: bare }) : bare;
}

const WIDTH = 24;

export function Swatch({ state }: { readonly state: State }): JSX.Element {
  const app = useApp();
  const ref = useRef<HTMLCanvasElement>(null);
  const dark = app.dark.value;
  useEffect(() => {
    if (ref.current !== null) paintStrip(ref.current, new Uint8Array(WIDTH).fill(state));
  }, [dark, state]);
  return <canvas ref={ref} class="swatch" aria-hidden="true" />;
}

interface LegendProps {
  readonly store: RunStore;
  readonly rows: readonly Row[];
}

export function Legend({ store, rows }: LegendProps): JSX.Element {
  const app = useApp();
  void store.chartVersion.value;
  const found = statesOf(store.model);
  return (
    <ul class="legend">
      {LABELS.filter(([state]) => found.has(state)).map(([state, key]) => (
        <li key={key}>
          <Swatch state={state} />
          {app.t(key)}
          {state === STATE.ERROR && <span aria-hidden="true"> ✕</span>}
        </li>
      ))}
      {store.model.items.some((items) => items.length > 0) && (
        <li>
          <span class="item-swatch" aria-hidden="true">1</span>
          {app.t('state.item')}
        </li>
      )}
      {rows.some((row) => row.strip !== null && row.strip.level.count > 0) && (
        <li><span class="level-swatch" aria-hidden="true" />{app.t('state.level')}</li>
      )}
      {rows.some((row) => row.depthY !== null) && (
        <li><span class="depth-swatch" aria-hidden="true" />{app.t('state.depth')}</li>
      )}
    </ul>
  );
}
