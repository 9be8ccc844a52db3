// Many executions of the setup at once: every schedule, or many free runs.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { ExperimentRequest, Scenario } from '../api/types';
import { useApp } from '../store/app';

export const REPEATS = 100;
export const REPEATS_BESIDE = 200;
const SECONDS = 20;
const SECONDS_CHOICES = [5, 20, 60, 300];
const REPEATS_CHOICES = [20, 100, 200, 1000];
const BOUNDS = ['', '0', '1', '2', '3', '4', '6', '8'];

/** What the buttons ask for when nobody chose anything else. */
export const EXPLORE = { kind: 'explore', max_preemptions: null } as const;

interface SelectProps {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [string, string])[];
  readonly change: (value: string) => void;
}

function Select({ id, label, value, options, change }: SelectProps): JSX.Element {
  return (
    <div class="bound">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => change(event.currentTarget.value)}>
        {options.map(([of, text]) => <option key={of} value={of}>{text}</option>)}
      </select>
    </div>
  );
}

interface ExperimentsProps {
  readonly scenario: Scenario;
  readonly busy: boolean;
  readonly start: (request: ExperimentRequest) => void;
}

export function Experiments({ scenario, busy, start }: ExperimentsProps): JSX.Element {
  const app = useApp();
  const bound = useSignal('');
  const seconds = useSignal(String(SECONDS));
  const repeats = useSignal(String(REPEATS));
  const virtual = useSignal(false);
  const explore = (): ExperimentRequest => ({
    kind: 'explore',
    max_preemptions: bound.value === '' ? null : Number(bound.value),
    max_seconds: Number(seconds.value),
    timing: virtual.value ? 'virtual' : 'ignored',
  });
  const secondsText = (count: number): string => app.t('experiment.seconds', { count });
  return (
    <div class="experiments">
      <div class="experiment-buttons">
        {scenario.explorable && (
          <button type="button" class="button" aria-disabled={busy} onClick={() => start(explore())}>
            {app.t(bound.value === '' ? 'experiment.explore' : 'experiment.exploreWithin', { count: Number(bound.value) })}
          </button>
        )}
        <button
          type="button"
          class="button"
          aria-disabled={busy}
          onClick={() => start({ kind: 'repeat', count: Number(repeats.value) })}
        >
          {app.t('experiment.repeat', { count: Number(repeats.value) })}
        </button>
      </div>
      <p class="field-help">
        {scenario.explorable && `${app.t('experiment.explore.help')}${app.space()}`}
        {app.t('experiment.repeat.help')}
      </p>
      <details class="bounds">
        <summary>{app.t('experiment.bounds')}</summary>
        {scenario.explorable && (
          <>
            <Select
              id="bound-preemptions"
              label={app.t('experiment.bound.preemptions')}
              value={bound.value}
              options={BOUNDS.map((value) => [value, value === '' ? app.t('experiment.bound.none') : value])}
              change={(value) => { bound.value = value; }}
            />
            <Select
              id="bound-seconds"
              label={app.t('experiment.bound.seconds')}
              value={seconds.value}
              options={SECONDS_CHOICES.map((value) => [String(value), secondsText(value)])}
              change={(value) => { seconds.value = value; }}
            />
            <label class="switch">
              <input
                type="checkbox"
                checked={virtual.value}
                onChange={(event) => { virtual.value = event.currentTarget.checked; }}
              />
              {app.t('experiment.bound.virtual')}
            </label>
          </>
        )}
        <Select
          id="bound-repeats"
          label={app.t('experiment.bound.repeats')}
          value={repeats.value}
          options={REPEATS_CHOICES.map((value) => [String(value), String(value)])}
          change={(value) => { repeats.value = value; }}
        />
      </details>
    </div>
  );
}
