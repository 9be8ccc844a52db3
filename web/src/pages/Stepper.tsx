// Stepping through a controlled run by hand: back, forward, any task that could go next, any moment.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Enabled, Position, Run } from '../api/types';
import { standings } from '../charts/now';
import { useApp } from '../store/app';
import type { RunStore } from '../store/run';
import { lastEvent } from '../store/stepping';
import { momentOf, objectName, taskName, type Moment } from '../timeline/sentences';
import { NOTHING } from '../trace/log';
import { OWNER_COLOURS } from '../trace/model';
import { STATE } from '../trace/states';
import { EVENT_TEXT } from '../trace/texts.gen';
import { Icon } from '../ui/controls';
import { refusalText } from '../ui/refusalText';
import { useKeptFocus } from '../ui/useKeptFocus';
import { Places } from './Places';
import { operationText } from './schedules';
import { useSteps, type Steps, type StepsProps } from './useSteps';

const KEYS_MOST = 9;

/** Points out where a task stands, or nothing when it is null. */
type Point = (taskId: number | null) => void;

const lineOfTask = (run: Run, taskId: number | null): number | null =>
  run.positions.find((position) => position.taskId === taskId)?.line ?? null;

/** "line 30", when that is known. */
function At({ run, taskId }: { readonly run: Run; readonly taskId: number }): JSX.Element | null {
  const app = useApp();
  const line = lineOfTask(run, taskId);
  return line === null ? null : <span class="at-line muted small">{app.t('places.line', { line: String(line) })}</span>;
}

function Choices({ run, busy, choose, point }: {
  readonly run: Run;
  readonly busy: boolean;
  readonly choose: (choice: Enabled) => void;
  readonly point: Point;
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
              onFocus={() => point(choice.taskId)}
              onBlur={() => point(null)}
              onMouseEnter={() => point(choice.taskId)}
              onMouseLeave={() => point(null)}
            >
              {i < KEYS_MOST && <kbd aria-hidden="true">{i + 1}</kbd>}
              <span class="choice-what"><strong>{choice.task}</strong> {operationText(app, choice)}</span>
              <At run={run} taskId={choice.taskId} />
            </button>
          </li>
        ))}
      </ol>
    </div>
  );
}

/** What the tasks that cannot be chosen are doing here, and how things stand. */
function Now({ store, run, point }: {
  readonly store: RunStore;
  readonly run: Run;
  readonly point: Point;
}): JSX.Element {
  const app = useApp();
  void store.version.value;
  const { model } = store;
  const left = model.lanes.map((_, task) => momentOf(app, model, { task, t: model.until, event: -1 }))
    .filter((moment) => moment !== null && moment.state !== STATE.DONE);
  const rows = left.filter((moment) => !run.enabled.some(({ taskId }) => taskId === moment?.task));
  const ended = model.lanes.length - left.length;
  // A sleep is no state of its own in virtual time, but who sleeps cannot be chosen.
  const asleep = (task: number): Position | undefined =>
    run.positions.find(({ taskId, operation, enabled }) => taskId === task && operation === 'sleep' && !enabled);
  const sentenceOf = ({ task, sentence }: Moment): string => {
    const position = asleep(task);
    return position === undefined ? sentence : operationText(app, position);
  };
  return (
    <div class="now">
      <h3>{app.t('step.now')}</h3>
      <ul class="plain">
        {rows.map((moment) => moment !== null && (
          <li
            key={moment.task}
            class={`stripe lane-${moment.task % OWNER_COLOURS}`}
            onMouseEnter={() => point(moment.task)}
            onMouseLeave={() => point(null)}
          >
            <span class="choice-what"><strong>{taskName(model, moment.task)}</strong> {sentenceOf(moment)}</span>
            <At run={run} taskId={moment.task} />
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

/** Where one is: what can come next, how things stand, and where in the program. */
function Here({ store, run, source, busy, choose }: Pick<StepperProps, 'store' | 'run' | 'source'> & {
  readonly busy: boolean;
  readonly choose: (choice: Enabled) => void;
}): JSX.Element {
  const app = useApp();
  const pointed = useSignal<number | null>(null);
  useEffect(() => { pointed.value = null; }, [run.id]);
  const point: Point = (taskId) => { pointed.value = taskId; };
  const now = <Now store={store} run={run} point={point} />;
  const choices = <Choices run={run} busy={busy} choose={choose} point={point} />;
  if (source === null || run.positions.every(({ line }) => line === null)) {
    return <div class="step-here">{choices}{now}</div>;
  }
  const places = run.positions.map(({ task, taskId, line, enabled }) => (
    { task, taskId, line, now: app.t(enabled ? 'places.can' : 'places.waits'), waits: !enabled }));
  return (
    <div class="step-here">
      <div class="step-side">{choices}{now}</div>
      <div>
        <h3>{app.t('places.title')}</h3>
        <Places places={places} source={source} label={app.t('places.label')} lit={lineOfTask(run, pointed.value)} />
      </div>
    </div>
  );
}

interface StepperProps extends StepsProps {
  /** The program's text, or null when it is not known. */
  readonly source: string | null;
}

export function Stepper(props: StepperProps): JSX.Element | null {
  const app = useApp();
  const { store, run } = props;
  const frame = useKeptFocus<HTMLElement>();
  const steps = useSteps(props);
  void store.version.value;
  const wanted = store.stepTo.value;
  useEffect(() => {
    if (wanted < 0 || steps === null) return;
    store.stepTo.value = -1;
    steps.toEvent(wanted);
  }, [wanted]);
  if (steps === null) return null;

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement) return;
    // The program scrolls by the same keys.
    if (event.target instanceof Element && event.target.closest('.places-code') !== null) return;
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
      onKeyDown={onKeyDown}
    >
      <Bar steps={steps} place={place} />
      <p class="visually-hidden" role="status">{`${place} ${lastText(store)}`}</p>
      {failure.value !== null && <p class="field-error" role="alert">{refusalText(app, failure.value)}</p>}
      {(run.ended === 'stopped' || run.positions.length > 0) && (
        <Here store={store} run={run} source={props.source} busy={busy.value} choose={steps.choose} />
      )}
      <p class="small muted">
        <span id="step-keys" class="step-keys">{`${app.t('step.keys')}${app.space()}`}</span>
        {app.t('step.select')}
      </p>
    </section>
  );
}
