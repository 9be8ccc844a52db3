// One scenario: what it is, what can come out, the form, the source.
import type { JSX } from 'preact';
import { Problem, getScenario, getSource, listExperiments, listRuns, sourceUrl } from '../api/client';
import type { OutcomeClass, Scenario } from '../api/types';
import { useApp, type App } from '../store/app';
import { valueText } from '../store/setup';
import { leadOf } from '../store/experiment';
import { experimentPath, runPath } from '../store/route';
import { Failure } from '../ui/Failure';
import { Code } from '../ui/Code';
import { Link, Prose } from '../ui/controls';
import { useTitle } from '../ui/Shell';
import { useLoaded } from '../ui/useLoaded';
import { Missing } from './Missing';
import { ClassBadge, EndBadge } from './badges';
import { Setup } from './Setup';

/** "name=value&name!=value" in the words of the form. */
function conditionText(app: App, scenario: Scenario, when: string): string {
  const parts = when.split('&').map((condition) => {
    const [, name = '', not, value = ''] = /^(.*?)(!?)=(.*)$/.exec(condition) ?? [];
    const param = scenario.params.find((p) => p.name === name);
    const title = param === undefined ? name : app.say(param.title);
    return `${title} ${not === '' ? '=' : '≠'} ${valueText(app, param, value)}`;
  });
  return parts.join(app.language.value === 'zh-CN' ? '，' : ', ');
}

function Outcomes({ scenario }: { readonly scenario: Scenario }): JSX.Element | null {
  const app = useApp();
  if (scenario.outcomes.length === 0) return null;
  const order: readonly OutcomeClass[] = ['acceptable', 'interesting', 'forbidden'];
  const sorted = [...scenario.outcomes].sort((a, b) => order.indexOf(a.class) - order.indexOf(b.class));
  return (
    <section>
      <h2>{app.t('scenario.outcomes')}</h2>
      <p class="muted">{app.t('scenario.outcomesHint')}</p>
      <ul class="outcomes">
        {sorted.map((rule, i) => (
          <li key={i}>
            <div class="outcome-what">
              {rule.ended === '' || rule.ended === 'completed'
                ? <code>{rule.pattern}</code>
                : <strong>{app.word('ended', rule.ended)}</strong>}
              <ClassBadge of={rule.class} />
            </div>
            <p>
              <Prose text={app.say(rule.meaning)} />
              {rule.when !== '' && <span class="when">{conditionText(app, scenario, rule.when)}</span>}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

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
          <section class="lesson">
            <h2>{app.t('scenario.lesson')}</h2>
            <p><Prose text={app.say(scenario.lesson)} /></p>
          </section>
          <Outcomes scenario={scenario} />
          <Checks scenario={scenario} />
          <section class="python">
            <h2>{app.t('scenario.source.python')}</h2>
            <Code source={scenario.python} language="python" label={app.t('scenario.source.python')} />
          </section>
          <Mine scenario={scenario} />
          <MyExperiments scenario={scenario} />
        </div>
        <Setup scenario={scenario} query={query} />
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
