// Stepping through a controlled run by hand: back, forward, any task that could go next, any moment.
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Enabled, Run } from '../api/types';
import { standings } from '../charts/now';
import { useApp } from '../store/app';
import type { RunStore } from '../store/run';
import { lastEvent } from '../store/stepping';
import { momentOf, objectName, taskName } from '../timeline/sentences';
import { EVENT_TEXT } from '../trace/kinds.gen';
import { NOTHING } from '../trace/log';
import { OWNER_COLOURS } from '../trace/model';
import { STATE } from '../trace/states';
import { failureText } from '../ui/Failure';
import { Icon } from '../ui/controls';
import { operationText } from './schedules';
import { useSteps, type Steps, type StepsProps } from './useSteps';

const KEYS_MOST = 9;

function Choices({ run, busy, choose }: {
  readonly run: Run;
  readonly busy: boolean;
  readonly choose: (choice: Enabled) => void;
}): JSX.Element | null {
  const app = useApp();
  if (run.enabled.length === 0) return null;
  return (
    <div class="next" role="group" aria-labelledby="next-title">
      <h3 id="next-title">{app.t('step.next')}</h3>
      <ol class="plain">
        {run.enabled.map((choice, i) => (
          <li key={i}>
            <button
              type="button"
              class={`choice-button stripe lane-${choice.taskId % OWNER_COLOURS}`}
              disabled={busy}
              onClick={() => choose(choice)}
            >
              {i < KEYS_MOST && <kbd aria-hidden="true">{i + 1}</kbd>}
              <span><strong>{choice.task}</strong> {operationText(app, choice)}</span>
            </button>
          </li>
        ))}
      </ol>
    </div>
  );
}

/** What every task is doing here, and how things stand. */
function Now({ store }: { readonly store: RunStore }): JSX.Element {
  const app = useApp();
  void store.version.value;
  const { model } = store;
  const rows = model.lanes.map((_, task) => momentOf(app, model, { task, t: model.until, event: -1 }))
    .filter((moment) => moment !== null && moment.state !== STATE.DONE);
  const ended = model.lanes.length - rows.length;
  return (
    <div class="now">
      <h3>{app.t('step.now')}</h3>
      <ul class="plain">
        {rows.map((moment) => moment !== null && (
          <li key={moment.task} class={`stripe lane-${moment.task % OWNER_COLOURS}`}>
            <strong>{taskName(model, moment.task)}</strong> {moment.sentence}
          </li>
        ))}
        {ended > 0 && <li class="muted">{app.t('step.ended', { count: ended })}</li>}
      </ul>
      <dl class="standings">
        {standings(model.log).map(({ object, value, capacity }) => (
          <div key={object}>
            <dt>{objectName(model, object)}</dt>
            <dd>{capacity === null ? value : app.t('step.level', { value, capacity })}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

/** The last thing that happened, for those who listen. */
function lastText(store: RunStore): string {
  const { model } = store;
  const event = lastEvent(model.log);
  if (event < 0) return '';
  const object = model.log.object[event];
  const what = object === NOTHING ? '' : ` ${objectName(model, object)}`;
  return `${taskName(model, model.log.task[event])}: ${EVENT_TEXT[model.log.kind[event]]}${what}`;
}

interface BarProps {
  readonly steps: Steps;
  readonly place: string;
}

function Bar({ steps, place }: BarProps): JSX.Element {
  const app = useApp();
  const { position, atEnd, canForward, line, to, forward } = steps;
  return (
    <div class="step-bar">
      <h2>{app.t('step.title')}</h2>
      <div class="tools">
        <button type="button" class="small-button" disabled={position === 0} onClick={() => to(0)}>
          {app.t('step.first')}
        </button>
        <button type="button" class="small-button" disabled={position === 0} onClick={() => to(position - 1)}>
          <Icon name="left" />{app.t('step.back')}
        </button>
        <button type="button" class="small-button" disabled={!canForward} onClick={forward}>
          {app.t('step.forward')}<Icon name="right" />
        </button>
        <button type="button" class="small-button" disabled={atEnd} onClick={() => to(line.steps)}>
          {app.t('step.last')}
        </button>
      </div>
      <label class="step-place">
        <span>{place}</span>
        <input
          type="range"
          min="0"
          max={line.steps}
          value={position}
          aria-label={app.t('step.slider')}
          aria-valuetext={place}
          onChange={(moved) => to(Number(moved.currentTarget.value))}
        />
      </label>
    </div>
  );
}

/** Does what a key asks for; false when it is none of ours. */
function pressKey(key: string, steps: Steps, enabled: readonly Enabled[]): boolean {
  const { position, line, to, forward, choose } = steps;
  const choice = /^[1-9]$/.test(key) ? enabled[Number(key) - 1] : undefined;
  if (choice !== undefined) choose(choice);
  else if (key === 'ArrowLeft') { if (position > 0) to(position - 1); }
  else if (key === 'ArrowRight') forward();
  else if (key === 'Home') to(0);
  else if (key === 'End') to(line.steps);
  else return false;
  return true;
}

export function Stepper(props: StepsProps): JSX.Element | null {
  const app = useApp();
  const { store, run } = props;
  const frame = useRef<HTMLElement>(null);
  const steps = useSteps(props);
  void store.version.value;
  const wanted = store.stepTo.value;
  useEffect(() => {
    if (wanted < 0 || steps === null) return;
    store.stepTo.value = -1;
    steps.toEvent(wanted);
  }, [wanted]);
  const inside = useRef(false);
  // A button that was pressed may be gone or disabled at the next position: the keys go on working.
  useEffect(() => {
    const active = document.activeElement;
    const lost = active === document.body || active?.matches(':disabled') === true;
    if (inside.current && lost) frame.current?.focus({ preventScroll: true });
  }, [run.id]);
  if (steps === null) return null;

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement) return;
    if (pressKey(event.key, steps, run.enabled)) event.preventDefault();
  };
  const { busy, failure, position, line, atEnd } = steps;
  const open = atEnd && run.enabled.length > 0;
  const place = app.t(open ? 'step.positionOpen' : 'step.position', { step: position, steps: line.steps });
  return (
    <section
      ref={frame}
      class="panel stepper"
      tabIndex={0}
      role="group"
      aria-label={app.t('step.title')}
      aria-describedby="step-keys"
      aria-busy={busy.value}
      onFocusIn={() => { inside.current = true; }}
      onKeyDown={onKeyDown}
    >
      <Bar steps={steps} place={place} />
      <p class="visually-hidden" role="status">{`${place} ${lastText(store)}`}</p>
      {failure.value !== null && <p class="field-error" role="alert">{failureText(app, failure.value)}</p>}
      {run.ended === 'stopped' && (
        <div class="step-here">
          <Choices run={run} busy={busy.value} choose={steps.choose} />
          <Now store={store} />
        </div>
      )}
      <p id="step-keys" class="small muted">{app.t('step.keys')}</p>
    </section>
  );
}
