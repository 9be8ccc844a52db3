// What can be done with a run.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { deleteRun } from '../api/client';
import type { Run, Scenario } from '../api/types';
import { isMySeat, runAgain } from '../store/again';
import { useApp } from '../store/app';
import { runPath, scenarioPath, workshopPath } from '../store/route';
import { isControlled, joinQuery, scheduleToQuery, textsOfRun } from '../store/schedule';
import { queryOfValues } from '../store/setup';
import { Link } from '../ui/controls';
import { CopyButton } from '../ui/copy';
import { startText } from '../ui/refusalText';
import { CompareMenu } from './CompareMenu';
import { Delete } from './Delete';

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
    if (starting.peek()) return;
    starting.value = true;
    failure.value = null;
    try {
      await app.follow(async () => runPath((await runAgain(run)).id));
    } catch (error) {
      failure.value = error;
    }
    starting.value = false;
  };
  const query = scenario === null ? ''
    : joinQuery(queryOfValues(scenario.params, run.params), scheduleToQuery(textsOfRun(run.schedule)));
  const free = !isControlled(run.schedule);
  /** Where one was before: the step of one's workshop, or the scenario with this setup. */
  const seat = isMySeat(run) ? run.workshop : null;
  const back = (setup: string): string =>
    (seat === null ? scenarioPath(run.scenario, setup) : workshopPath(seat.id, seat.step));
  return (
    <div class="actions">
      {free && (
        <button type="button" class="button primary" aria-disabled={starting.value} onClick={() => void again()}>
          {app.t('run.again')}
        </button>
      )}
      <Link to={back(query)} class="button">{app.t('run.change')}</Link>
      <CompareMenu run={run} scenario={scenario} failed={(error) => { failure.value = error; }} />
      <CopyButton path={runPath(run.id, of)} label={app.t('run.copy')} />
      {run.mine && (
        <Delete
          question={app.t('run.deleteSure')}
          remove={() => app.follow(async () => {
            await deleteRun(run.id);
            return back('');
          })}
          failed={(error) => { failure.value = error; }}
        />
      )}
      {failure.value !== null && <p class="field-error" role="alert">{startText(app, failure.value)}</p>}
    </div>
  );
}
