// Who runs when: a choice of modes beside the parameters, each with what it does in a line.
import type { JSX } from 'preact';
import { MODES } from '../api/shape';
import type { Scenario, ScheduleMode, Timing } from '../api/types';
import type { MessageKey } from '../messages';
import { useApp } from '../store/app';
import {
  DEPTH_MOST, SEED_MOST, checkSchedule, newSeed, takesSeed, takesTiming, type ScheduleField, type ScheduleTexts,
} from '../store/schedule';
import type { Refusals } from '../store/setup';
import { Prose } from '../ui/controls';

export const scheduleId = (field: ScheduleField): string => `schedule-${field}`;

interface PickerProps {
  readonly scenario: Scenario;
  readonly texts: ScheduleTexts;
  /** What the server said about a member of the schedule, by name. */
  readonly refused: Refusals;
  readonly change: (texts: ScheduleTexts) => void;
  /** What is said of a seed that is left open. */
  readonly seedHelp?: MessageKey | undefined;
}

interface TextFieldProps {
  readonly field: ScheduleField;
  readonly title: string;
  readonly help: string;
  readonly text: string;
  readonly error: string | null;
  readonly wide?: boolean;
  readonly change: (text: string) => void;
  readonly children?: JSX.Element;
}

function TextField({ field, title, help, text, error, wide = false, change, children }: TextFieldProps): JSX.Element {
  const id = scheduleId(field);
  return (
    <div class="field">
      <label class="field-title" for={id}>{title}</label>
      <div class="number-input">
        <input
          id={id}
          type="text"
          inputMode={wide ? 'text' : 'numeric'}
          class={wide ? 'wide' : ''}
          autocomplete="off"
          spellcheck={false}
          value={text}
          aria-invalid={error !== null}
          aria-describedby={`${id}-help${error === null ? '' : ` ${id}-error`}`}
          onInput={(event) => change(event.currentTarget.value)}
        />
        {children}
      </div>
      {error !== null && <p id={`${id}-error`} class="field-error">{error}</p>}
      <p id={`${id}-help`} class="field-help">{help}</p>
    </div>
  );
}

function Mode({ mode, chosen, pick }: {
  readonly mode: ScheduleMode;
  readonly chosen: boolean;
  readonly pick: () => void;
}): JSX.Element {
  const app = useApp();
  return (
    <label class={`choice mode ${chosen ? 'chosen' : ''}`}>
      <input type="radio" name="schedule" value={mode} checked={chosen} onChange={pick} />
      <span>
        <strong>{app.t(`schedule.${mode}`)}</strong>
        <span class="field-help">{app.t(`schedule.${mode}.help`)}</span>
      </span>
    </label>
  );
}

const TIMINGS: readonly Timing[] = ['virtual', 'ignored'];

function TimingChoice({ texts, change }: Pick<PickerProps, 'texts' | 'change'>): JSX.Element {
  const app = useApp();
  return (
    <fieldset class="field">
      <legend>{app.t('schedule.timing')}</legend>
      <div class="choices">
        {TIMINGS.map((timing) => (
          <label key={timing} class={`choice mode ${texts.timing === timing ? 'chosen' : ''}`}>
            <input
              type="radio"
              name="timing"
              value={timing}
              checked={texts.timing === timing}
              onChange={() => change({ ...texts, timing })}
            />
            <span>
              <strong>{app.t(`schedule.timing.${timing}`)}</strong>
              <span class="field-help">{app.t(`schedule.timing.${timing}.help`)}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function Details({ texts, change, seedHelp = 'schedule.seed.help', errorOf }: Pick<PickerProps, 'texts' | 'change' | 'seedHelp'> & {
  readonly errorOf: (field: ScheduleField) => string | null;
}): JSX.Element {
  const app = useApp();
  const { mode } = texts;
  return (
    <>
      {takesSeed(mode) && (
        <TextField
          field="seed"
          title={app.t('schedule.seed')}
          help={app.t(seedHelp, { most: SEED_MOST })}
          text={texts.seed}
          error={errorOf('seed')}
          change={(seed) => change({ ...texts, seed })}
        >
          <button type="button" class="small-button" onClick={() => change({ ...texts, seed: newSeed() })}>
            {app.t('schedule.seed.new')}
          </button>
        </TextField>
      )}
      {mode === 'pct' && (
        <TextField
          field="depth"
          title={app.t('schedule.depth')}
          help={app.t('schedule.depth.help', { most: DEPTH_MOST })}
          text={texts.depth}
          error={errorOf('depth')}
          change={(depth) => change({ ...texts, depth })}
        />
      )}
      {mode === 'replay' && (
        <TextField
          field="token"
          title={app.t('schedule.token')}
          help={app.t('schedule.token.help')}
          text={texts.token}
          error={errorOf('token')}
          wide
          change={(token) => change({ ...texts, token })}
        />
      )}
      {takesTiming(mode) && <TimingChoice texts={texts} change={change} />}
    </>
  );
}

export function SchedulePicker({ scenario, texts, refused, change, seedHelp }: PickerProps): JSX.Element {
  const app = useApp();
  const found = checkSchedule(texts, scenario.schedules);
  const errorOf = (field: ScheduleField): string | null => {
    const problem = found?.field === field ? found.problem : refused[field];
    return problem === undefined ? null : app.t(problem.key, problem.args);
  };
  const modes = MODES.filter((mode) => scenario.schedules.includes(mode));
  const wrong = errorOf('mode');
  const onlyFree = modes.length === 1 && (
    <p class="field-help">
      {app.t('schedule.onlyFree')}
      {scenario.freeOnly !== null && <>{app.space()}<Prose text={app.say(scenario.freeOnly)} /></>}
    </p>
  );
  if (onlyFree !== false && wrong === null) {
    return (
      <div class="field">
        <span class="field-title">{app.t('schedule.title')}</span>
        {onlyFree}
      </div>
    );
  }
  return (
    <>
      <fieldset class="field" id={scheduleId('mode')} tabIndex={-1}>
        <legend>{app.t('schedule.title')}</legend>
        <div class="choices">
          {modes.map((mode) => (
            <Mode key={mode} mode={mode} chosen={mode === texts.mode} pick={() => change({ ...texts, mode })} />
          ))}
        </div>
        {wrong !== null && <p class="field-error">{wrong}</p>}
        {onlyFree}
      </fieldset>
      {wrong === null && <Details texts={texts} change={change} seedHelp={seedHelp} errorOf={errorOf} />}
    </>
  );
}
