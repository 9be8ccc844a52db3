// Where one types the id of a workshop, makes one, or finds those of this browser again.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { Problem } from '../api/client';
import { getWorkshop } from '../api/workshops';
import { useApp } from '../store/app';
import { MAKE_PATH, workshopPath } from '../store/route';
import { idIn, plainId } from '../store/workshops';
import { failureText } from '../ui/Failure';
import { useTitle } from '../ui/Shell';
import { Link } from '../ui/controls';
import { MyWorkshops } from './MyWorkshops';

export function JoinPage(): JSX.Element {
  const app = useApp();
  const input = useRef<HTMLInputElement>(null);
  const typed = useSignal('');
  const problem = useSignal<string | null>(null);
  const looking = useSignal(false);
  useTitle(app.t('workshop.short'));
  const refuse = (text: string): void => {
    problem.value = text;
    input.current?.focus();
  };
  const enter = async (): Promise<void> => {
    if (looking.peek()) return undefined;
    const id = plainId(idIn(typed.peek()));
    if (id === '') return refuse(app.t('join.error.empty'));
    looking.value = true;
    try {
      await app.follow(async () => workshopPath((await getWorkshop(id)).id));
    } catch (error) {
      refuse(error instanceof Problem && error.status === 404 ? app.t('join.error.none') : failureText(app, error));
    }
    looking.value = false;
    return undefined;
  };
  return (
    <div class="page narrow join">
      <h1>{app.t('workshop.short')}</h1>
      <p class="lead">{app.t('join.what')}</p>
      <form class="panel" noValidate onSubmit={(event) => { event.preventDefault(); void enter(); }}>
        <div class="field">
          <label class="field-title" for="workshop-id">{app.t('join.id')}</label>
          <div class="join-id">
            <input
              ref={input}
              id="workshop-id"
              type="text"
              autocomplete="off"
              autocapitalize="none"
              spellcheck={false}
              placeholder="abc-def-gh2"
              value={typed.value}
              aria-invalid={problem.value !== null}
              aria-describedby={problem.value === null ? undefined : 'workshop-id-error'}
              onInput={(event) => { typed.value = event.currentTarget.value; problem.value = null; }}
            />
            <button type="submit" class="button primary" aria-disabled={looking.value}>{app.t('join.go')}</button>
          </div>
          {problem.value !== null && <p id="workshop-id-error" class="field-error" role="alert">{problem.value}</p>}
        </div>
      </form>
      <MyWorkshops />
      <section>
        <h2>{app.t('make.title')}</h2>
        <p>{app.t('make.what')}</p>
        <Link to={MAKE_PATH} class="button">{app.t('make.title')}</Link>
      </section>
    </div>
  );
}
