// What a run can be seen beside: the reader's other runs, and the same with one thing changed.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { listRuns, startRun } from '../api/client';
import type { Run, Scenario } from '../api/types';
import { useApp } from '../store/app';
import { comparePath } from '../store/route';
import { textOf } from '../store/setup';
import { Menu } from '../ui/Menu';
import { Link } from '../ui/controls';

const MINE_MOST = 6;
const CHANGES_MOST = 4;

interface Props {
  readonly run: Run;
  readonly scenario: Scenario | null;
  readonly failed: (error: unknown) => void;
}

/** The same setup with another choice of one parameter; the first parameters matter most. */
function Changes({ run, scenario, failed }: Props & { readonly scenario: Scenario }): JSX.Element | null {
  const app = useApp();
  const busy = useSignal(false);
  const params = scenario.params.filter((param) => param.choices.length > 1 && !param.common).slice(0, CHANGES_MOST);
  const start = async (name: string, value: string): Promise<void> => {
    if (busy.peek()) return;
    busy.value = true;
    try {
      await app.follow(async () =>
        comparePath(run.id, (await startRun(run.scenario, { ...run.params, [name]: value })).id));
    } catch (error) {
      failed(error);
    }
    busy.value = false;
  };
  return (
    <>
      {params.map((param) => (
        <div key={param.name} role="group" aria-label={app.say(param.title)}>
          <p class="small muted">{app.t('compare.with', { name: app.say(param.title) })}</p>
          {param.choices.filter((choice) => choice.value !== textOf(run.params[param.name] ?? '')).map((choice) => (
            <button
              key={choice.value}
              type="button"
              class="link-button"
              aria-disabled={busy.value}
              onClick={() => void start(param.name, choice.value)}
            >
              {app.say(choice.title)}
            </button>
          ))}
        </div>
      ))}
    </>
  );
}

export function CompareMenu({ run, scenario, failed }: Props): JSX.Element {
  const app = useApp();
  const mine = useSignal<readonly Run[] | null>(null);
  const load = (): void => {
    if (mine.peek() !== null) return;
    listRuns({ scenario: run.scenario, mine: 'true', limit: '40' })
      .then((runs) => {
        mine.value = runs.filter((one) => one.id !== run.id && one.ended !== 'stopped').slice(0, MINE_MOST);
      }, failed);
  };
  const time = new Intl.DateTimeFormat(app.language.value, { dateStyle: 'short', timeStyle: 'medium' });
  return (
    <Menu label={app.t('compare.menu')} class="button" onOpen={load}>
      {() => (
        <>
          {scenario !== null && <Changes run={run} scenario={scenario} failed={failed} />}
          {mine.value !== null && mine.value.length > 0 && (
            <div role="group" aria-label={app.t('scenario.mine')}>
              <p class="small muted">{app.t('scenario.mine')}</p>
              {mine.value.map((one) => (
                <Link key={one.id} to={comparePath(run.id, one.id)}>
                  {time.format(new Date(one.createdAt))} {one.outcome?.text ?? app.word('ended', one.ended ?? '')}
                </Link>
              ))}
            </div>
          )}
        </>
      )}
    </Menu>
  );
}
