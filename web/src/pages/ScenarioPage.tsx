// One scenario: what it is, what can come out, the form, the source.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Problem, listRuns } from '../api/client';
import { listExperiments } from '../api/experiments';
import { getScenario, getSource, sourceUrl } from '../api/scenario';
import type { Scenario } from '../api/types';
import { useApp } from '../store/app';
import { newPrediction } from '../store/prediction';
import { fromQuery, type Texts } from '../store/setup';
import { leadOf } from '../store/experiment';
import { experimentPath, runPath } from '../store/route';
import { Failure } from '../ui/Failure';
import { Code } from '../ui/Code';
import { Link, Prose } from '../ui/controls';
import { useTitle } from '../ui/Shell';
import { useLoaded } from '../ui/useLoaded';
import { Missing } from './Missing';
import { Predict } from './Predict';
import { EndBadge } from './badges';
import { Setup } from './Setup';

function Checks({ scenario }: { readonly scenario: Scenario }): JSX.Element | null {
  const app = useApp();
  if (scenario.checks.length === 0) return null;
  return (
    <section>
      <h2>{app.t('scenario.checks')}</h2>
      <ul>
        {scenario.checks.map((check) => <li key={check.name}><Prose text={app.say(check.title)} /></li>)}
      </ul>
    </section>
  );
}

function Source({ scenario }: { readonly scenario: Scenario }): JSX.Element {
  const app = useApp();
  const { value, error, again } = useLoaded(scenario.id, () => getSource(scenario.id));
  return (
    <section class="sources">
      <div class="source-head">
        <h2>{app.t('scenario.source.c')}</h2>
        <a class="small" href={sourceUrl(scenario.id)}>{app.t('scenario.source.raw')}</a>
      </div>
      {error.value !== null && <Failure error={error.value} again={again} />}
      {value.value !== null && (
        <Code source={value.value} language="c" label={app.t('scenario.source.c')} />
      )}
    </section>
  );
}

const MINE_MOST = 5;
/** Positions one stepped through are runs too, but not worth a line. */
const WHOLE = '!stopped';

function Mine({ scenario }: { readonly scenario: Scenario }): JSX.Element | null {
  const app = useApp();
  const { value } = useLoaded(scenario.id,
    () => listRuns({ scenario: scenario.id, mine: 'true', ended: WHOLE, limit: String(MINE_MOST) }));
  const runs = value.value ?? [];
  if (runs.length === 0) return null;
  const time = new Intl.DateTimeFormat(app.language.value, { dateStyle: 'medium', timeStyle: 'medium' });
  return (
    <section>
      <h2>{app.t('scenario.mine')}</h2>
      <ul class="mine">
        {runs.map((run) => (
          <li key={run.id}>
            <Link to={runPath(run.id)}>{time.format(new Date(run.createdAt))}</Link>
            <EndBadge run={run} />
            {run.outcome !== null && <code>{run.outcome.text}</code>}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The reader's experiments with the scenario. */
function MyExperiments({ scenario }: { readonly scenario: Scenario }): JSX.Element | null {
  const app = useApp();
  const { value } = useLoaded(scenario.id,
    () => listExperiments({ scenario: scenario.id, mine: 'true', limit: String(MINE_MOST) }));
  const found = value.value ?? [];
  if (found.length === 0) return null;
  const time = new Intl.DateTimeFormat(app.language.value, { dateStyle: 'medium', timeStyle: 'medium' });
  return (
    <section>
      <h2>{app.t('experiment.mine')}</h2>
      <ul class="mine">
        {found.map((of) => {
          const lead = leadOf(of);
          return (
            <li key={of.id}>
              <Link to={experimentPath(of.id)}>{time.format(new Date(of.createdAt))}</Link>
              <span>{app.t(`experiment.title.${of.kind}`)}</span>
              <span class="muted">{app.t(lead.key, lead.args)}</span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Body({ scenario, query }: { readonly scenario: Scenario; readonly query: string }): JSX.Element {
  const app = useApp();
  const texts = useSignal<Texts>(fromQuery(scenario.params, query));
  const [prediction] = useState(() => newPrediction(scenario.id));
  return (
    <div class="page scenario-page">
      <p class="crumbs small">
        <Link to="/">{app.t('app.gallery')}</Link>
        <span aria-hidden="true"> / </span>
        {app.word('family', scenario.family)}
      </p>
      <h1>{app.say(scenario.title)}</h1>
      <div class="scenario">
        <div class="scenario-text">
          <section>
            <h2>{app.t('scenario.idea')}</h2>
            <p class="lead"><Prose text={app.say(scenario.summary)} /></p>
          </section>
          <Predict scenario={scenario} texts={texts.value} prediction={prediction} />
          {prediction.revealed.value && <Checks scenario={scenario} />}
          <section class="python">
            <h2>{app.t('scenario.source.python')}</h2>
            <Code source={scenario.python} language="python" label={app.t('scenario.source.python')} />
          </section>
          <Mine scenario={scenario} />
          <MyExperiments scenario={scenario} />
        </div>
        <Setup scenario={scenario} query={query} texts={texts} prediction={prediction} />
        <Source scenario={scenario} />
      </div>
    </div>
  );
}

export function ScenarioPage({ id, query }: { readonly id: string; readonly query: string }): JSX.Element {
  const app = useApp();
  const { value, error, again } = useLoaded(id, () => getScenario(id));
  const scenario = value.value;
  useTitle(scenario === null ? '' : app.say(scenario.title));
  if (error.value instanceof Problem && error.value.status === 404) {
    return <Missing what={app.t('missing.scenario', { id })} near={id} />;
  }
  if (error.value !== null) return <div class="page"><Failure error={error.value} again={again} /></div>;
  if (scenario === null) return <div class="page"><p class="muted">{app.t('app.loading')}</p></div>;
  return <Body scenario={scenario} query={query} />;
}
