// The keys of the timeline. They work while it has the focus.
import type { RunStore, Selection } from '../store/run';
import type { Model } from '../trace/model';
import { stepEvent, stepLane, stepSlice, toCause, toEffect } from './moves';
import type { Stage } from './stage';

type Step = (model: Model, from: Selection) => Selection;

const STEPS: Readonly<Record<string, Step>> = {
  ArrowLeft: (model, from) => stepSlice(model, from, -1),
  ArrowRight: (model, from) => stepSlice(model, from, 1),
  ArrowUp: (model, from) => stepLane(model, from, -1),
  ArrowDown: (model, from) => stepLane(model, from, 1),
  ',': (model, from) => stepEvent(model, from, -1),
  '.': (model, from) => stepEvent(model, from, 1),
  '[': toCause,
  ']': toEffect,
};

const MOVES: Readonly<Record<string, (stage: Stage) => void>> = {
  w: (stage) => stage.zoom(0.7),
  s: (stage) => stage.zoom(1 / 0.7),
  '+': (stage) => stage.zoom(0.7),
  '-': (stage) => stage.zoom(1 / 0.7),
  a: (stage) => stage.pan(-0.2),
  d: (stage) => stage.pan(0.2),
  f: (stage) => stage.fit(),
  '0': (stage) => stage.showAll(),
};

/** Does what a key asks for; false when it is none of ours. */
export function pressKey(key: string, stage: Stage, store: RunStore): boolean {
  const step = STEPS[key];
  const move = MOVES[key.toLowerCase()];
  if (step !== undefined) {
    if (store.model.lanes.length === 0) return true;
    const from = store.selection.peek();
    const to = from === null
      ? stepSlice(store.model, { task: 0, t: stage.view.first * stage.view.scale, event: -1 }, 0)
      : step(store.model, from);
    store.selection.value = to;
    stage.reveal(to.t);
  } else if (move !== undefined) {
    move(stage);
  } else if (key === 'Escape') {
    store.selection.value = null;
  } else {
    return false;
  }
  return true;
}
