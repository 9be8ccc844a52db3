// A link as a code, over the page: small for oneself, or over all of the window for a projector.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useApp } from '../store/app';
import { keepLinked } from '../store/keep';
import { Qr } from './Qr';
import { IconButton } from './controls';
import { CopyText } from './copy';

export interface QrDialogProps {
  readonly text: string;
  readonly title: string;
  readonly full?: boolean;
  readonly close: () => void;
  /** What is said beside the code. */
  readonly children?: ComponentChildren;
}

/** Open as long as it is there. What the link leads to is kept: it may be read from the screen. */
export function QrDialog({ text, title, full = false, close, children }: QrDialogProps): JSX.Element {
  const app = useApp();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
    keepLinked(text);
  }, []);
  return (
    <dialog ref={dialog} class={`code-dialog ${full ? 'full' : ''}`} aria-labelledby="code-title" onClose={close}>
      <div class="help-head">
        <h2 id="code-title">{title}</h2>
        <IconButton icon="close" label={app.t('app.close')} onClick={() => dialog.current?.close()} />
      </div>
      <div class="code-body">
        <Qr text={text} label={app.t('qr.label', { text })} />
        <div class="code-said">
          {children}
          {children === undefined && <p class="code-address">{text}</p>}
          <CopyText text={text} label={app.t('run.copy')} class="button" icon="link" />
        </div>
      </div>
    </dialog>
  );
}
