// A button that shows a link as a code; what draws it is fetched then.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useApp } from '../store/app';
import { lazy } from './lazy';

const QrDialog = lazy(async () => (await import('./QrDialog')).QrDialog);

export function QrButton({ text, title, class: className = 'button' }: {
  /** The link, asked for when it is shown. */
  readonly text: () => string;
  readonly title: string;
  readonly class?: string;
}): JSX.Element {
  const app = useApp();
  const shown = useSignal<string | null>(null);
  return (
    <>
      <button type="button" class={className} onClick={() => { shown.value = text(); }}>{app.t('qr.show')}</button>
      {shown.value !== null && (
        <QrDialog text={shown.value} title={title} close={() => { shown.value = null; }} />
      )}
    </>
  );
}
