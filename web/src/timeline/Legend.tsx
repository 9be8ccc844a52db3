// The states that occur in this run, with the shape each has on the lanes.
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useApp } from '../store/app';
import type { RunStore } from '../store/run';
import type { MessageKey } from '../messages';
import type { Model } from '../trace/model';
import { STATE, bareState, holds, type State } from '../trace/states';
import { PERIOD, SUB_ROWS, readPalette, taskTile } from './palette';

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
  const found = new Set<State>();
  for (const lane of model.lanes) {
    for (let i = 0; i < Math.min(lane.count, LOOKED_AT); i++) {
      const state = lane.state[i] as State;
      found.add(bareState(state));
      if (holds(state)) found.add(STATE.HOLDING);
    }
  }
  if (model.marks.length > 0) found.add(STATE.ERROR);
  return found;
}

const WIDTH = 24;

function Swatch({ state }: { readonly state: State }): JSX.Element {
  const app = useApp();
  const ref = useRef<HTMLCanvasElement>(null);
  const dark = app.dark.value;
  useEffect(() => {
    const context = ref.current?.getContext('2d');
    if (context === null || context === undefined) return;
    const image = context.createImageData(WIDTH, SUB_ROWS);
    const pixels = new Uint32Array(image.data.buffer);
    const tile = taskTile(readPalette());
    for (let i = 0; i < pixels.length; i++) {
      const [x, row] = [i % WIDTH, Math.floor(i / WIDTH)];
      pixels[i] = tile[(state * PERIOD + (x % PERIOD)) * SUB_ROWS + row];
    }
    context.putImageData(image, 0, 0);
  }, [dark, state]);
  return <canvas ref={ref} class="swatch" width={WIDTH} height={SUB_ROWS} aria-hidden="true" />;
}

export function Legend({ store }: { readonly store: RunStore }): JSX.Element {
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
    </ul>
  );
}
