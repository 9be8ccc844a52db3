// One run: what came out, the timeline, the output, the chart, the facts. The link is permanent.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { Problem, getScenario } from '../api/client';
import type { ChartKind, Run, Scenario } from '../api/types';
import { OrderView } from '../charts/OrderView';
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

function Chart({ kind, store }: { readonly kind: ChartKind; readonly store: RunStore }): JSX.Element | null {
  const app = useApp();
  if (kind === 'none') return null;
  return (
    <section class="panel chart-panel">
      <h2>{app.t(`${kind}.title`)}</h2>
      {kind === 'order' && <OrderView store={store} />}
      {kind === 'value' && <ValueView store={store} />}
      {kind === 'turns' && <TurnsView store={store} />}
    </section>
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

interface BodyProps {
  readonly store: RunStore;
  readonly run: Run;
  readonly scenario: Scenario | null;
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
  const chart = scenario?.chart ?? 'none';
  return (
    <div class="page wide">
      <Heading store={store} run={run} scenario={scenario} />
      <Verdict run={run} scenario={scenario} />
      {store.traceFailure.value !== null && (
        <p class="failure" role="alert">{app.t('run.traceBroken', { reason: store.traceFailure.value })}</p>
      )}
      {store.failure.value !== null && <Failure error={store.failure.value} />}
      <Timeline store={store} />
      <div class={`below ${chart === 'none' ? 'no-chart' : ''}`}>
        <Output store={store} />
        <Chart kind={chart} store={store} />
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
