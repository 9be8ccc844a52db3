// One run: what came out, the timeline, the output, the chart, the facts. The link is permanent.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Problem } from '../api/client';
import { getScenario, getSource } from '../api/scenario';
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
import { Waits } from '../charts/WaitGraphView';
import { Console } from '../console/Console';
import { useApp } from '../store/app';
import { scenarioPath } from '../store/route';
import { openRun, type RunStore } from '../store/run';
import { isControlled } from '../store/schedule';
import { Timeline } from '../timeline/Timeline';
import { Failure } from '../ui/Failure';
import { useTitle } from '../ui/Shell';
import { Link, Prose } from '../ui/controls';
import { lazy } from '../ui/lazy';
import { useLoaded } from '../ui/useLoaded';
import { useNarrow } from '../ui/useNarrow';
import { Actions } from './Actions';
import { Details } from './Details';
import { Missing } from './Missing';
import { Program } from './Program';
import { Checks, Facts, Verdict } from './RunFacts';
import { Races, ScheduleStrip } from './RunSchedule';
import { Stepper } from './Stepper';
import { EndBadge } from './badges';

const WorkshopStrip = lazy(async () => (await import('./WorkshopStrip')).WorkshopStrip);

/** Drawn from the run's table, which is there when the run is done. */
const FROM_TABLE: ReadonlySet<ChartKind> = new Set<ChartKind>(['matrix', 'curve', 'bars']);

interface BodyProps {
  readonly store: RunStore;
  readonly run: Run;
  readonly scenario: Scenario | null;
}

interface PageProps extends BodyProps {
  readonly of: string | null;
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

function Heading({ run, scenario, of }: PageProps): JSX.Element {
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
      <Actions run={run} scenario={scenario} of={of} />
    </header>
  );
}

/** The program's text, from when where its tasks are is first shown. */
function useSource(store: RunStore, run: Run): string | null {
  const wanted = useRef(false);
  wanted.current ||= isControlled(run.schedule) || store.selection.value !== null;
  const id = wanted.current ? run.scenario : '';
  return useLoaded(id, async () => (id === '' ? null : getSource(id))).value.value;
}

function Body({ store, run, scenario, of }: PageProps): JSX.Element {
  const app = useApp();
  const source = useSource(store, run);
  const narrow = useNarrow();
  const charts = scenario !== null && (scenario.chart !== 'none' || scenario.columns.length > 0);
  const told = (
    <>
      <Verdict run={run} scenario={scenario} />
      <ScheduleStrip run={run} scenario={scenario} />
    </>
  );
  return (
    <div class="page wide">
      {run.workshop !== null && <WorkshopStrip seat={run.workshop} />}
      <Heading store={store} run={run} scenario={scenario} of={of} />
      {!narrow.value && told}
      {store.traceFailure.value !== null && (
        <p class="failure" role="alert">{app.t('run.traceBroken', { reason: store.traceFailure.value })}</p>
      )}
      {store.failure.value !== null && <Failure error={store.failure.value} />}
      {isControlled(run.schedule) && <Stepper store={store} run={run} of={of} source={source} />}
      <Timeline store={store} place="first" />
      {narrow.value && told}
      <div class={`below ${charts ? '' : 'no-chart'}`}>
        <Output store={store} />
        {charts && scenario !== null && <Charts store={store} run={run} scenario={scenario} />}
        <Program store={store} source={source} />
        <aside class="side">
          <Details store={store} />
          <Waits run={run} store={store} source={source} />
          <Races store={store} run={run} />
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

/** How long a run may take to come before what was shown before it makes room. */
const PATIENCE_MS = 600;

interface Shown {
  readonly store: RunStore;
  readonly of: string | null;
}

/** The run to show. While the next one is on its way the one before stays, so that steps do not blink. */
function useShown(id: string, of: string | null): Shown {
  const [first] = useState<Shown>(() => ({ store: openRun(id), of }));
  const shown = useSignal(first);
  useEffect(() => {
    const before = shown.peek();
    if (before.store.id === id) {
      if (before.of !== of) shown.value = { store: before.store, of };
      return undefined;
    }
    const next = openRun(id);
    for (const kept of ['pins', 'folded'] as const) next[kept].value = before.store[kept].peek();
    next.ordered.value = before.store.ordered.peek();
    let open = true;
    const take = (): void => {
      if (!open) return;
      open = false;
      before.store.close();
      shown.value = { store: next, of };
    };
    const timer = setTimeout(take, PATIENCE_MS);
    void next.loaded.then(take);
    return () => {
      clearTimeout(timer);
      if (open) next.close();
      open = false;
    };
  }, [id, of]);
  useEffect(() => () => shown.peek().store.close(), []);
  return shown.value;
}

export function RunPage(props: { readonly id: string; readonly of: string | null }): JSX.Element {
  const app = useApp();
  const { store, of } = useShown(props.id, props.of);
  const run = store.run.value;
  const scenario = useScenario(run);
  const failure = store.failure.value;
  if (failure instanceof Problem && failure.status === 404) return <Missing what={app.t('missing.run')} near="" />;
  if (run === null) {
    return (
      <div class="page">
        {failure === null ? <p class="muted">{app.t('app.loading')}</p> : <Failure error={failure} />}
      </div>
    );
  }
  return <Body store={store} run={run} scenario={scenario} of={of} />;
}
