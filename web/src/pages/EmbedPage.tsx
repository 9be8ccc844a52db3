// A run in somebody else's page: its timeline with the sender's view, and the way here.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Problem } from '../api/client';
import { getScenario } from '../api/scenario';
import { useApp } from '../store/app';
import { runPath } from '../store/route';
import { openRun } from '../store/run';
import { Timeline } from '../timeline/Timeline';
import { Failure } from '../ui/Failure';
import { useTitle } from '../ui/Shell';
import { useLoaded } from '../ui/useLoaded';
import { Verdict } from './RunFacts';
import { EndBadge } from './badges';

export function EmbedPage({ id }: { readonly id: string }): JSX.Element {
  const app = useApp();
  const [store] = useState(() => openRun(id));
  useEffect(() => () => store.close(), []);
  const run = store.run.value;
  const { value } = useLoaded(run?.scenario ?? '', async () => (run === null ? null : getScenario(run.scenario)));
  const scenario = value.value;
  const title = scenario === null ? run?.scenario ?? '' : app.say(scenario.title);
  useTitle(title);
  const failure = store.failure.value;
  if (run === null) {
    return (
      <div class="embed">
        {failure === null && <p class="muted">{app.t('app.loading')}</p>}
        {failure !== null && (failure instanceof Problem && failure.status === 404
          ? <><h1>{app.t('missing.title')}</h1><p>{app.t('missing.run')}</p></> : <Failure error={failure} />)}
      </div>
    );
  }
  return (
    <div class="embed">
      <header class="embed-head">
        <h1><a href={runPath(id) + location.hash} target="_blank" rel="noopener">{title}</a></h1>
        <EndBadge run={run} />
      </header>
      <Verdict run={run} scenario={scenario} />
      <Timeline store={store} place="first" />
    </div>
  );
}
