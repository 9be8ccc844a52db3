// One experiment: which outcomes, how often, with which witness; live while it goes on.
import { useSignal, type Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Problem, startRun } from '../api/client';
import { cancelExperiment, deleteExperiment, startExperiment } from '../api/experiments';
import { getScenario } from '../api/scenario';
import { followExperiment } from '../api/liveExperiment';
import type { Experiment, ExperimentRequest, FoundOutcome, Scenario } from '../api/types';
import { HistogramView, type Bin } from '../charts/HistogramView';
import { formatNs, formatShare } from '../messages/format';
import { useApp, type App } from '../store/app';
import { keepLinked } from '../store/keep';
import {
  classOf, compare, foundAll, leadOf, mostOften, naturalOrder, outcomeRows, type OutcomeRow,
} from '../store/experiment';
import { experimentPath, runPath, scenarioPath } from '../store/route';
import { SHRINKS_FROM, replayOf } from '../store/schedule';
import { queryOfValues } from '../store/setup';
import { Failure } from '../ui/Failure';
import { useTitle } from '../ui/Shell';
import { Link, Prose } from '../ui/controls';
import { CopyText } from '../ui/copy';
import { refusalText } from '../ui/refusalText';
import { useKeptFocus } from '../ui/useKeptFocus';
import { useLoaded } from '../ui/useLoaded';
import { EXPLORE, REPEATS_BESIDE } from './Experiments';
import { Delete } from './Delete';
import { Missing } from './Missing';
import { ClassBadge } from './badges';

const WAIT_SECONDS = 5;
const BROKEN: ReadonlySet<string> = new Set(['crashed', 'internal-error', 'replay-failed']);
const NAMED_MOST = 6;

interface Followed {
  readonly experiment: Signal<Experiment | null>;
  /** Why it is not followed any more. */
  readonly error: Signal<unknown>;
  readonly again: () => void;
}

function useExperiment(id: string | null): Followed {
  const experiment = useSignal<Experiment | null>(null);
  const error = useSignal<unknown>(null);
  const attempt = useSignal(0);
  useEffect(() => {
    if (experiment.peek()?.id !== id) experiment.value = null;
    error.value = null;
    if (id === null) return undefined;
    return followExperiment(id, {
      experiment: (found) => { experiment.value = found; },
      failed: (reason) => { error.value = reason; },
    });
  }, [id, attempt.value]);
  return { experiment, error, again: () => { attempt.value++; } };
}

/** An outcome as the reader knows it: its text, or the way it ended. */
const outcomeName = (app: App, outcome: FoundOutcome): string =>
  (outcome.ended === 'completed' ? outcome.text : app.word('ended', outcome.ended));

function StatusBadge({ of }: { readonly of: Experiment }): JSX.Element {
  const app = useApp();
  const word = of.status !== 'done' ? of.status
    : of.ended === 'cancelled' ? 'cancelled'
      : of.ended !== null && BROKEN.has(of.ended) ? 'failed' : 'done';
  const style = of.status !== 'done' ? 'going' : word === 'failed' ? 'ended-badly' : 'plain-badge';
  return <span class={`badge ${style}`}>{app.t(`experiment.status.${word}`)}</span>;
}

/** The one outcome that shrinking keeps: as it was given, and with the fewest preemptions so far. */
function Shrunk({ of, scenario }: {
  readonly of: Experiment;
  readonly scenario: Scenario | null;
}): JSX.Element {
  const app = useApp();
  const busy = useSignal(false);
  const failure = useSignal<unknown>(null);
  const outcome = of.outcomes[0];
  if (outcome === undefined) {
    return <p class="muted">{app.t(of.status === 'done' ? 'experiment.nothing' : 'experiment.none')}</p>;
  }
  const rule = outcome.rule === null ? undefined : scenario?.outcomes[outcome.rule];
  const open = async (token: string): Promise<void> => {
    if (busy.peek()) return;
    busy.value = true;
    failure.value = null;
    try {
      await app.follow(() => replayed(of, token));
    } catch (error) {
      failure.value = error;
    }
    busy.value = false;
  };
  const { token } = of;
  const [given, found] = [of.givenPreemptions, outcome.preemptions];
  const most = Math.max(1, given ?? 1);
  const shorter = given !== null && found !== null && found < given;
  const ways = [
    { of: 'given', preemptions: given, token },
    ...(shorter ? [{ of: 'found', preemptions: found, token: outcome.token }] as const : []),
  ] as const;
  return (
    <div class="shrunk">
      <p class="row-name">
        {outcome.ended === 'completed'
          ? <code>{outcome.text}</code> : <strong>{app.word('ended', outcome.ended)}</strong>}
        {outcome.class !== null && <ClassBadge of={outcome.class} />}
      </p>
      {rule !== undefined && <p class="row-meaning"><Prose text={app.say(rule.meaning)} /></p>}
      <dl class="ways">
        {ways.map((way) => (
          <div key={way.of}>
            <dt>{app.t(`shrink.${way.of}`)}</dt>
            <dd>
              <span>{way.preemptions === null ? '–' : app.t('schedule.preemptions', { count: way.preemptions })}</span>
              <span class="share-room" aria-hidden="true">
                <span class="share-fill" style={{ width: `${((way.preemptions ?? 0) / most) * 100}%` }} />
              </span>
            </dd>
            <dd>
              {way.token !== null && (
                <button
                  type="button"
                  class={`button ${way.of === 'found' && of.status === 'done' ? 'primary' : ''}`}
                  aria-disabled={busy.value}
                  onClick={() => void open(way.token ?? '')}
                >
                  {app.t(`shrink.${way.of}.open`)}
                </button>
              )}
            </dd>
          </div>
        ))}
      </dl>
      {failure.value !== null && <p class="field-error" role="alert">{refusalText(app, failure.value)}</p>}
      {shorter && (
        <p class="small muted">
          {[app.t('shrink.same'), ...(of.complete ? [app.t('shrink.needed')] : [])].join(app.space())}
        </p>
      )}
    </div>
  );
}

/** How far it got, and what it took. */
function Lead({ of }: { readonly of: Experiment }): JSX.Element {
  const app = useApp();
  const lead = leadOf(of);
  const sentences = [
    app.t(lead.key, lead.args),
    ...(of.status === 'queued' && of.queuePosition !== null
      ? [app.t('experiment.queued', { position: of.queuePosition })] : []),
    ...(of.kind === 'explore' && of.blocked > 0 ? [app.t('experiment.blocked', { count: of.blocked })] : []),
    ...(of.cut > 0 ? [app.t('experiment.cut', { count: of.cut })] : []),
    // Its numbers come one after the other while it goes on.
    ...(of.status === 'done' && of.others > 0 ? [app.t('experiment.others', { count: of.others })] : []),
    ...(of.kind !== 'repeat'
      ? [app.t(of.timing === 'virtual' ? 'experiment.virtual' : 'experiment.ignores')] : []),
    ...(of.status === 'done' && of.wallNs !== null
      ? [app.t('experiment.took', { time: formatNs(of.wallNs, app.language.value).replace(' ', '\u00a0') })] : []),
  ];
  return (
    <section class={`verdict ${of.complete ? 'acceptable' : ''}`} aria-label={app.t(`experiment.title.${of.kind}`)}>
      <strong>{app.t(`experiment.title.${of.kind}`)}</strong>
      <StatusBadge of={of} />
      <p>{sentences.join(app.space())}</p>
      {of.status !== 'done' && of.total !== null && of.total > 0 && of.kind === 'repeat' && (
        <progress aria-label={app.t('experiment.count')} max={of.total} value={of.done} />
      )}
    </section>
  );
}

interface CellProps {
  readonly of: FoundOutcome | null;
  readonly most: number;
  readonly label: string;
  readonly missing: string;
}

/** How many executions ended so, and their share as a number and a bar. */
function Counted({ of, most, label, missing }: CellProps): JSX.Element {
  const app = useApp();
  const language = app.language.value;
  if (of === null) return <td role="cell" data-label={label} class="counted"><em class="muted">{missing}</em></td>;
  return (
    <td role="cell" data-label={label} class="counted">
      <span class="counts">
        <span>{new Intl.NumberFormat(language).format(of.count)}</span> <span>{formatShare(of.share, language)}</span>
      </span>
      <span class="share-room" aria-hidden="true">
        <span class="share-fill" style={{ width: `${Math.max(1, (of.share / Math.max(most, 1e-9)) * 100)}%` }} />
      </span>
    </td>
  );
}

interface Both {
  readonly one: Experiment;
  readonly other: Experiment | null;
  readonly scenario: Scenario | null;
}

/** The page of a run that goes the way of a token. */
async function replayed(of: Experiment, token: string): Promise<string> {
  return runPath((await startRun(of.scenario, of.params, replayOf(token), WAIT_SECONDS)).id);
}

/** The page of an experiment that looks for a shorter way. */
const shrunk = async (of: Experiment, token: string): Promise<string> =>
  experimentPath((await startExperiment(of.scenario, of.params, { kind: 'shrink', token })).id);

/** A run with this outcome: a stored one, or a replay of the schedule that leads to it. */
function Witness({ row, explored, failed }: {
  readonly row: OutcomeRow;
  readonly explored: Experiment | null;
  readonly failed: (error: unknown) => void;
}): JSX.Element | null {
  const app = useApp();
  const busy = useSignal(false);
  const label = app.t('experiment.showOneOf', { outcome: outcomeName(app, row.outcome) });
  const token = row.explored?.token ?? null;
  const opened = async (find: () => Promise<string>): Promise<void> => {
    if (busy.peek()) return;
    busy.value = true;
    try {
      await app.follow(find);
    } catch (error) {
      failed(error);
    }
    busy.value = false;
  };
  if (token !== null && explored !== null) {
    return (
      <span class="witnesses">
        <button type="button" class="row-button" aria-label={label} aria-disabled={busy.value}
          onClick={() => void opened(() => replayed(explored, token))}>
          {app.t('experiment.showOne')}
        </button>
        {(row.explored?.preemptions ?? 0) >= SHRINKS_FROM && (
          <button type="button" class="link-button small" aria-disabled={busy.value} title={app.t('shrink.help')}
            aria-label={app.t('shrink.findOf', { outcome: outcomeName(app, row.outcome) })}
            onClick={() => void opened(() => shrunk(explored, token))}>
            {app.t('shrink.short')}
          </button>
        )}
      </span>
    );
  }
  const run = row.repeated?.run ?? null;
  return run === null ? null
    : <Link to={runPath(run)} class="row-button" label={label}>{app.t('experiment.showOne')}</Link>;
}

interface RowProps extends Both {
  readonly row: OutcomeRow;
  readonly most: { readonly explored: number; readonly repeated: number };
  readonly heads: Heads;
  readonly failed: (error: unknown) => void;
}

/** What stands above the columns; null where there is none. */
interface Heads {
  readonly explored: string | null;
  readonly repeated: string | null;
}

function Row({ one, other, scenario, row, most, heads, failed }: RowProps): JSX.Element {
  const app = useApp();
  const { outcome } = row;
  const explored = [one, other].find((of) => of?.kind === 'explore') ?? null;
  const of = classOf(outcome, scenario?.outcomes ?? []);
  const rule = outcome.rule === null ? undefined : scenario?.outcomes[outcome.rule];
  return (
    <tr role="row" class={`found-row ${of ?? ''}`}>
      <th scope="row" role="rowheader">
        <span class="row-name">
          {outcome.ended === 'completed'
            ? <code>{outcome.text}</code> : <strong>{app.word('ended', outcome.ended)}</strong>}
          {of !== null && <ClassBadge of={of} />}
        </span>
        {rule !== undefined && <span class="row-meaning"><Prose text={app.say(rule.meaning)} /></span>}
      </th>
      {heads.explored !== null && (
        <Counted of={row.explored} most={most.explored} label={heads.explored} missing={app.t('experiment.notFound')} />
      )}
      {heads.repeated !== null && (
        <Counted of={row.repeated} most={most.repeated} label={heads.repeated} missing={app.t('experiment.never')} />
      )}
      {heads.explored !== null && (
        <td role="cell" class="number" data-label={app.t('experiment.preemptions')}>{row.explored?.preemptions ?? '–'}</td>
      )}
      <td role="cell" class="row-witness"><Witness row={row} explored={explored} failed={failed} /></td>
    </tr>
  );
}

/** The roles are said once more because a narrow window lays the rows out as blocks. */
function Table({ one, other, scenario, rows }: Both & { readonly rows: readonly OutcomeRow[] }): JSX.Element {
  const app = useApp();
  const failure = useSignal<unknown>(null);
  const has = (kind: Experiment['kind']): boolean => one.kind === kind || other?.kind === kind;
  const two = has('explore') && has('repeat');
  const heads: Heads = {
    explored: has('explore') ? app.t(two ? 'experiment.possible' : 'experiment.count') : null,
    repeated: has('repeat') ? app.t(two ? 'experiment.seen' : 'experiment.count') : null,
  };
  const highest = (of: 'explored' | 'repeated'): number => Math.max(...rows.map((row) => row[of]?.share ?? 0));
  const most = { explored: highest('explored'), repeated: highest('repeated') };
  return (
    <>
      <table class="figures found" role="table" aria-label={app.t('experiment.outcomes')}>
        <thead role="rowgroup">
          <tr role="row">
            <th scope="col" role="columnheader">{app.t('experiment.outcome')}</th>
            {heads.explored !== null && <th scope="col" role="columnheader">{heads.explored}</th>}
            {heads.repeated !== null && <th scope="col" role="columnheader">{heads.repeated}</th>}
            {heads.explored !== null && (
              <th scope="col" role="columnheader" class="number">{app.t('experiment.preemptions')}</th>
            )}
            <th scope="col" role="columnheader">{app.t('experiment.witness')}</th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <Row key={row.key} one={one} other={other} scenario={scenario} row={row} most={most} heads={heads}
              failed={(error) => { failure.value = error; }} />
          ))}
        </tbody>
      </table>
      {failure.value !== null && <p class="field-error" role="alert">{refusalText(app, failure.value)}</p>}
    </>
  );
}

function Histogram({ one, other, scenario, rows }: Both & { readonly rows: readonly OutcomeRow[] }): JSX.Element {
  const app = useApp();
  const series = (row: OutcomeRow): number[] => (other === null
    ? [(row.explored ?? row.repeated)?.share ?? 0]
    : [row.explored?.share ?? 0, row.repeated?.share ?? 0]);
  const bins: Bin[] = naturalOrder(rows).map((row) => ({
    name: outcomeName(app, row.outcome),
    completed: row.outcome.ended === 'completed',
    class: classOf(row.outcome, scenario?.outcomes ?? []),
    shares: series(row),
  }));
  const most = mostOften(rows, one.kind);
  return (
    <>
      <HistogramView
        bins={bins}
        label={app.t('experiment.histogramLabel', {
          outcomes: rows.length,
          outcome: outcomeName(app, most.row.outcome),
          share: formatShare(most.share, app.language.value),
        })}
      />
      {other !== null && <p class="small muted">{app.t('experiment.histogramBoth')}</p>}
    </>
  );
}

/** What is possible against what was seen, in words. */
function Compared({ one, other, rows }: Both & { readonly rows: readonly OutcomeRow[] }): JSX.Element | null {
  const app = useApp();
  if (other === null) return null;
  const [explored, repeated] = one.kind === 'explore' ? [one, other] : [other, one];
  if (repeated.done === 0 || explored.outcomes.length === 0) return null;
  const list = (of: readonly OutcomeRow[]): string => {
    const names = of.slice(0, NAMED_MOST).map((row) => outcomeName(app, row.outcome));
    const more = of.length > NAMED_MOST ? ['…'] : [];
    return new Intl.ListFormat(app.language.value, { type: 'conjunction' }).format([...names, ...more]);
  };
  const { missed, extra } = compare(rows);
  const all = foundAll(explored);
  const sentences = [
    missed.length > 0
      ? app.t('experiment.compare.missed', { count: repeated.done, outcomes: list(missed) })
      : app.t(all ? 'experiment.compare.all' : 'experiment.compare.soFar', { count: repeated.done }),
    ...(extra.length > 0 ? [app.t('experiment.compare.extra', { outcomes: list(extra) })] : []),
    ...(extra.length > 0 && !all ? [app.t('experiment.compare.extraWhy')] : []),
  ];
  return <p class="takeaway">{sentences.join(app.space())}</p>;
}

function Buttons({ of, scenario, given, cancel, another }: {
  readonly of: Experiment;
  readonly scenario: Scenario | null;
  /** Its link is given away. */
  readonly given: () => void;
  readonly cancel: () => Promise<void>;
  readonly another: (request: ExperimentRequest) => Promise<void>;
}): JSX.Element {
  const app = useApp();
  const failure = useSignal<unknown>(null);
  const busy = useSignal(false);
  const frame = useKeptFocus<HTMLDivElement>();
  const attempt = async (what: () => Promise<void>): Promise<void> => {
    if (busy.peek()) return;
    busy.value = true;
    failure.value = null;
    try {
      await what();
    } catch (error) {
      failure.value = error;
    }
    busy.value = false;
  };
  const query = scenario === null ? '' : queryOfValues(scenario.params, of.params);
  const explores = of.kind === 'explore';
  return (
    <div ref={frame} class="actions" role="group" aria-label={app.t('experiment.actions')} tabIndex={-1}>
      {of.status !== 'done' && of.mine && (
        <button type="button" class="button danger" aria-disabled={busy.value}
          onClick={() => void attempt(cancel)}>
          {app.t('experiment.cancel')}
        </button>
      )}
      {of.beside === null && explores && (
        <button type="button" class="button primary" aria-disabled={busy.value} title={app.t('experiment.also.help')}
          onClick={() => void attempt(() => another({ kind: 'repeat', count: REPEATS_BESIDE, beside: of.id }))}>
          {app.t('experiment.alsoRepeat', { count: REPEATS_BESIDE })}
        </button>
      )}
      {of.beside === null && of.kind === 'repeat' && scenario?.explorable === true && (
        <button type="button" class="button primary" aria-disabled={busy.value} title={app.t('experiment.also.help')}
          onClick={() => void attempt(() => another({ ...EXPLORE, beside: of.id }))}>
          {app.t('experiment.alsoExplore')}
        </button>
      )}
      <Link to={scenarioPath(of.scenario, query)} class="button">{app.t('experiment.setup')}</Link>
      <CopyText
        text={() => new URL(experimentPath(of.id), location.href).href}
        label={app.t('run.copy')}
        class="button"
        icon="link"
        onCopy={given}
      />
      {of.status === 'done' && of.mine && (
        <Delete
          question={app.t('experiment.deleteSure')}
          remove={() => app.follow(async () => {
            await deleteExperiment(of.id);
            return scenarioPath(of.scenario);
          })}
          failed={(error) => { failure.value = error; }}
        />
      )}
      {failure.value !== null && <p class="field-error" role="alert">{refusalText(app, failure.value)}</p>}
    </div>
  );
}

/** That an experiment which goes on is not followed any more, if it is so. */
function Lost({ of }: { readonly of: Followed }): JSX.Element | null {
  if (of.error.value === null || of.experiment.value?.status === 'done') return null;
  return <Failure error={of.error.value} again={of.again} />;
}

/** Kept once its link was given away and it is done: one that goes on cannot be kept yet. */
function useKept(of: Experiment | null, given: boolean): void {
  const done = of?.status === 'done' ? of.id : null;
  useEffect(() => { if (given && done !== null) keepLinked(experimentPath(done)); }, [given, done]);
}

function Body({ of, followed, others }: {
  readonly of: Experiment;
  readonly followed: Followed;
  readonly others: { readonly id: Signal<string | null>; readonly of: Followed };
}): JSX.Element {
  const app = useApp();
  const { value } = useLoaded(of.scenario, () => getScenario(of.scenario));
  const scenario = value.value;
  const title = scenario === null ? of.scenario : app.say(scenario.title);
  useTitle(title);
  const other = others.of.experiment.value;
  const rows = outcomeRows(of, other);
  const beside = of.beside ?? others.id.value;
  const given = useSignal(false);
  useKept(of, given.value);
  useKept(other, given.value);
  const another = async (request: ExperimentRequest): Promise<void> => {
    others.id.value = (await startExperiment(of.scenario, of.params, request)).id;
  };
  const cancel = async (): Promise<void> => { followed.experiment.value = await cancelExperiment(of.id); };
  return (
    <div class="page experiment-page">
      <header class="run-head">
        <div>
          <p class="crumbs small">
            <Link to="/">{app.t('app.gallery')}</Link>
            {scenario !== null && <><span aria-hidden="true"> / </span>{app.word('family', scenario.family)}</>}
          </p>
          <h1><Link to={scenarioPath(of.scenario)}>{title}</Link></h1>
        </div>
        <Buttons of={{ ...of, beside }} scenario={scenario} given={() => { given.value = true; }} cancel={cancel} another={another} />
      </header>
      <Lead of={of} />
      <Lost of={followed} />
      {other !== null && <Lead of={other} />}
      <Lost of={others.of} />
      <section class="panel">
        <h2>{app.t(of.kind === 'shrink' ? 'experiment.outcome' : 'experiment.outcomes')}</h2>
        {of.kind === 'shrink' && <Shrunk of={of} scenario={scenario} />}
        {of.kind !== 'shrink' && rows.length === 0 && (
          <p class="muted">{app.t(of.status === 'done' ? 'experiment.nothing' : 'experiment.none')}</p>
        )}
        {of.kind !== 'shrink' && rows.length > 0 && (
          <>
            <Compared one={of} other={other} scenario={scenario} rows={rows} />
            {rows.length > 1 && <Histogram one={of} other={other} scenario={scenario} rows={rows} />}
            <Table one={of} other={other} scenario={scenario} rows={rows} />
            {(of.kind === 'explore' || other !== null) && <p class="small muted">{app.t('experiment.shareHelp')}</p>}
          </>
        )}
      </section>
    </div>
  );
}

export function ExperimentPage({ id }: { readonly id: string }): JSX.Element {
  const app = useApp();
  const followed = useExperiment(id);
  const { experiment, error, again } = followed;
  const started = useSignal<string | null>(null);
  const of = experiment.value;
  const other = useExperiment(of?.beside ?? started.value);
  if (error.value instanceof Problem && error.value.status === 404) {
    return <Missing what={app.t('missing.experiment')} near="" />;
  }
  if (of === null) {
    return (
      <div class="page">
        {error.value === null ? <p class="muted">{app.t('app.loading')}</p> : <Failure error={error.value} again={again} />}
      </div>
    );
  }
  return <Body of={of} followed={followed} others={{ id: started, of: other }} />;
}
