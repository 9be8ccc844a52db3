// The keys of the timeline. They work while it has the focus.
import type { RunStore, Selection } from '../store/run';
import type { Model } from '../trace/model';
import { rowKey } from './layout';
import { stepEvent, stepLane, stepSlice, toCause, toEffect } from './moves';
import type { Stage } from './stage';

type Step = (model: Model, from: Selection, stage: Stage) => Selection;

const STEPS: Readonly<Record<string, Step>> = {
  ArrowLeft: (model, from) => stepSlice(model, from, -1),
  ArrowRight: (model, from) => stepSlice(model, from, 1),
  ArrowUp: (model, from, stage) => stepLane(model, from, stage.taskBeside(from.task, -1)),
  ArrowDown: (model, from, stage) => stepLane(model, from, stage.taskBeside(from.task, 1)),
  ',': (model, from) => stepEvent(model, from, -1),
  '.': (model, from) => stepEvent(model, from, 1),
  '<': (_, from, stage) => stage.eventBeside(from, -1),
  '>': (_, from, stage) => stage.eventBeside(from, 1),
  '[': toCause,
  ']': toEffect,
};

const MOVES: Readonly<Record<string, (stage: Stage, store: RunStore) => void>> = {
  w: (stage) => stage.zoom(0.7),
  s: (stage) => stage.zoom(1 / 0.7),
  '+': (stage) => stage.zoom(0.7),
  '-': (stage) => stage.zoom(1 / 0.7),
  a: (stage) => stage.pan(-0.2),
  d: (stage) => stage.pan(0.2),
  f: (stage) => stage.fit(),
  0: (stage) => stage.showAll(),
  z: (stage) => stage.back(),
  Z: (stage) => stage.forth(),
  m: (stage) => stage.toggleMark(),
  M: (stage) => stage.nextMark(),
  n: (stage) => stage.nextFound(1),
  N: (stage) => stage.nextFound(-1),
  o: (stage, store) => stage.setOrdered(!store.ordered.peek()),
  p: (_, store) => pinSelected(store),
};

/** Has a row stay on top, or lets it go. */
export function togglePin(store: RunStore, key: string): void {
  const pins = store.pins.peek();
  store.pins.value = pins.includes(key) ? pins.filter((pin) => pin !== key) : [...pins, key];
}

function pinSelected(store: RunStore): void {
  const selection = store.selection.peek();
  if (selection !== null) togglePin(store, rowKey({ kind: 'task', id: selection.task }));
}

/** Selects what a step leads to and brings it into sight. */
export function goTo(stage: Stage, store: RunStore, to: Selection): void {
  store.selection.value = to;
  stage.reveal(to);
}

/** Does what a key asks for; false when it is none of ours. */
export function pressKey(key: string, stage: Stage, store: RunStore): boolean {
  const step = STEPS[key];
  const move = MOVES[key] ?? MOVES[key.toLowerCase()];
  if (step !== undefined) {
    if (store.model.lanes.length === 0) return true;
    const from = store.selection.peek();
    goTo(stage, store, from === null ? stage.firstSelection() : step(store.model, from, stage));
  } else if (move !== undefined) {
    move(stage, store);
  } else if (key === 'Escape') {
    store.selection.value = null;
  } else {
    return false;
  }
  return true;
}
