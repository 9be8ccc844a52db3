import { render, type JSX } from 'preact';
import { fetchTexts } from './messages';
import { Page, codeOf } from './pages/Page';
import { AppContext, newApp, routeHere, useApp } from './store/app';
import { readLanguage } from './store/prefs';
import { Over, Shell } from './ui/Shell';

/** In somebody else's page there is the page alone. */
function Framed(): JSX.Element {
  const app = useApp();
  return app.route.value.page === 'embed' ? <><main id="content"><Page /></main><Over /></> : <Shell><Page /></Shell>;
}

/** Nothing is drawn before all that the first page needs is here. */
async function start(root: HTMLElement): Promise<void> {
  const language = readLanguage();
  const [texts] = await Promise.all([fetchTexts(language), codeOf(routeHere().page)]);
  render(
    <AppContext.Provider value={newApp(language, texts, codeOf)}>
      <Framed />
    </AppContext.Provider>,
    root,
  );
}

const root = document.getElementById('app');
// Without texts there is nothing to say it with but what the page itself brings.
if (root !== null) start(root).catch(() => document.getElementById('missed')?.removeAttribute('hidden'));
