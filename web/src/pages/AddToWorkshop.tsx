// Puts the setup one has before oneself into the workshop one is putting together in this browser.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useApp } from '../store/app';
import { STEPS_MOST, addStep, readDraft, writeDraft } from '../store/draft';
import type { FieldProblem } from '../store/refusal';
import { MAKE_PATH } from '../store/route';
import { Link } from '../ui/controls';

export function AddToWorkshop({ scenario, query }: { readonly scenario: string; readonly query: string }): JSX.Element {
  const app = useApp();
  const said = useSignal<FieldProblem | null>(null);
  const add = (): void => {
    const draft = readDraft();
    if (draft.steps.length === STEPS_MOST) {
      said.value = { key: 'make.error.many', args: { most: STEPS_MOST } };
      return;
    }
    writeDraft(addStep(draft, scenario, query));
    const count = readDraft().steps.length;
    said.value = count > draft.steps.length ? { key: 'workshop.added', args: { count } } : { key: 'workshop.unkept' };
  };
  return (
    <>
      <button type="button" class="button" onClick={add}>{app.t('workshop.add')}</button>
      <p class="small" role="status">
        {said.value !== null && <>{app.t(said.value.key, said.value.args)} <Link to={MAKE_PATH}>{app.t('workshop.toDraft')}</Link></>}
      </p>
    </>
  );
}
