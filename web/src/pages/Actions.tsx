// What can be done with a run.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { deleteRun, startRun } from '../api/client';
import type { Run, Scenario } from '../api/types';
import { useApp } from '../store/app';
import { runPath, scenarioPath } from '../store/route';
import { isControlled, joinQuery, scheduleToQuery, textsOfRun } from '../store/schedule';
import { queryOfValues } from '../store/setup';
import { failureText } from '../ui/Failure';
import { CopyButton, Link } from '../ui/controls';

function Delete({ run, failed }: { readonly run: Run; readonly failed: (error: unknown) => void }): JSX.Element {
  const app = useApp();
  const dialog = useRef<HTMLDialogElement>(null);
  const yes = async (): Promise<void> => {
    dialog.current?.close();
    try {
      await deleteRun(run.id);
      app.go(scenarioPath(run.scenario));
    } catch (error) {
      failed(error);
    }
  };
  return (
    <>
      <button type="button" class="button" onClick={() => dialog.current?.showModal()}>
        {app.t('run.delete')}
      </button>
      <dialog ref={dialog} class="sure" aria-labelledby="sure">
        <p id="sure">{app.t('run.deleteSure')}</p>
        <div class="setup-actions">
          <button type="button" class="button danger" onClick={() => void yes()}>{app.t('run.deleteYes')}</button>
          <button type="button" class="button" onClick={() => dialog.current?.close()}>{app.t('run.deleteNo')}</button>
        </div>
      </dialog>
    </>
  );
}

interface ActionsProps {
  readonly run: Run;
  readonly scenario: Scenario | null;
  readonly of: string | null;
}

export function Actions({ run, scenario, of }: ActionsProps): JSX.Element {
  const app = useApp();
  const failure = useSignal<unknown>(null);
  const starting = useSignal(false);
  useEffect(() => { failure.value = null; }, [run.id]);
  const again = async (): Promise<void> => {
    starting.value = true;
    failure.value = null;
    try {
      app.go(runPath((await startRun(run.scenario, run.params)).id));
    } catch (error) {
      failure.value = error;
    }
    starting.value = false;
  };
  const query = scenario === null ? ''
    : joinQuery(queryOfValues(scenario.params, run.params), scheduleToQuery(textsOfRun(run.schedule)));
  const free = !isControlled(run.schedule);
  return (
    <div class="actions">
      {free && (
        <button type="button" class="button primary" disabled={starting.value} onClick={() => void again()}>
          {app.t('run.again')}
        </button>
      )}
      <Link to={scenarioPath(run.scenario, query)} class="button">{app.t('run.change')}</Link>
      <CopyButton path={runPath(run.id, of)} label={app.t('run.copy')} />
      {run.mine && <Delete run={run} failed={(error) => { failure.value = error; }} />}
      {failure.value !== null && <p class="field-error" role="alert">{failureText(app, failure.value)}</p>}
    </div>
  );
}
