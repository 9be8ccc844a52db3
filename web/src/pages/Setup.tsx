// The card with the form and what can be done with it: run, explore, repeat. The whole setup is in
// the page's address.
import { useSignal, type Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Problem, startRun } from '../api/client';
import { startExperiment } from '../api/experiments';
import type { ExperimentRequest, Scenario } from '../api/types';
import { useApp } from '../store/app';
import { notePrediction, type Prediction } from '../store/prediction';
import { problemOf, type FieldProblem } from '../store/refusal';
import { experimentPath, runPath, scenarioPath } from '../store/route';
import {
  FREELY, checkSchedule, joinQuery, scheduleFromQuery, scheduleOf, scheduleToQuery, type ScheduleTexts,
} from '../store/schedule';
import { checkText, defaults, fromQuery, toQuery, valuesOf, type Refusals, type Texts } from '../store/setup';
import { QrButton } from '../ui/QrButton';
import { CopyButton } from '../ui/copy';
import { refusalText } from '../ui/refusalText';
import { AddToWorkshop } from './AddToWorkshop';
import { Experiments } from './Experiments';
import { Form, fieldId } from './Form';
import { SchedulePicker, scheduleId } from './SchedulePicker';

interface Refused {
  readonly params: Refusals;
  readonly schedule: Refusals;
}

const NOTHING: Refused = { params: {}, schedule: {} };

/** What the server objected to, by field; null if it was about something else. */
function refusedFields(error: unknown): Refused | null {
  if (!(error instanceof Problem) || error.status !== 422) return null;
  const under = (part: string): Refusals => Object.fromEntries(error.errors
    .map((e) => [new RegExp(`^/${part}/([^/]+)`).exec(e.pointer)?.[1], problemOf(e)] as const)
    .filter((e): e is readonly [string, FieldProblem] => e[0] !== undefined));
  const refused = { params: under('params'), schedule: under('schedule') };
  const count = Object.keys(refused.params).length + Object.keys(refused.schedule).length;
  return count > 0 ? refused : null;
}

/** The first field that the server objected to, by the id of its element. */
function firstRefused({ params, schedule }: Refused): string {
  const [param] = Object.keys(params);
  if (param !== undefined) return fieldId(param);
  const [member] = Object.keys(schedule);
  return member === 'seed' || member === 'depth' || member === 'token' ? scheduleId(member) : scheduleId('mode');
}

interface SetupProps {
  readonly scenario: Scenario;
  readonly query: string;
  /** What stands in the form. */
  readonly texts: Signal<Texts>;
  readonly prediction: Prediction;
}

export function Setup({ scenario, query, texts, prediction }: SetupProps): JSX.Element {
  const app = useApp();
  const { params } = scenario;
  const schedule = useSignal<ScheduleTexts>(scheduleFromQuery(query));
  const refused = useSignal<Refused>(NOTHING);
  const failure = useSignal<unknown>(null);
  const starting = useSignal(false);
  const tried = useSignal(false);
  useEffect(() => {
    texts.value = fromQuery(params, query);
    schedule.value = scheduleFromQuery(query);
  }, [scenario, query]);

  const wrong = params.filter((p) => checkText(p, texts.value[p.name] ?? '') !== null).map((p) => fieldId(p.name));
  const unscheduled = checkSchedule(schedule.value, scenario.schedules);
  const wrongToRun = unscheduled === null ? wrong : [...wrong, scheduleId(unscheduled.field)];
  const path = scenarioPath(scenario.id, joinQuery(toQuery(params, texts.value), scheduleToQuery(schedule.value)));
  const set = (next: Texts, when: ScheduleTexts): void => {
    texts.value = next;
    schedule.value = when;
    refused.value = NOTHING;
    history.replaceState(history.state, '', scenarioPath(scenario.id, joinQuery(toQuery(params, next), scheduleToQuery(when))));
  };
  const focus = (id: string): void => document.getElementById(id)?.focus();

  /** Starts something and goes to its page, or to the field that is in the way. */
  const start = async (inTheWay: readonly string[], begin: () => Promise<string>): Promise<void> => {
    if (starting.peek()) return undefined;
    tried.value = true;
    failure.value = null;
    if (inTheWay.length > 0) return focus(inTheWay[0]);
    starting.value = true;
    try {
      await app.follow(begin);
    } catch (error) {
      const fields = refusedFields(error);
      if (fields === null) failure.value = error;
      else refused.value = fields;
      if (fields !== null) focus(firstRefused(fields));
    }
    starting.value = false;
    return undefined;
  };
  const values = (): ReturnType<typeof valuesOf> => valuesOf(params, texts.value);
  const run = (): Promise<void> => start(wrongToRun, async () => {
    const { id } = await startRun(scenario.id, values(), scheduleOf(schedule.value));
    notePrediction(scenario.id, id, prediction);
    return runPath(id);
  });
  const experiment = (request: ExperimentRequest): Promise<void> => start(wrong, async () =>
    experimentPath((await startExperiment(scenario.id, values(), request)).id));

  return (
    <form
      class="setup"
      aria-labelledby="setup-title"
      noValidate
      onSubmit={(event) => { event.preventDefault(); void run(); }}
    >
      <h2 id="setup-title">{app.t('scenario.setup')}</h2>
      <Form
        params={params}
        texts={texts.value}
        refused={refused.value.params}
        change={(name, text) => set({ ...texts.value, [name]: text }, schedule.value)}
      />
      <SchedulePicker
        scenario={scenario}
        texts={schedule.value}
        refused={refused.value.schedule}
        change={(when) => set(texts.value, when)}
      />
      {failure.value !== null && <div class="failure" role="alert"><p>{refusalText(app, failure.value)}</p></div>}
      {tried.value && wrongToRun.length > 0 && (
        <p class="field-error" role="alert">{app.t('form.error.some', { count: wrongToRun.length })}</p>
      )}
      <div class="setup-actions">
        <button type="submit" class="button primary run-button" aria-disabled={starting.value}>
          {app.t(starting.value ? 'scenario.running' : 'scenario.run')}
        </button>
        <button type="button" class="button" onClick={() => set(defaults(params), FREELY)}>
          {app.t('scenario.reset')}
        </button>
      </div>
      <Experiments scenario={scenario} busy={starting.value} start={(request) => void experiment(request)} />
      <div class="setup-links">
        <CopyButton path={path} label={app.t('scenario.link')} />
        <QrButton text={() => new URL(path, location.href).href} title={app.t('qr.setup')} />
        <AddToWorkshop scenario={scenario.id} query={new URL(path, location.href).search.slice(1)} />
      </div>
    </form>
  );
}
