import { render, type JSX } from 'preact';
import { ComparePage } from './pages/ComparePage';
import { EmbedPage } from './pages/EmbedPage';
import { ExperimentPage } from './pages/ExperimentPage';
import { Gallery } from './pages/Gallery';
import { HelpPage } from './pages/HelpPage';
import { HistoryPage } from './pages/HistoryPage';
import { Missing } from './pages/Missing';
import { RunPage } from './pages/RunPage';
import { ScenarioPage } from './pages/ScenarioPage';
import { AppContext, newApp, useApp } from './store/app';
import { Help, Shell } from './ui/Shell';

function Page(): JSX.Element {
  const app = useApp();
  const route = app.route.value;
  switch (route.page) {
    case 'gallery': return <Gallery />;
    case 'scenario': return <ScenarioPage key={route.id} id={route.id} query={route.query} />;
    case 'run': return <RunPage id={route.id} of={route.of} />;
    case 'experiment': return <ExperimentPage key={route.id} id={route.id} />;
    case 'compare': return <ComparePage key={`${route.first} ${route.second}`} first={route.first} second={route.second} />;
    case 'history': return <HistoryPage />;
    case 'help': return <HelpPage />;
    case 'embed': return <EmbedPage id={route.id} />;
    case 'missing': return <Missing what={app.t('missing.page', { path: route.path })} near={route.path} />;
  }
}

/** In somebody else's page there is the page alone. */
function Framed(): JSX.Element {
  const app = useApp();
  return app.route.value.page === 'embed' ? <><main id="content"><Page /></main><Help /></> : <Shell><Page /></Shell>;
}

const root = document.getElementById('app');
if (root !== null) {
  render(
    <AppContext.Provider value={newApp()}>
      <Framed />
    </AppContext.Provider>,
    root,
  );
}
