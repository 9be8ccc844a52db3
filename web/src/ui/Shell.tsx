// What surrounds every page: the header with its switches, the footer, the help.
import { useSignal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { useApp } from '../store/app';
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

function Header({ speak }: { readonly speak: (language: Language) => void }): JSX.Element {
  const app = useApp();
  const chinese = app.language.value === 'zh-CN';
  const dark = app.dark.value;
  return (
    <header class="header">
      <a class="skip" href="#content">{app.t('app.skip')}</a>
      <Link to="/" class="brand"><Logo />Interleave</Link>
      <nav aria-label="Interleave">
        <Link to="/">{app.t('app.gallery')}</Link>
        <Link to="/history">{app.t('history.short')}</Link>
        <Link to="/help">{app.t('guide.short')}</Link>
      </nav>
      <button
        type="button"
        class="button language"
        lang={chinese ? 'en' : 'zh-CN'}
        onClick={() => speak(chinese ? 'en' : 'zh-CN')}
      >
        {chinese ? 'English' : '中文'}
      </button>
      <button
        type="button"
        class="icon-button theme"
        aria-label={app.t(dark ? 'app.theme.toLight' : 'app.theme.toDark')}
        title={app.t(dark ? 'app.theme.toLight' : 'app.theme.toDark')}
        onClick={() => { app.theme.value = dark ? 'light' : 'dark'; }}
      >
        <Icon name={dark ? 'sun' : 'moon'} />
      </button>
    </header>
  );
}

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
