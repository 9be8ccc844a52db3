// The keys of the timeline. They work while it has the focus.
import type { RunStore, Selection } from '../store/run';
import type { Model } from '../trace/model';
import { rowKey } from './layout';
import { momentAbout, stepChange, stepEvent, stepLane, stepSlice, toCause, toEffect } from './moves';
import type { Stage } from './stage';

type Step = (model: Model, from: Selection, stage: Stage) => Selection;

/** To the next state of the task, or the next change of the object. */
const stepAlong = (model: Model, from: Selection, stage: Stage, by: 1 | -1): Selection =>
  (from.object === undefined ? stepSlice(model, from, by)
    : stepChange(model, stage.changesOf(from.object), from.object, from.t, by));

/** To the same time in the next row, of a task or of an object. */
function stepRow(model: Model, from: Selection, stage: Stage, by: 1 | -1): Selection {
  const row = stage.rowBeside(from, by);
  if (row === undefined) return from;
  return row.kind === 'task' ? stepLane(model, from, row.id) : momentAbout(model, row.id, from.t);
}

const STEPS: Readonly<Record<string, Step>> = {
  ArrowLeft: (model, from, stage) => stepAlong(model, from, stage, -1),
  ArrowRight: (model, from, stage) => stepAlong(model, from, stage, 1),
  ArrowUp: (model, from, stage) => stepRow(model, from, stage, -1),
  ArrowDown: (model, from, stage) => stepRow(model, from, stage, 1),
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
  if (selection === null) return;
  const { task, object } = selection;
  togglePin(store, rowKey(object === undefined ? { kind: 'task', id: task } : { kind: 'object', id: object }));
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
