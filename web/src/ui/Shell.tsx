// What surrounds every page: the header with its switches, the footer, the help.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useApp } from '../store/app';
import { KeyList } from './KeyList';
import { Tour } from './Tour';
import { Icon, Link } from './controls';

function Logo(): JSX.Element {
  return (
    <svg class="logo" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="var(--logo)" />
      <path d="M5 10h9M18 10h9M5 22h4M13 22h14" stroke="#fff" stroke-width="4" stroke-linecap="round" />
      <path d="M14 10c3 0 0 12-1 12" stroke="#8ab4ff" stroke-width="2" fill="none" />
    </svg>
  );
}

function Header(): JSX.Element {
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
        onClick={() => { app.language.value = chinese ? 'en' : 'zh-CN'; }}
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

export function Help(): JSX.Element {
  const app = useApp();
  const dialog = useRef<HTMLDialogElement>(null);
  const open = app.help.value;
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  const close = (): void => { app.help.value = false; };
  return (
    <dialog ref={dialog} class="help" aria-labelledby="help-title" onClose={close}>
      <div class="help-head">
        <h2 id="help-title">{app.t('help.title')}</h2>
        <button type="button" class="icon-button" aria-label={app.t('app.close')} onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      <KeyList />
      <p><Link to="/help">{app.t('guide.title')}</Link></p>
    </dialog>
  );
}

export function Shell({ children }: { readonly children: ComponentChildren }): JSX.Element {
  const app = useApp();
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
      <Header />
      <main id="content" tabIndex={-1}>{children}</main>
      <footer class="footer muted small">{app.t('app.footer')}</footer>
      <Help />
      <Tour />
    </>
  );
}

/** Sets the title of the window. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === '' ? 'Interleave' : `${title} – Interleave`;
  }, [title]);
}
