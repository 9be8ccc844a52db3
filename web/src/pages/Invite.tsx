// How a class finds its workshop: a link, a code, and an id that can be typed.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { Workshop } from '../api/types';
import { useApp } from '../store/app';
import { workshopPath } from '../store/route';
import { CopyButton } from '../ui/copy';
import { lazy } from '../ui/lazy';

const Qr = lazy(async () => (await import('../ui/Qr')).Qr);
const QrDialog = lazy(async () => (await import('../ui/QrDialog')).QrDialog);

const linkTo = (path: string): string => new URL(path, location.href).href;
/** As one says it aloud. */
const spoken = (path: string): string => `${location.host}${path}`;

function Words({ workshop }: { readonly workshop: Workshop }): JSX.Element {
  const app = useApp();
  return (
    <>
      <p>{app.t('invite.go')} <strong class="code-address">{spoken('/w')}</strong></p>
      <p>{app.t('invite.type')} <strong class="code-id">{workshop.id}</strong></p>
    </>
  );
}

/** A button that shows it over all of the window. */
export function InviteButton({ workshop, class: className = 'button' }: {
  readonly workshop: Workshop;
  readonly class?: string;
}): JSX.Element {
  const app = useApp();
  const shown = useSignal(false);
  return (
    <>
      <button type="button" class={className} onClick={() => { shown.value = true; }}>{app.t('invite.show')}</button>
      {shown.value && (
        <QrDialog text={linkTo(workshopPath(workshop.id))} title={workshop.title} full close={() => { shown.value = false; }}>
          <Words workshop={workshop} />
        </QrDialog>
      )}
    </>
  );
}

export function Invite({ workshop }: { readonly workshop: Workshop }): JSX.Element {
  const app = useApp();
  const path = workshopPath(workshop.id);
  return (
    <section class="panel invite" aria-labelledby="invite">
      <div class="code-small"><Qr text={linkTo(path)} label={app.t('qr.label', { text: linkTo(path) })} /></div>
      <div class="invite-said">
        <h2 id="invite">{app.t('invite.title')}</h2>
        <p class="code-address"><a href={path}>{linkTo(path)}</a></p>
        <Words workshop={workshop} />
        <div class="actions">
          <CopyButton path={path} label={app.t('run.copy')} />
          <InviteButton workshop={workshop} />
        </div>
      </div>
    </section>
  );
}
