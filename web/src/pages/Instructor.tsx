// What the instructor may do with a workshop: with the key that is in this browser, or that is pasted.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { changeWorkshop, deleteWorkshop, getWorkshop } from '../api/workshops';
import type { Workshop } from '../api/types';
import { useApp } from '../store/app';
import { editPath } from '../store/route';
import { forgetWorkshop, keepWorkshop, keptWorkshop, plainId } from '../store/workshops';
import { failureText } from '../ui/Failure';
import { Link } from '../ui/controls';
import { CopyText } from '../ui/copy';

interface InstructorProps {
  readonly workshop: Workshop;
  readonly closed: boolean;
  /** It is to be read again: with another key it may be changed. */
  readonly again: () => void;
}

/** Deleted for good, once its id was typed. */
function Remove({ workshop, remove }: { readonly workshop: Workshop; readonly remove: () => Promise<void> }): JSX.Element {
  const app = useApp();
  const dialog = useRef<HTMLDialogElement>(null);
  const typed = useSignal('');
  const busy = useSignal(false);
  const same = plainId(typed.value) === workshop.id;
  const yes = async (): Promise<void> => {
    if (!same || busy.peek()) return;
    busy.value = true;
    await remove();
    busy.value = false;
    dialog.current?.close();
  };
  const ask = (): void => {
    typed.value = '';
    dialog.current?.showModal();
  };
  return (
    <>
      <button type="button" class="button" onClick={ask}>{app.t('run.delete')}</button>
      <dialog ref={dialog} class="sure" aria-labelledby="sure">
        <form class="sure-form" onSubmit={(event) => { event.preventDefault(); void yes(); }}>
          <p id="sure">{app.t('instructor.deleteSure', { title: workshop.title })}</p>
          <div class="field">
            <label class="field-title" for="typed-id">{app.t('instructor.typeId')} <code>{workshop.id}</code></label>
            <input id="typed-id" type="text" autocomplete="off" spellcheck={false} value={typed.value}
              onInput={(event) => { typed.value = event.currentTarget.value; }} />
          </div>
          <div class="setup-actions">
            <button type="submit" class="button danger" disabled={!same || busy.value}>{app.t('run.deleteYes')}</button>
            <button type="button" class="button" onClick={() => dialog.current?.close()}>{app.t('run.deleteNo')}</button>
          </div>
        </form>
      </dialog>
    </>
  );
}

function Key({ workshop, again }: Pick<InstructorProps, 'workshop' | 'again'>): JSX.Element {
  const app = useApp();
  const typed = useSignal('');
  const problem = useSignal<string | null>(null);
  const check = async (): Promise<void> => {
    const key = typed.peek().trim();
    try {
      const { mayChange, title } = await getWorkshop(workshop.id, key === '' ? null : key);
      if (!mayChange) {
        problem.value = app.t('instructor.wrongKey');
        return;
      }
      keepWorkshop(workshop.id, { title, key });
      again();
    } catch (error) {
      problem.value = failureText(app, error);
    }
  };
  return (
    <details class="more">
      <summary>{app.t('instructor.have')}</summary>
      <form class="field" noValidate onSubmit={(event) => { event.preventDefault(); void check(); }}>
        <label class="field-title" for="key">{app.t('instructor.key')}</label>
        <div class="join-id">
          <input id="key" type="text" autocomplete="off" spellcheck={false} value={typed.value}
            aria-invalid={problem.value !== null} aria-describedby={problem.value === null ? undefined : 'key-error'}
            onInput={(event) => { typed.value = event.currentTarget.value; problem.value = null; }} />
          <button type="submit" class="button">{app.t('instructor.use')}</button>
        </div>
        {problem.value !== null && <p id="key-error" class="field-error" role="alert">{problem.value}</p>}
      </form>
    </details>
  );
}

export function Instructor({ workshop, closed, again }: InstructorProps): JSX.Element {
  const app = useApp();
  const failure = useSignal<unknown>(null);
  const busy = useSignal(false);
  const key = keptWorkshop(workshop.id)?.key ?? null;
  if (key === null || !workshop.mayChange) return <Key workshop={workshop} again={again} />;
  const change = async (to: boolean): Promise<void> => {
    if (busy.peek()) return;
    busy.value = true;
    failure.value = null;
    try {
      await changeWorkshop(workshop.id, key, { closed: to });
    } catch (error) {
      failure.value = error;
    }
    busy.value = false;
  };
  const remove = async (): Promise<void> => {
    try {
      await app.follow(async () => {
        await deleteWorkshop(workshop.id, key);
        forgetWorkshop(workshop.id);
        return '/w';
      });
    } catch (error) {
      failure.value = error;
    }
  };
  return (
    <section class="panel instructor" aria-labelledby="instructor">
      <h2 id="instructor">{app.t('instructor.title')}</h2>
      <p>{app.t(closed ? 'workshop.closed' : 'instructor.open')}</p>
      <div class="actions">
        <button type="button" class="button" aria-disabled={busy.value} onClick={() => void change(!closed)}>
          {app.t(closed ? 'instructor.doOpen' : 'instructor.doClose')}
        </button>
        <Link to={editPath(workshop.id)} class="button">{app.t('instructor.edit')}</Link>
        <CopyText text={key} label={app.t('made.copyKey')} class="button" />
        <Remove workshop={workshop} remove={remove} />
      </div>
      {failure.value !== null && <p class="field-error" role="alert">{failureText(app, failure.value)}</p>}
    </section>
  );
}
