// Which page an address shows. The code of each is fetched when it is first needed.
import type { JSX } from 'preact';
import { useApp } from '../store/app';
import type { Route } from '../store/route';
import { lazy } from '../ui/lazy';

const CODE = {
  gallery: lazy(async () => (await import('./Gallery')).Gallery),
  scenario: lazy(async () => (await import('./ScenarioPage')).ScenarioPage),
  run: lazy(async () => (await import('./RunPage')).RunPage),
  experiment: lazy(async () => (await import('./ExperimentPage')).ExperimentPage),
  compare: lazy(async () => (await import('./ComparePage')).ComparePage),
  history: lazy(async () => (await import('./HistoryPage')).HistoryPage),
  help: lazy(async () => (await import('./HelpPage')).HelpPage),
  embed: lazy(async () => (await import('./EmbedPage')).EmbedPage),
  join: lazy(async () => (await import('./JoinPage')).JoinPage),
  make: lazy(async () => (await import('./MakePage')).MakePage),
  workshop: lazy(async () => (await import('./WorkshopPage')).WorkshopPage),
  board: lazy(async () => (await import('./BoardPage')).BoardPage),
  missing: lazy(async () => (await import('./Missing')).Missing),
} as const;

/** Fetches a page's code; null when it is here. */
export const codeOf = (page: Route['page']): Promise<void> | null => CODE[page].prepare();

export function Page(): JSX.Element {
  const app = useApp();
  const route = app.route.value;
  switch (route.page) {
    case 'gallery': return <CODE.gallery />;
    case 'scenario': return <CODE.scenario key={route.id} id={route.id} query={route.query} />;
    case 'run': return <CODE.run id={route.id} of={route.of} />;
    case 'experiment': return <CODE.experiment key={route.id} id={route.id} />;
    case 'compare':
      return <CODE.compare key={`${route.first} ${route.second}`} first={route.first} second={route.second} />;
    case 'history': return <CODE.history />;
    case 'help': return <CODE.help />;
    case 'embed': return <CODE.embed id={route.id} />;
    case 'join': return <CODE.join />;
    case 'make': return <CODE.make key={route.id ?? ''} id={route.id} />;
    case 'workshop': return <CODE.workshop key={route.id} id={route.id} step={route.step} />;
    case 'board': return <CODE.board key={route.id} id={route.id} />;
    case 'missing': return <CODE.missing what={app.t('missing.page', { path: route.path })} near={route.path} />;
  }
}
