// The card with the form and the Run button. The whole setup is in the page's address.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Problem, startRun } from '../api/client';
import type { Scenario } from '../api/types';
import { useApp } from '../store/app';
import { runPath, scenarioPath } from '../store/route';
import { checkText, defaults, fromQuery, toQuery, valuesOf, type Texts } from '../store/setup';
import { Failure } from '../ui/Failure';
import { CopyButton } from '../ui/controls';
import { Form, fieldId } from './Form';

/** What the server objected to, by parameter; null if it was about something else. */
function refusedFields(error: unknown): Record<string, string> | null {
  if (!(error instanceof Problem) || error.status !== 422) return null;
  const found = error.errors
    .map((e) => [/^\/params\/([^/]+)/.exec(e.pointer)?.[1], e.detail] as const)
    .filter((e): e is readonly [string, string] => e[0] !== undefined);
  return found.length > 0 ? Object.fromEntries(found) : null;
}

interface SetupProps {
  readonly scenario: Scenario;
  readonly query: string;
}

export function Setup({ scenario, query }: SetupProps): JSX.Element {
  const app = useApp();
  const { params } = scenario;
  const texts = useSignal<Texts>(fromQuery(params, query));
  const refused = useSignal<Record<string, string>>({});
  const failure = useSignal<unknown>(null);
  const starting = useSignal(false);
  const tried = useSignal(false);
  useEffect(() => { texts.value = fromQuery(params, query); }, [scenario, query]);

  const wrong = params.filter((p) => checkText(p, texts.value[p.name] ?? '') !== null);
  const path = scenarioPath(scenario.id, toQuery(params, texts.value));
  const set = (next: Texts): void => {
    texts.value = next;
    refused.value = {};
    history.replaceState(null, '', scenarioPath(scenario.id, toQuery(params, next)));
  };
  const focus = (name: string): void => document.getElementById(fieldId(name))?.focus();

  const run = async (): Promise<void> => {
    tried.value = true;
    failure.value = null;
    if (wrong.length > 0) return focus(wrong[0].name);
    starting.value = true;
    try {
      app.go(runPath((await startRun(scenario.id, valuesOf(params, texts.value))).id));
    } catch (error) {
      const fields = refusedFields(error);
      if (fields === null) failure.value = error;
      else refused.value = fields;
      focus(Object.keys(fields ?? {})[0] ?? '');
    }
    starting.value = false;
    return undefined;
  };

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
        refused={refused.value}
        change={(name, text) => set({ ...texts.value, [name]: text })}
      />
      {failure.value !== null && <Failure error={failure.value} />}
      {tried.value && wrong.length > 0 && (
        <p class="field-error" role="alert">{app.t('form.error.some', { count: wrong.length })}</p>
      )}
      <div class="setup-actions">
        <button type="submit" class="button primary run-button" disabled={starting.value}>
          {app.t(starting.value ? 'scenario.running' : 'scenario.run')}
        </button>
        <button type="button" class="button" onClick={() => set(defaults(params))}>
          {app.t('scenario.reset')}
        </button>
      </div>
      <CopyButton path={path} label={app.t('scenario.link')} />
    </form>
  );
}
