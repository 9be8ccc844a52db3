import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useApp, type App } from '../store/app';
import type { RunStore } from '../store/run';
import { selectEvent } from '../timeline/moves';
import { taskName } from '../timeline/sentences';
import { NONE } from '../trace/log';
import { OWNER_COLOURS } from '../trace/model';
import { turnsChart, type Turn } from './turns';

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

export function TurnsView({ store }: { readonly store: RunStore }): JSX.Element {
  const app = useApp();
  const all = useSignal(false);
  void store.chartVersion.value;
  const { model } = store;
  const turns = turnsChart(model.log);
  if (turns.length === 0) return <p class="muted">{app.t('turns.empty')}</p>;
  const shown = all.value ? turns : turns.slice(0, FIRST_SHOWN);
  const parties = [...new Set(turns.flatMap(({ from, to }) => [from, to]))];
  // Two stand left and right; of more, each line says who.
  const [left, right] = parties.length === 2 ? parties : [undefined, undefined];
  const messages = turns.some(({ kind }) => kind === 'message' || kind === 'eof');
  const head = (task: number): JSX.Element =>
    <span class={`stripe lane-${task % OWNER_COLOURS}`}>{taskName(model, task)}</span>;
  const wayOf = (turn: Turn): string => (turn.from === turn.to
    ? taskName(model, turn.from)
    : `${taskName(model, turn.from)} → ${taskName(model, turn.to)}`);
  return (
    <>
      <p class="takeaway">
        {app.t(messages ? 'turns.messages' : 'turns.takeaway', { count: turns.length })}
      </p>
      {left !== undefined && right !== undefined && (
        <div class="turns-head">{head(left)}{head(right)}</div>
      )}
      <ol class="turns">
        {shown.map((turn) => {
          const back = turn.from === right;
          const label = left === undefined ? `${wayOf(turn)}: ${labelOf(app, turn)}` : labelOf(app, turn);
          const chosen = store.selection.value?.event === turn.event;
          return (
            <li key={turn.event} class={`turn ${turn.kind} ${back ? 'back' : ''} ${chosen ? 'chosen' : ''}`}>
              <button
                type="button"
                aria-label={`${wayOf(turn)}: ${labelOf(app, turn)}`}
                onClick={() => { store.selection.value = selectEvent(model, turn.event); }}
              >
                <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
                  <path d="M1 4H99" vector-effect="non-scaling-stroke" />
                </svg>
                <span class={back ? 'head-left' : 'head-right'} aria-hidden="true" />
                <span class="turn-label">{label}</span>
              </button>
            </li>
          );
        })}
      </ol>
      {shown.length < turns.length && (
        <button type="button" class="button" onClick={() => { all.value = true; }}>
          {app.t('turns.more', { count: turns.length })}
        </button>
      )}
      <p class="small muted">{app.t(messages ? 'turns.messagesDescription' : 'turns.description')}</p>
    </>
  );
}
