// The keys there are, over the page.
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useApp } from '../store/app';
import { KeyList } from './KeyList';
import { Icon, Link } from './controls';

/** Open as long as it is there. */
export function Help(): JSX.Element {
  const app = useApp();
  const dialog = useRef<HTMLDialogElement>(null);
  const close = (): void => dialog.current?.close();
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="help" aria-labelledby="help-title" onClose={() => { app.help.value = false; }}>
      <div class="help-head">
        <h2 id="help-title">{app.t('help.title')}</h2>
        <button type="button" class="icon-button" aria-label={app.t('app.close')} onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      <KeyList />
      <p onClick={close}><Link to="/help">{app.t('guide.title')}</Link></p>
    </dialog>
  );
}
