// What was run in this browser, newest first, with search.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { listRunsFrom, listScenarios } from '../api/client';
import type { Run, ScenarioSummary } from '../api/types';
import { useApp, type App } from '../store/app';
import { comparePath, runPath } from '../store/route';
import { isControlled } from '../store/schedule';
import { textOf } from '../store/setup';
import { Failure } from '../ui/Failure';
import { useTitle } from '../ui/Shell';
import { Link } from '../ui/controls';
import { useKeptFocus } from '../ui/useKeptFocus';
import { useLoaded } from '../ui/useLoaded';
import { MyWorkshops } from './MyWorkshops';
import { EndBadge } from './badges';
import { scheduleText } from './schedules';

const PAGE = '50';

/** A run's texts, as the reader sees them and as they are in the address. */
export function searched(run: Run, title: string, ended: string): string {
  const params = Object.entries(run.params).map(([name, value]) => `${name}=${textOf(value)}`);
  return [run.id, run.scenario, title, run.ended ?? '', ended, run.outcome?.text ?? '', ...params].join('\n').toLowerCase();
}

export const hasWords = (text: string, query: string): boolean =>
  query.toLowerCase().split(/\s+/).every((word) => text.includes(word));

/** What one changed of the setup would take a request for each scenario: all of it, then, in one line. */
const setupOf = (run: Run): string =>
  Object.entries(run.params).map(([name, value]) => `${name}=${textOf(value)}`).join(' ');

interface LineProps {
  readonly run: Run;
  readonly title: string;
  readonly chosen: { value: string | null };
}

function Line({ run, title, chosen }: LineProps): JSX.Element {
  const app = useApp();
  const time = new Intl.DateTimeFormat(app.language.value, { dateStyle: 'medium', timeStyle: 'medium' });
  const other = chosen.value;
  return (
    <li class="history-line">
      <p>
        <Link to={runPath(run.id)}>{title}</Link> <EndBadge run={run} />{' '}
        {run.outcome !== null && <code>{run.outcome.text}</code>}
      </p>
      <p class="small muted">
        {time.format(new Date(run.createdAt))}
        {isControlled(run.schedule) && ` · ${scheduleText(app, run.schedule)}`}
      </p>
      <p class="small muted history-setup">{setupOf(run)}</p>
      {other === null || other === run.id ? (
        <button type="button" class="small-button" aria-pressed={other === run.id}
          onClick={() => { chosen.value = other === run.id ? null : run.id; }}>
          {app.t('compare.menu')}
        </button>
      ) : <Link to={comparePath(other, run.id)} class="small-button">{app.t('history.compareWith')}</Link>}
    </li>
  );
}

const titleOf = (app: App, scenarios: readonly ScenarioSummary[], id: string): string => {
  const found = scenarios.find((scenario) => scenario.id === id);
  return found === undefined ? id : app.say(found.title);
};

export function HistoryPage(): JSX.Element {
  const app = useApp();
  const runs = useSignal<readonly Run[]>([]);
  const next = useSignal<string | null>('');
  const going = useSignal(false);
  const error = useSignal<unknown>(null);
  const query = useSignal('');
  const chosen = useSignal<string | null>(null);
  const end = useKeptFocus<HTMLDivElement>();
  const scenarios = useLoaded('scenarios', listScenarios).value.value ?? [];
  useTitle(app.t('history.title'));
  const more = async (): Promise<void> => {
    if (going.peek() || next.peek() === null) return;
    going.value = true;
    error.value = null;
    try {
      const cursor = next.peek();
      const found = await listRunsFrom({ mine: 'true', limit: PAGE, ...(cursor === '' || cursor === null ? {} : { cursor }) });
      runs.value = [...runs.peek(), ...found.runs];
      next.value = found.next;
    } catch (failure) {
      error.value = failure;
    }
    going.value = false;
  };
  useEffect(() => { void more(); }, []);
  const shown = runs.value.filter((run) => run.ended !== 'stopped')
    .filter((run) => hasWords(searched(run, titleOf(app, scenarios, run.scenario), app.word('ended', run.ended ?? '')), query.value.trim()));
  return (
    <div class="page narrow">
      <h1>{app.t('history.title')}</h1>
      <p class="muted">{app.t('history.what')}</p>
      <MyWorkshops />
      {runs.value.length > 0 && (
        <>
          <input
            type="search"
            aria-label={app.t('history.search')}
            placeholder={app.t('history.search')}
            value={query.value}
            onInput={(event) => { query.value = event.currentTarget.value; }}
          />
          <p class="muted small" role="status">{app.t('history.found', { count: shown.length })}</p>
        </>
      )}
      {chosen.value !== null && <p class="small">{app.t('history.choose')}</p>}
      <ul class="history">
        {shown.map((run) => (
          <Line key={run.id} run={run} title={titleOf(app, scenarios, run.scenario)} chosen={chosen} />
        ))}
      </ul>
      <div ref={end} tabIndex={-1}>
        {error.value !== null && <Failure error={error.value} again={() => void more()} />}
        {next.value !== null && error.value === null && (
          <button type="button" class="button" aria-disabled={going.value} onClick={() => void more()}>
            {app.t(going.value ? 'app.loading' : 'history.more')}
          </button>
        )}
      </div>
      {next.value === null && runs.value.length === 0 && (
        <p><Link to="/" class="button primary">{app.t('history.none')}</Link></p>
      )}
    </div>
  );
}
