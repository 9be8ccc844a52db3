// Runs before the first paint, so that a page never flashes in the wrong colours, and asks for what
// the page will need before its script has come to that.
import { FORCED_COLOURS, readLanguage, readTheme } from './store/prefs';
import { parseRoute } from './store/route';

/** Written by the build: the files of each page and of each language. */
declare const CHUNKS: Readonly<Record<string, readonly string[] | undefined>>;

const theme = readTheme();
if (theme !== 'system' && !matchMedia(FORCED_COLOURS).matches) document.documentElement.dataset.theme = theme;
const language = readLanguage();
document.documentElement.lang = language;

const { page } = parseRoute(location.pathname, location.search);
for (const href of new Set([...CHUNKS[page] ?? [], ...CHUNKS[language] ?? []])) {
  document.head.append(Object.assign(document.createElement('link'), { rel: 'modulepreload', href }));
}

// An address without its fragment would be another view.
addEventListener('click', (event) => {
  if (!(event.target instanceof Element) || event.target.closest('#missed a') === null) return;
  event.preventDefault();
  location.reload();
});

addEventListener('error', ({ target }) => {
  if (target instanceof HTMLScriptElement) document.getElementById('missed')?.removeAttribute('hidden');
}, true);
