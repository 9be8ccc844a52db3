// What a run came to, in plain words: outcome, checks, figures.
import type { JSX } from 'preact';
import { outputUrl, traceUrl } from '../api/client';
import type { Param, Run, RunSchedule, Scenario } from '../api/types';
import { formatBytes, formatNs } from '../messages/format';
import { useApp, type App } from '../store/app';
import { ruleOf } from '../store/outcome';
import { predictionOf } from '../store/prediction';
import { unfollowed } from '../store/refusal';
import { textOf, valueText } from '../store/setup';
import { Prose } from '../ui/controls';
import { OutcomeLook } from './Predict';
import { ClassBadge } from './badges';

interface FactsProps {
  readonly run: Run;
  readonly scenario: Scenario | null;
}

function endMore(app: App, run: Run): string {
  if (run.ended === 'stopped') return app.t('ended.more.stopped', { count: run.schedule.steps ?? 0 });
  const key = `ended.more.${run.ended ?? ''}`;
  if (run.ended === 'completed' || !app.knows(key)) return '';
  return app.t(key, { signal: run.exit?.signal ?? '–', code: run.exit?.code ?? '–' });
}

/** What there is to say of its end. Why nobody goes on says more than that nobody does. */
function moreOf(app: App, run: Run): string {
  const told = run.explanation === null || run.ended === 'stopped' ? [] : [app.say(run.explanation)];
  const still = run.ended === 'deadlock' || run.ended === 'livelock' || run.ended === 'completed';
  const end = still && told.length > 0 ? '' : endMore(app, run);
  return [end, ...told].filter((text) => text !== '').join(app.space());
}

/** The outcome and what it means. */
export function Verdict({ run, scenario, name = '' }: FactsProps & {
  /** What the run is called where there are several. */
  readonly name?: string;
}): JSX.Element | null {
  const app = useApp();
  if (run.status !== 'done') return null;
  const rule = scenario === null ? null : ruleOf(scenario.outcomes, run);
  const of = run.outcome?.class ?? rule?.class ?? null;
  const more = moreOf(app, run);
  return (
    <section class={`verdict ${of ?? ''}`} aria-label={[app.t('run.what'), name].filter((part) => part !== '').join(app.t('app.of'))}>
      {(run.outcome !== null || of !== null) && (
        <div class="verdict-what">
          {run.outcome !== null && <code>{run.outcome.text}</code>}
          {of !== null && <ClassBadge of={of} />}
        </div>
      )}
      <p>
        {rule !== null && <Prose text={app.say(rule.meaning)} />}
        {rule === null && run.outcome !== null && scenario !== null && app.t('run.unexplained')}
        {rule === null && run.outcome === null && more === '' && app.t('run.noOutcome')}
        {more !== '' && `${app.space()}${more}`}
        <Unfollowed schedule={run.schedule} />
      </p>
      <Predicted run={run} scenario={scenario} />
    </section>
  );
}

/** Why its token could not be followed. */
function Unfollowed({ schedule }: { readonly schedule: RunSchedule }): JSX.Element | null {
  const app = useApp();
  const why = unfollowed(schedule);
  if (why !== null) return <>{app.space()}{app.t(why.key, why.args)}</>;
  return schedule.problem === null ? null : <span lang="en"> {schedule.problem}</span>;
}

/** What the reader had expected, beside what it is. */
function Predicted({ run, scenario }: FactsProps): JSX.Element | null {
  const app = useApp();
  const expected = predictionOf(run.id);
  const rule = expected === null ? undefined : scenario?.outcomes[expected];
  if (rule === undefined || scenario === null) return null;
  const actual = ruleOf(scenario.outcomes, run);
  const right = actual !== null && actual.ended === rule.ended && actual.pattern === rule.pattern;
  return (
    <p class="predicted">
      {app.t('predict.said')} <OutcomeLook rule={rule} /> <strong>{app.t(right ? 'predict.right' : 'predict.wrong')}</strong>
    </p>
  );
}

export function Checks({ run, scenario }: FactsProps): JSX.Element | null {
  const app = useApp();
  if (run.checks.length === 0) return null;
  const titleOf = (name: string): string => {
    const found = scenario?.checks.find((check) => check.name === name);
    return found === undefined ? name.replaceAll('-', ' ') : app.say(found.title);
  };
  return (
    <section class="panel">
      <h2>{app.t('run.checks')}</h2>
      <ul class="checks">
        {run.checks.map((check) => (
          <li key={check.name} class={check.held ? 'held' : 'broken'}>
            <span class="check-sign" role="img" aria-label={app.t(check.held ? 'run.check.held' : 'run.check.failed')}>
              {check.held ? '✓' : '✕'}
            </span>
            <div>
              <Prose text={titleOf(check.name)} />
              <dl class="expected">
                <dt>{app.t('run.check.expected')}</dt><dd><code>{check.expected}</code></dd>
                {check.actual !== check.expected && (
                  <><dt>{app.t('run.check.actual')}</dt><dd><code>{check.actual}</code></dd></>
                )}
              </dl>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function metricText(app: App, name: string, value: number): string {
  const language = app.language.value;
  if (name.endsWith('_ns')) return formatNs(value, language);
  if (name.endsWith('_bytes')) return formatBytes(value, language);
  return new Intl.NumberFormat(language).format(value);
}

/** Figures that are only worth a line when there is something to tell. */
const QUIET_WHEN_ZERO = new Set(['events_dropped', 'events_skipped', 'events_malformed', 'items', 'inversions']);

export function Facts({ run, scenario }: FactsProps): JSX.Element {
  const app = useApp();
  const paramOf = (name: string): Param | undefined => scenario?.params.find((p) => p.name === name);
  const titleOf = (name: string): string => {
    const param = paramOf(name);
    return param === undefined ? name : app.say(param.title);
  };
  const metrics = Object.entries(run.metrics)
    .filter(([name, value]) => value !== 0 || !QUIET_WHEN_ZERO.has(name));
  return (
    <section class="panel facts" aria-label={app.t('run.facts')}>
      <div>
        <h2>{app.t('run.facts')}</h2>
        <dl>
          {metrics.map(([name, value]) => (
            <div key={name}><dt>{app.word('metric', name)}</dt><dd>{metricText(app, name, value)}</dd></div>
          ))}
          {run.isolation !== null && (
            <div>
              <dt>{app.word('run.isolation', run.isolation.tier)}</dt>
              <dd title={run.isolation.layers.join(', ')}>
                {app.t('run.isolation.layers', { count: run.isolation.layers.length })}
                {run.isolation.tier !== 'full' && <p class="muted small">{app.t('run.isolation.less')}</p>}
              </dd>
            </div>
          )}
        </dl>
      </div>
      <div>
        <h2>{app.t('run.setup')}</h2>
        <dl>
          {Object.entries(run.params).map(([name, value]) => (
            <div key={name}><dt>{titleOf(name)}</dt><dd>{valueText(app, paramOf(name), textOf(value))}</dd></div>
          ))}
        </dl>
      </div>
      <div>
        <h2>{app.t('run.export')}</h2>
        <ul class="plain export">
          <li><a href={traceUrl(run.id, 'json')}>{app.t('run.export.json')}</a></li>
          <li><a href={traceUrl(run.id, 'chrome')}>{app.t('run.export.chrome')}</a></li>
          <li><a href={traceUrl(run.id, 'csv')}>{app.t('run.export.csv')}</a></li>
          <li><a href={outputUrl(run.id)}>{app.t('run.export.output')}</a></li>
        </ul>
      </div>
    </section>
  );
}
