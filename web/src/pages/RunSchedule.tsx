// The schedule a run ran under, what it takes to repeat it, and the races it showed.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { startExperiment } from '../api/experiments';
import type { DataRace, Run, Scenario, ScheduleRequest } from '../api/types';
import { runAgain } from '../store/again';
import { useApp } from '../store/app';
import { experimentPath, runPath } from '../store/route';
import type { RunStore } from '../store/run';
import { exactly, isControlled, newSeed, scheduleOf, shrinks, takesSeed, textsOfRun } from '../store/schedule';
import { timeOrder } from '../trace/sort';
import { CopyText } from '../ui/copy';
import { startText } from '../ui/refusalText';
import { EventLink } from './Details';
import { distinctRaces, raceText, scheduleText } from './schedules';

const TOKEN_SHOWN = 40;

function Token({ token }: { readonly token: string }): JSX.Element {
  const app = useApp();
  const shown = token.length > TOKEN_SHOWN ? `${token.slice(0, TOKEN_SHOWN)}…` : token;
  return (
    <span class="token">
      {app.t('schedule.token')} <code title={token}>{shown}</code>
      <CopyText text={token} label={app.t('schedule.copyToken')} />
    </span>
  );
}

/** A strip below the verdict: nothing for a free run, which nobody can repeat. */
export function ScheduleStrip({ run, scenario }: {
  readonly run: Run;
  readonly scenario: Scenario | null;
}): JSX.Element | null {
  const app = useApp();
  const failure = useSignal<unknown>(null);
  const busy = useSignal(false);
  useEffect(() => { failure.value = null; }, [run.id]);
  const { schedule } = run;
  if (!isControlled(schedule)) return null;
  const open = async (start: () => Promise<string>): Promise<void> => {
    if (busy.peek()) return;
    busy.value = true;
    failure.value = null;
    try {
      await app.follow(start);
    } catch (error) {
      failure.value = error;
    }
    busy.value = false;
  };
  const again = (request: ScheduleRequest): Promise<void> =>
    open(async () => runPath((await runAgain(run, request)).id));
  // Drawn here: what a workshop's step leaves open has the same seed each time.
  const another = (): ScheduleRequest => scheduleOf({ ...textsOfRun(schedule), seed: newSeed() });
  const shrink = (token: string): Promise<void> => open(async () =>
    experimentPath((await startExperiment(run.scenario, run.params, { kind: 'shrink', token })).id));
  const long = scenario?.explorable === true && shrinks(run) ? schedule.token : null;
  const { token, steps, problem } = schedule;
  const tooLong = run.status === 'done' && token === null && steps !== null && problem === null;
  return (
    <section class="ran-under" aria-label={app.t('schedule.title')}>
      <p class="ran-how">
        <strong>{scheduleText(app, schedule)}</strong>
        {schedule.timing === 'ignored' && <span class="muted">{app.t('experiment.ignores')}</span>}
        {schedule.steps !== null && <span>{app.t('schedule.steps', { count: schedule.steps })}</span>}
        {schedule.preemptions !== null && (
          <span title={app.t('schedule.preemptions.help')}>
            {app.t('schedule.preemptions', { count: schedule.preemptions })}
          </span>
        )}
        {schedule.token !== null && <Token token={schedule.token} />}
        {tooLong && <span class="muted">{app.t('schedule.noToken')}</span>}
      </p>
      <span class="ran-again">
        <button type="button" class="small-button" aria-disabled={busy.value} onClick={() => void again(exactly(schedule))}>
          {app.t('schedule.exactly')}
        </button>
        {takesSeed(schedule.mode) && (
          <button type="button" class="small-button" aria-disabled={busy.value} onClick={() => void again(another())}>
            {app.t('schedule.otherSeed')}
          </button>
        )}
        {long !== null && (
          <button type="button" class="small-button" aria-disabled={busy.value} title={app.t('shrink.help')}
            onClick={() => void shrink(long)}>
            {app.t('shrink.find')}
          </button>
        )}
      </span>
      {failure.value !== null && <p class="field-error" role="alert">{startText(app, failure.value)}</p>}
    </section>
  );
}

export function Races({ store, run }: { readonly store: RunStore; readonly run: Run }): JSX.Element | null {
  const app = useApp();
  void store.version.value;
  const races = distinctRaces(run.races);
  if (races.length === 0) return null;
  const order = timeOrder(store.model.log);
  const events = (race: DataRace): number[] => [race.first.event, race.second.event]
    .filter((place): place is number => place !== null && place < order.length)
    .map((place) => order[place]);
  return (
    <section class="panel races">
      <h2>{app.t('race.title', { count: races.length })}</h2>
      <ul class="plain">
        {races.map((race, i) => (
          <li key={i}>
            {raceText(app, race)}
            <span class="race-events small">
              {events(race).map((event) => <EventLink key={event} store={store} event={event} />)}
            </span>
          </li>
        ))}
      </ul>
      <p class="small muted">{app.t('race.help')}</p>
    </section>
  );
}
