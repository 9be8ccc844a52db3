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
  const [caller, callee] = [turns[0].from, turns[0].to];
  const head = (task: number): JSX.Element =>
    <span class={`stripe lane-${task % OWNER_COLOURS}`}>{taskName(model, task)}</span>;
  return (
    <>
      <p class="takeaway">{app.t('turns.takeaway', { count: turns.length })}</p>
      <div class="turns-head">{head(caller)}{head(callee)}</div>
      <ol class="turns">
        {shown.map((turn) => {
          const back = turn.kind === 'yield' || turn.kind === 'end';
          const chosen = store.selection.value?.event === turn.event;
          return (
            <li key={turn.event} class={`turn ${turn.kind} ${chosen ? 'chosen' : ''}`}>
              <button
                type="button"
                aria-label={`${taskName(model, turn.from)} → ${taskName(model, turn.to)}: ${labelOf(app, turn)}`}
                onClick={() => { store.selection.value = selectEvent(model, turn.event); }}
              >
                <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
                  <path d="M1 4H99" vector-effect="non-scaling-stroke" />
                </svg>
                <span class={back ? 'head-left' : 'head-right'} aria-hidden="true" />
                <span class="turn-label">{labelOf(app, turn)}</span>
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
      <p class="small muted">{app.t('turns.description')}</p>
    </>
  );
}
