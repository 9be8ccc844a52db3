import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useApp, type App } from '../store/app';
import type { RunStore } from '../store/run';
import { selectEvent } from '../timeline/moves';
import { taskName } from '../timeline/sentences';
import { NONE } from '../trace/log';
import { OWNER_COLOURS } from '../trace/model';
import { labelPlace, standsOf, turnsChart, type Turn } from './turns';

const FIRST_SHOWN = 24;

function labelOf(app: App, turn: Turn): string {
  const value = turn.value === NONE ? 'None' : String(turn.value);
  switch (turn.kind) {
    case 'send': return `send(${value})`;
    case 'yield': return `yield ${value}`;
    case 'close': return app.t('turns.close');
    case 'refused': return app.t(turn.value === 1 ? 'turns.refused.started' : 'turns.refused.finished');
    case 'end': return app.t('turns.ended');
    case 'message': return value;
    case 'eof': return app.t('turns.eof');
  }
}

const percent = (part: number): string => `${part * 100}%`;

interface LineProps {
  readonly store: RunStore;
  readonly turn: Turn;
  /** Where the two stand, as parts of the width; null when the label has to say who they are. */
  readonly ends: readonly [number, number] | null;
}

function Line({ store, turn, ends }: LineProps): JSX.Element {
  const app = useApp();
  const { model } = store;
  const [from, to] = ends ?? [0, 1];
  const [left, right] = [Math.min(from, to), Math.max(from, to)];
  const back = to < from;
  const way = turn.from === turn.to
    ? taskName(model, turn.from)
    : `${taskName(model, turn.from)} → ${taskName(model, turn.to)}`;
  const said = `${way}: ${labelOf(app, turn)}`;
  const chosen = store.selection.value?.event === turn.event;
  const place = labelPlace(from, to);
  return (
    <li class={`turn ${turn.kind} ${back ? 'back' : ''} ${chosen ? 'chosen' : ''}`}>
      <button
        type="button"
        aria-label={said}
        onClick={() => { store.selection.value = selectEvent(model, turn.event); }}
      >
        {left !== right && (
          <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
            <path d={`M${left * 100} 4H${right * 100}`} vector-effect="non-scaling-stroke" />
          </svg>
        )}
        {left !== right && (
          <span class={back ? 'head-left' : 'head-right'} style={{ left: percent(to) }} aria-hidden="true" />
        )}
        <span class={`turn-label ${place.align}`} style={{ left: percent(place.left), width: percent(place.width) }}>
          {ends === null ? said : labelOf(app, turn)}
        </span>
      </button>
    </li>
  );
}

/** The names above, each where its task stands. */
function Heads({ store, stands }: {
  readonly store: RunStore;
  readonly stands: ReadonlyMap<number, number>;
}): JSX.Element {
  return (
    <div class="turns-head">
      {[...stands].map(([task, at]) => (
        <span
          key={task}
          class={`${at === 0 ? 'first' : at === 1 ? 'last' : ''} lane-${task % OWNER_COLOURS}`}
          style={{ left: percent(at), maxWidth: percent(1 / Math.max(2, stands.size)) }}
        >
          {taskName(store.model, task)}
        </span>
      ))}
    </div>
  );
}

export function TurnsView({ store }: { readonly store: RunStore }): JSX.Element {
  const app = useApp();
  const all = useSignal(false);
  void store.chartVersion.value;
  const turns = turnsChart(store.model.log);
  if (turns.length === 0) return <p class="muted">{app.t('turns.empty')}</p>;
  const shown = all.value ? turns : turns.slice(0, FIRST_SHOWN);
  const stands = standsOf(turns);
  const messages = turns.some(({ kind }) => kind === 'message' || kind === 'eof');
  const description = stands?.size === 2 ? 'turns.description' : 'turns.manyDescription';
  const endsOf = ({ from, to }: Turn): readonly [number, number] | null =>
    (stands === null ? null : [stands.get(from) ?? 0, stands.get(to) ?? 1]);
  return (
    <>
      <p class="takeaway">
        {app.t(messages ? 'turns.messages' : 'turns.takeaway', { count: turns.length })}
      </p>
      <div class="turns-board">
        {stands !== null && <Heads store={store} stands={stands} />}
        {stands !== null && [...stands].map(([task, at]) => (
          <span key={task} class="turns-life" style={{ left: percent(at) }} aria-hidden="true" />
        ))}
        <ol class="turns">
          {shown.map((turn) => <Line key={turn.event} store={store} turn={turn} ends={endsOf(turn)} />)}
        </ol>
      </div>
      {shown.length < turns.length && (
        <button type="button" class="button" onClick={() => { all.value = true; }}>
          {app.t('turns.more', { count: turns.length })}
        </button>
      )}
      <p class="small muted">{app.t(messages ? 'turns.messagesDescription' : description)}</p>
    </>
  );
}
