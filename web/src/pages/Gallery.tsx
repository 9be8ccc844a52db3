// All scenarios, by family, with search.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { listScenarios } from '../api/client';
import type { ScenarioSummary } from '../api/types';
import { useApp } from '../store/app';
import { scenarioPath } from '../store/route';
import { Failure } from '../ui/Failure';
import { useTitle } from '../ui/Shell';
import { Link, Prose } from '../ui/controls';
import { useLoaded } from '../ui/useLoaded';
import { Thumbnail } from './Thumbnail';
import { familiesOf, search } from './search';

function Card({ scenario }: { readonly scenario: ScenarioSummary }): JSX.Element {
  const app = useApp();
  return (
    <li class="card">
      <Thumbnail scenario={scenario.id} />
      <h3>
        <Link to={scenarioPath(scenario.id)}>{app.say(scenario.title)}</Link>
      </h3>
      <p><Prose text={app.say(scenario.summary)} /></p>
      <p class="card-lesson"><Prose text={app.say(scenario.lesson)} /></p>
    </li>
  );
}

const COLUMNS = 3;

function Family({ name, scenarios }: {
  readonly name: string;
  readonly scenarios: readonly ScenarioSummary[];
}): JSX.Element {
  const app = useApp();
  return (
    <section class={`family span-${Math.min(COLUMNS, scenarios.length)}`}>
      <h2>{app.word('family', name)}</h2>
      <ul class="cards">
        {scenarios.map((scenario) => <Card key={scenario.id} scenario={scenario} />)}
      </ul>
    </section>
  );
}

interface FilterProps {
  readonly families: readonly string[];
  readonly family: { value: string };
  readonly query: { value: string };
  readonly found: number;
}

function Filter({ families, family, query, found }: FilterProps): JSX.Element {
  const app = useApp();
  return (
    <div class="filter">
      <input
        type="search"
        aria-label={app.t('gallery.search')}
        placeholder={`${app.t('gallery.search')}: ${app.t('gallery.searchHint')}`}
        value={query.value}
        onInput={(event) => { query.value = event.currentTarget.value; }}
      />
      <div class="chips" role="group" aria-label={app.t('gallery.families')}>
        {['', ...families].map((name) => (
          <button
            key={name}
            type="button"
            class="chip"
            aria-pressed={family.value === name}
            onClick={() => { family.value = name; }}
          >
            {name === '' ? app.t('gallery.all') : app.word('family', name)}
          </button>
        ))}
      </div>
      <p class="muted small" role="status">{app.t('gallery.found', { count: found })}</p>
    </div>
  );
}

export function Gallery(): JSX.Element {
  const app = useApp();
  const query = useSignal('');
  const family = useSignal('');
  const { value, error, again } = useLoaded('scenarios', listScenarios);
  useTitle('');
  const all = value.value ?? [];
  const found = search(all, query.value, (name) => app.word('family', name))
    .filter((scenario) => family.value === '' || scenario.family === family.value);
  return (
    <div class="page">
      <div class="hero">
        <h1>{app.t('app.tagline')}</h1>
        <p>{app.t('app.intro')}</p>
        <p>
          <button type="button" class="button" onClick={() => { app.tour.value = 0; }}>{app.t('tour.begin')}</button>
        </p>
      </div>
      {error.value !== null && <Failure error={error.value} again={again} />}
      {value.value === null && error.value === null && <p class="muted">{app.t('app.loading')}</p>}
      {value.value !== null && (
        <Filter families={familiesOf(all)} family={family} query={query} found={found.length} />
      )}
      <div class="families">
        {familiesOf(found).map((name) => (
          <Family key={name} name={name} scenarios={found.filter((s) => s.family === name)} />
        ))}
      </div>
      {value.value !== null && found.length === 0 && (
        <div class="nothing">
          <p>{app.t('gallery.none', { query: query.value })}</p>
          <button type="button" class="button" onClick={() => { query.value = ''; family.value = ''; }}>
            {app.t('gallery.clear')}
          </button>
        </div>
      )}
    </div>
  );
}
