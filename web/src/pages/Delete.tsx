// Deleting for good, after asking.
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { useApp } from '../store/app';

interface DeleteProps {
  readonly question: string;
  readonly remove: () => Promise<void>;
  readonly failed: (error: unknown) => void;
}

export function Delete({ question, remove, failed }: DeleteProps): JSX.Element {
  const app = useApp();
  const dialog = useRef<HTMLDialogElement>(null);
  const yes = async (): Promise<void> => {
    dialog.current?.close();
    try {
      await remove();
    } catch (error) {
      failed(error);
    }
  };
  return (
    <>
      <button type="button" class="button" onClick={() => dialog.current?.showModal()}>
        {app.t('run.delete')}
      </button>
      <dialog ref={dialog} class="sure" aria-labelledby="sure">
        <p id="sure">{question}</p>
        <div class="setup-actions">
          <button type="button" class="button danger" onClick={() => void yes()}>{app.t('run.deleteYes')}</button>
          <button type="button" class="button" onClick={() => dialog.current?.close()}>{app.t('run.deleteNo')}</button>
        </div>
      </dialog>
    </>
  );
}
