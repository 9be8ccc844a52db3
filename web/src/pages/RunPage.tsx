// One run: what came out, the timeline, the output, the chart, the facts. The link is permanent.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { Problem, getScenario } from '../api/client';
import type { ChartKind, Run, Scenario } from '../api/types';
import { BarsView } from '../charts/BarsView';
import { CurveView } from '../charts/CurveView';
import { LevelView } from '../charts/LevelView';
import { MatrixView } from '../charts/MatrixView';
import { OrderView } from '../charts/OrderView';
import { SharesView } from '../charts/SharesView';
import { TableView } from '../charts/TableView';
import { TreeView } from '../charts/TreeView';
import { TurnsView } from '../charts/TurnsView';
import { ValueView } from '../charts/ValueView';
import { Console } from '../console/Console';
import { useApp } from '../store/app';
import { scenarioPath } from '../store/route';
import { openRun, type RunStore } from '../store/run';
import { Timeline } from '../timeline/Timeline';
import { Failure } from '../ui/Failure';
import { useTitle } from '../ui/Shell';
import { Link, Prose } from '../ui/controls';
import { useLoaded } from '../ui/useLoaded';
import { Actions } from './Actions';
import { Details } from './Details';
import { Missing } from './Missing';
import { Checks, Facts, Verdict, Waits } from './RunFacts';
import { EndBadge } from './badges';

/** Drawn from the run's table, which is there when the run is done. */
const FROM_TABLE: ReadonlySet<ChartKind> = new Set<ChartKind>(['matrix', 'curve', 'bars']);

interface BodyProps {
  readonly store: RunStore;
  readonly run: Run;
  readonly scenario: Scenario | null;
}

function Drawing({ kind, store, run, scenario }: BodyProps & {
  readonly kind: ChartKind;
  readonly scenario: Scenario;
}): JSX.Element | null {
  switch (kind) {
    case 'none': return null;
    case 'order': return <OrderView store={store} />;
    case 'value': return <ValueView store={store} />;
    case 'turns': return <TurnsView store={store} />;
    case 'level': return <LevelView store={store} />;
    case 'tree': return <TreeView store={store} />;
    case 'shares': return <SharesView store={store} />;
    case 'matrix': return <MatrixView run={run} scenario={scenario} />;
    case 'curve': return <CurveView run={run} scenario={scenario} />;
    case 'bars': return <BarsView run={run} scenario={scenario} />;
  }
}

/** What fits the scenario: its chart, and its table when the run brought one back. */
function Charts({ store, run, scenario }: BodyProps & { readonly scenario: Scenario }): JSX.Element {
  const app = useApp();
  const kind = scenario.chart;
  const drawn = kind !== 'none' && (run.table.length > 0 || !FROM_TABLE.has(kind));
  return (
    <div class="charts">
      {drawn && (
        <section class="panel chart-panel">
          <h2>{app.t(`${kind}.title`)}</h2>
          <Drawing kind={kind} store={store} run={run} scenario={scenario} />
        </section>
      )}
      {run.table.length > 0 && kind !== 'matrix' && (
        <section class="panel chart-panel">
          <h2>{app.t('figures.title')}</h2>
          <TableView run={run} scenario={scenario} />
        </section>
      )}
    </div>
  );
}

function Output({ store }: { readonly store: RunStore }): JSX.Element {
  const app = useApp();
  void store.version.value;
  return (
    <section class="panel console-panel">
      <div class="panel-head">
        <h2>{app.t('console.title')}</h2>
        <span class="muted small">{app.t('console.lines', { count: store.console.lines.length })}</span>
      </div>
      <Console store={store} />
    </section>
  );
}

function Heading({ store, run, scenario }: BodyProps): JSX.Element {
  const app = useApp();
  const title = scenario === null ? run.scenario : app.say(scenario.title);
  useTitle(title);
  return (
    <header class="run-head">
      <div>
        <p class="crumbs small">
          <Link to="/">{app.t('app.gallery')}</Link>
          {scenario !== null && <><span aria-hidden="true"> / </span>{app.word('family', scenario.family)}</>}
        </p>
        <h1><Link to={scenarioPath(run.scenario)}>{title}</Link> <EndBadge run={run} /></h1>
      </div>
      <Actions store={store} run={run} scenario={scenario} />
    </header>
  );
}

function Body({ store, run, scenario }: BodyProps): JSX.Element {
  const app = useApp();
  const charts = scenario !== null && (scenario.chart !== 'none' || scenario.columns.length > 0);
  return (
    <div class="page wide">
      <Heading store={store} run={run} scenario={scenario} />
      <Verdict run={run} scenario={scenario} />
      {store.traceFailure.value !== null && (
        <p class="failure" role="alert">{app.t('run.traceBroken', { reason: store.traceFailure.value })}</p>
      )}
      {store.failure.value !== null && <Failure error={store.failure.value} />}
      <Timeline store={store} />
      <div class={`below ${charts ? '' : 'no-chart'}`}>
        <Output store={store} />
        {charts && scenario !== null && <Charts store={store} run={run} scenario={scenario} />}
        <aside class="side">
          <Details store={store} />
          <Waits run={run} store={store} />
          <Checks run={run} scenario={scenario} />
          {scenario !== null && (
            <section class="panel lesson">
              <h2>{app.t('scenario.lesson')}</h2>
              <p><Prose text={app.say(scenario.lesson)} /></p>
            </section>
          )}
        </aside>
      </div>
      <Facts run={run} scenario={scenario} />
    </div>
  );
}

/** The scenario of a run, once the run is known. */
function useScenario(run: Run | null): Scenario | null {
  const { value } = useLoaded(run?.scenario ?? '', async () => (run === null ? null : getScenario(run.scenario)));
  return value.value;
}

export function RunPage({ id }: { readonly id: string }): JSX.Element {
  const app = useApp();
  const store = useMemo(() => openRun(id), [id]);
  const gone = useSignal(false);
  useEffect(() => () => store.close(), [store]);
  const run = store.run.value;
  const scenario = useScenario(run);
  const failure = store.failure.value;
  if (failure instanceof Problem && failure.status === 404) gone.value = true;
  if (gone.value) return <Missing what={app.t('missing.run')} near="" />;
  if (run === null) {
    return (
      <div class="page">
        {failure === null ? <p class="muted">{app.t('app.loading')}</p> : <Failure error={failure} />}
      </div>
    );
  }
  return <Body store={store} run={run} scenario={scenario} />;
}
