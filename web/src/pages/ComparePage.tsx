// Two runs under one ruler: what differs in their setup, where they part, what they came to.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Problem } from '../api/client';
import { getScenario } from '../api/scenario';
import type { Run, Scenario } from '../api/types';
import { WaitLengthsView } from '../charts/WaitLengthsView';
import { useApp } from '../store/app';
import { comparePath, runPath, scenarioPath } from '../store/route';
import { openRun, type RunStore } from '../store/run';
import { textOf, valueText } from '../store/setup';
import { Timeline } from '../timeline/Timeline';
import { selectEvent } from '../timeline/moves';
import type { PlaceSide } from '../timeline/place';
import { objectName, taskName } from '../timeline/sentences';
import { firstDifference, type Difference } from '../trace/difference';
import { NOTHING } from '../trace/log';
import { EVENT_TEXT } from '../trace/texts.gen';
import { Failure } from '../ui/Failure';
import { useTitle } from '../ui/Shell';
import { Link, Prose } from '../ui/controls';
import { CopyButton } from '../ui/copy';
import { useLoaded } from '../ui/useLoaded';
import { Missing } from './Missing';
import { Verdict, metricText } from './RunFacts';
import { EndBadge } from './badges';
import { scheduleText } from './schedules';

type Pair<T> = readonly [T, T];
const SIDES: Pair<string> = ['A', 'B'];

interface BothProps {
  readonly stores: Pair<RunStore>;
  readonly runs: Pair<Run>;
  readonly scenario: Scenario | null;
}

/** Names whose values differ, with both values. */
function differing(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): string[] {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return names.filter((name) => String(a[name]) !== String(b[name]));
}

function EventButton({ store, event, side }: {
  readonly store: RunStore;
  readonly event: number;
  readonly side: string;
}): JSX.Element {
  const app = useApp();
  const { log } = store.model;
  if (event < 0) return <p>{app.t('compare.over', { side })}</p>;
  const object = log.object[event];
  return (
    <p>
      <strong>{side}</strong>{' '}
      <button type="button" class="link-button" onClick={() => { store.selection.value = selectEvent(store.model, event); }}>
        {taskName(store.model, log.task[event])} · {EVENT_TEXT[log.kind[event]]}
        {object !== NOTHING && ` · ${objectName(store.model, object)}`}
      </button>
    </p>
  );
}

/** Where they part: marked in both timelines, and a click away. */
function Parting({ stores, runs }: BothProps): JSX.Element {
  const app = useApp();
  const [found, setFound] = useState<Difference | null | undefined>(undefined);
  const [a, b] = stores;
  useEffect(() => {
    let open = true;
    void Promise.all([a.loaded, b.loaded]).then(() => {
      if (!open) return;
      const difference = firstDifference(a.model.log, b.model.log);
      setFound(difference);
      stores.forEach((store, i) => {
        const event = difference?.events[i] ?? -1;
        if (event >= 0 && store.marks.peek().length === 0) store.marks.value = [Math.round(store.model.log.t[event])];
      });
    });
    return () => { open = false; };
  }, [a, b]);
  const done = runs.every((run) => run.status === 'done');
  return (
    <section class="panel">
      <h2>{app.t('compare.parting')}</h2>
      {found === undefined && <p class="muted">{app.t(done ? 'app.loading' : 'compare.going')}</p>}
      {found === null && <p>{app.t('compare.same')}</p>}
      {found !== undefined && found !== null && (
        <>
          <p>{app.t('compare.until', { count: found.same })}</p>
          {stores.map((store, i) => (
            <EventButton key={store.id} store={store} event={found.events[i]} side={SIDES[i]} />
          ))}
        </>
      )}
    </section>
  );
}

function Rows({ title, rows }: {
  readonly title: string;
  readonly rows: readonly (readonly [string, string, string])[];
}): JSX.Element | null {
  if (rows.length === 0) return null;
  return (
    <table class="compare-table">
      <caption>{title}</caption>
      <thead><tr><td />{SIDES.map((side) => <th key={side} scope="col">{side}</th>)}</tr></thead>
      <tbody>
        {rows.map(([name, a, b]) => (
          <tr key={name} class={a === b ? '' : 'differs'}><th scope="row">{name}</th><td>{a}</td><td>{b}</td></tr>
        ))}
      </tbody>
    </table>
  );
}

function Facts({ runs, scenario }: BothProps): JSX.Element {
  const app = useApp();
  const [a, b] = runs;
  const paramOf = (name: string): Scenario['params'][number] | undefined =>
    scenario?.params.find((param) => param.name === name);
  const shown = (run: Run, name: string): string =>
    (run.params[name] === undefined ? '–' : valueText(app, paramOf(name), textOf(run.params[name])));
  const setup = differing(a.params, b.params).map((name) => {
    const param = paramOf(name);
    return [param === undefined ? name : app.say(param.title), shown(a, name), shown(b, name)] as const;
  });
  const [first, second] = runs.map((run) => scheduleText(app, run.schedule));
  const figure = (run: Run, name: string): string =>
    (run.metrics[name] === undefined ? '–' : metricText(app, name, run.metrics[name]));
  const metrics = Object.keys({ ...a.metrics, ...b.metrics })
    .filter((name) => (a.metrics[name] ?? 0) !== 0 || (b.metrics[name] ?? 0) !== 0)
    .map((name) => [app.word('metric', name), figure(a, name), figure(b, name)] as const);
  return (
    <section class="panel">
      <h2>{app.t('compare.facts')}</h2>
      {setup.length === 0 && first === second && <p class="muted">{app.t('compare.sameSetup')}</p>}
      <Rows title={app.t('compare.setup')}
        rows={first === second ? setup : [[app.t('schedule.title'), first, second], ...setup]} />
      <Rows title={app.t('compare.figures')} rows={metrics} />
    </section>
  );
}

function Side({ store, run, scenario, side, place }: {
  readonly store: RunStore;
  readonly run: Run;
  readonly scenario: Scenario | null;
  readonly side: string;
  readonly place: PlaceSide;
}): JSX.Element {
  const app = useApp();
  return (
    <section class="compare-side" aria-label={app.t('compare.run', { side })}>
      <h2>
        <Link to={runPath(run.id)}>{app.t('compare.run', { side })}</Link> <EndBadge run={run} />
      </h2>
      {store.failure.value !== null && <Failure error={store.failure.value} />}
      <Verdict run={run} scenario={scenario} name={app.t('compare.run', { side })} />
      <Timeline store={store} place={place} name={app.t('compare.run', { side })} />
    </section>
  );
}

function Body(props: BothProps): JSX.Element {
  const app = useApp();
  const { stores, runs, scenario } = props;
  const [a, b] = runs;
  const title = scenario === null ? a.scenario : app.say(scenario.title);
  useTitle(app.t('compare.title', { title }));
  return (
    <div class="page wide">
      <p class="crumbs small">
        <Link to="/">{app.t('app.gallery')}</Link>
        {scenario !== null && (
          <><span aria-hidden="true"> / </span><Link to={scenarioPath(scenario.id)}>{app.say(scenario.title)}</Link></>
        )}
      </p>
      <header class="run-head">
        <h1>{app.t('compare.title', { title })}</h1>
        <div class="actions"><CopyButton path={comparePath(a.id, b.id)} label={app.t('run.copy')} /></div>
      </header>
      {a.scenario !== b.scenario && <p class="muted">{app.t('compare.different')}</p>}
      {stores.map((store, i) => (
        <Side key={store.id} store={store} run={runs[i]} scenario={i === 0 || a.scenario === b.scenario ? scenario : null}
          side={SIDES[i]} place={i === 0 ? 'first' : 'second'} />
      ))}
      <div class="compare-below">
        <Parting {...props} />
        <Facts {...props} />
      </div>
      <WaitLengthsView stores={stores} sides={SIDES} />
      {scenario !== null && a.scenario === b.scenario && (
        <section class="panel lesson">
          <h2>{app.t('scenario.lesson')}</h2>
          <p><Prose text={app.say(scenario.lesson)} /></p>
        </section>
      )}
    </div>
  );
}

export function ComparePage({ first, second }: { readonly first: string; readonly second: string }): JSX.Element {
  const app = useApp();
  const [stores] = useState<Pair<RunStore>>(() => {
    const one = openRun(first);
    return [one, openRun(second, one)];
  });
  useEffect(() => () => stores.forEach((store) => store.close()), []);
  const [a, b] = stores.map((store) => store.run.value);
  const { value } = useLoaded(a?.scenario ?? '', async () => (a === null ? null : getScenario(a.scenario)));
  const failure = stores.map((store) => store.failure.value).find((one) => one !== null) ?? null;
  if (failure instanceof Problem && failure.status === 404) return <Missing what={app.t('missing.run')} near="" />;
  if (a === null || b === null) {
    return <div class="page">{failure === null ? <p class="muted">{app.t('app.loading')}</p> : <Failure error={failure} />}</div>;
  }
  return <Body stores={stores} runs={[a, b]} scenario={value.value} />;
}
