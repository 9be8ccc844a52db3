import { render, type JSX } from 'preact';
import { ExperimentPage } from './pages/ExperimentPage';
import { Gallery } from './pages/Gallery';
import { Missing } from './pages/Missing';
import { RunPage } from './pages/RunPage';
import { ScenarioPage } from './pages/ScenarioPage';
import { AppContext, newApp, useApp } from './store/app';
import { Shell } from './ui/Shell';

function Page(): JSX.Element {
  const app = useApp();
  const route = app.route.value;
  switch (route.page) {
    case 'gallery': return <Gallery />;
    case 'scenario': return <ScenarioPage key={route.id} id={route.id} query={route.query} />;
    case 'run': return <RunPage id={route.id} of={route.of} />;
    case 'experiment': return <ExperimentPage key={route.id} id={route.id} />;
    case 'missing': return <Missing what={app.t('missing.page', { path: route.path })} near={route.path} />;
  }
}

const root = document.getElementById('app');
if (root !== null) {
  render(
    <AppContext.Provider value={newApp()}>
      <Shell><Page /></Shell>
    </AppContext.Provider>,
    root,
  );
}
