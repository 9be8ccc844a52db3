// What surrounds every page: the header with its switches, the footer, the help.
import { useSignal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useApp, type App } from '../store/app';
import type { Language } from '../store/prefs';
import { Failure, Missed } from './Failure';
import { Icon, Link } from './controls';
import { lazy } from './lazy';

function Logo(): JSX.Element {
  return (
    <svg class="logo" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="var(--logo)" />
      <path d="M5 10h9M18 10h9M5 22h4M13 22h14" stroke="#fff" stroke-width="4" stroke-linecap="round" />
      <path d="M14 10c3 0 0 12-1 12" stroke="#8ab4ff" stroke-width="2" fill="none" />
    </svg>
  );
}

/** The address is left alone: its fragment is what one looks at. */
const focusContent = (): void => document.getElementById('content')?.focus();

/**
 * Whoever left by the header or by something that is gone now goes on from the new page's content.
 * From run to run the page stays.
 */
function useFocusOnContent({ route }: App): void {
  const before = useRef(route.peek());
  useEffect(() => {
    const [from, to] = [before.current, route.value];
    before.current = to;
    if (from === to || (from.page === 'run' && to.page === 'run')) return;
    const active = document.activeElement;
    if (active === document.body || active?.closest('.header') != null) focusContent();
  }, [route.value]);
}

function Header({ speak }: { readonly speak: (language: Language) => void }): JSX.Element {
  const app = useApp();
  const chinese = app.language.value === 'zh-CN';
  const dark = app.dark.value;
  const { page } = app.route.value;
  return (
    <header class="header">
      <a class="skip" href="#content" onClick={(event) => { event.preventDefault(); focusContent(); }}>
        {app.t('app.skip')}
      </a>
      <Link to="/" class="brand"><Logo />Interleave</Link>
      <nav aria-label="Interleave">
        <Link to="/" current={page === 'gallery'}>{app.t('app.gallery')}</Link>
        <Link to="/w" current={page === 'join'}>{app.t('workshop.short')}</Link>
        <Link to="/history" current={page === 'history'}>{app.t('history.short')}</Link>
        <Link to="/help" current={page === 'help'}>{app.t('guide.short')}</Link>
      </nav>
      <button
        type="button"
        class="button language"
        lang={chinese ? 'en' : 'zh-CN'}
        onClick={() => speak(chinese ? 'en' : 'zh-CN')}
      >
        {chinese ? 'English' : '中文'}
      </button>
      {!app.forced.value && (
        <button
          type="button"
          class="icon-button theme"
          aria-label={app.t(dark ? 'app.theme.toLight' : 'app.theme.toDark')}
          title={app.t(dark ? 'app.theme.toLight' : 'app.theme.toDark')}
          onClick={() => { app.theme.value = dark ? 'light' : 'dark'; }}
        >
          <Icon name={dark ? 'sun' : 'moon'} />
        </button>
      )}
    </header>
  );
}

/** The server says in its page when it isolates runs less than fully. */
const isReduced = (): boolean => document.getElementById('app')?.dataset.isolation === 'reduced';

const Help = lazy(async () => (await import('./Help')).Help);
const Tour = lazy(async () => (await import('./Tour')).Tour);

/** What may lie over the page. */
export function Over(): JSX.Element {
  const app = useApp();
  return <>{app.help.value && <Help />}{app.tour.value !== null && <Tour />}</>;
}

export function Shell({ children }: { readonly children: ComponentChildren }): JSX.Element {
  const app = useApp();
  const missed = useSignal(false);
  const speak = (language: Language): void => {
    missed.value = false;
    app.speak(language).catch(() => { missed.value = true; });
  };
  useFocusOnContent(app);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const into = event.target instanceof HTMLElement
        && event.target.closest('input, select, textarea') !== null;
      if (event.key !== '?' || into || event.defaultPrevented) return;
      app.help.value = true;
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  return (
    <>
      <Header speak={speak} />
      {isReduced() && <p class="reduced" role="note">{app.t('app.reduced')}</p>}
      <main id="content" tabIndex={-1}>
        {missed.value && <div class="missed"><Failure error={new Missed()} /></div>}
        {children}
      </main>
      <footer class="footer muted small">{app.t('app.footer')}</footer>
      <Over />
    </>
  );
}

/** Sets the title of the window. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === '' ? 'Interleave' : `${title} – Interleave`;
  }, [title]);
}
