// A workshop is put together: steps from the catalogue, each with its setup and a note. With an id a
// made one is changed; of that the steps that were run keep their setups.
import { useSignal, type Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Problem } from '../api/client';
import { getScenario } from '../api/scenario';
import { changeWorkshop, getBoard, getWorkshop, makeWorkshop } from '../api/workshops';
import type { Workshop, WorkshopRequest } from '../api/types';
import { useApp } from '../store/app';
import { stepsUsed } from '../store/board';
import {
  NO_DRAFT, adopted, draftOf, isWrong, onDraftElsewhere, readDraft, refusedDraft, requestOf, stepsProblem, titleProblem, writeDraft,
  NOTHING_REFUSED, type Draft, type DraftRefusals, type Scenarios,
} from '../store/draft';
import { boardPath, workshopPath } from '../store/route';
import { keepWorkshop, keptWorkshop, plainId } from '../store/workshops';
import { Failure } from '../ui/Failure';
import { useTitle } from '../ui/Shell';
import { Link } from '../ui/controls';
import { CopyText } from '../ui/copy';
import { useLoaded } from '../ui/useLoaded';
import { Invite } from './Invite';
import { NoWorkshop } from './NoWorkshop';
import { MyWorkshops } from './MyWorkshops';
import { StepText } from './StepText';
import { Steps } from './MakeSteps';
import { useScenarios } from './useScenarios';

const focus = (selector: string): void => document.querySelector<HTMLElement>(selector)?.focus();

function Title({ draft, error, set }: {
  readonly draft: Draft;
  readonly error: string | null;
  readonly set: (title: string) => void;
}): JSX.Element {
  const app = useApp();
  return (
    <div class="field">
      <label class="field-title" for="workshop-title">{app.t('make.name')}</label>
      <input
        id="workshop-title"
        type="text"
        class="wide"
        autocomplete="off"
        value={draft.title}
        aria-invalid={error !== null}
        aria-describedby={error === null ? undefined : 'workshop-title-error'}
        onInput={(event) => set(event.currentTarget.value)}
      />
      {error !== null && <p id="workshop-title-error" class="field-error">{error}</p>}
    </div>
  );
}

/** As the class will see it. */
function Preview({ draft, scenarios }: { readonly draft: Draft; readonly scenarios: Scenarios }): JSX.Element {
  const app = useApp();
  return (
    <details class="more preview">
      <summary>{app.t('make.preview')}</summary>
      <h2>{draft.title}</h2>
      <ol>
        {draft.steps.map(({ key, scenario: id, query, note }) => {
          const scenario = scenarios[id];
          return (
            <li key={key}>
              <strong>{scenario === undefined ? id : app.say(scenario.title)}</strong>
              {scenario !== undefined && <StepText scenario={scenario} query={query} note={note} />}
            </li>
          );
        })}
      </ol>
    </details>
  );
}

interface EditorProps {
  readonly draft: Signal<Draft>;
  /** So many first steps have runs. */
  readonly used: number;
  readonly label: string;
  readonly send: (request: WorkshopRequest) => Promise<void>;
}

/** Where the first thing stands that is wrong: an element, or a step. */
function firstWrong(draft: Draft, scenarios: Scenarios): string | number | null {
  if (titleProblem(draft.title) !== null) return '#workshop-title';
  if (stepsProblem(draft.steps) !== null) return '#add-step';
  const wrong = draft.steps.find((step) => isWrong(step, scenarios[step.scenario]));
  return wrong === undefined ? null : wrong.key;
}

function Editor({ draft, used, label, send }: EditorProps): JSX.Element {
  const app = useApp();
  const open = useSignal<number | null>(null);
  const refused = useSignal<DraftRefusals>(NOTHING_REFUSED);
  const failure = useSignal<unknown>(null);
  const tried = useSignal(false);
  const busy = useSignal(false);
  const scenarios = useScenarios(draft.value.steps.map((step) => step.scenario));
  const set = (next: Draft): void => {
    draft.value = next;
    refused.value = NOTHING_REFUSED;
  };
  /** Opens a step and goes to what is wrong in it, once that is there. */
  const openAt = (key: number): void => {
    open.value = key;
    requestAnimationFrame(() => requestAnimationFrame(() => focus('.make-step-body [aria-invalid="true"]')));
  };
  const refuse = (error: unknown): void => {
    if (!(error instanceof Problem) || error.errors.length === 0) {
      failure.value = error;
      return;
    }
    refused.value = refusedDraft(error.errors);
    const [at] = Object.keys(refused.value.each);
    if (refused.value.title !== null) focus('#workshop-title');
    else if (at !== undefined) openAt(draft.peek().steps[Number(at)]?.key ?? 0);
  };
  const submit = async (): Promise<void> => {
    if (busy.peek()) return undefined;
    tried.value = true;
    failure.value = null;
    const wrong = firstWrong(draft.peek(), scenarios);
    if (typeof wrong === 'string') return focus(wrong);
    if (wrong !== null) return openAt(wrong);
    busy.value = true;
    try {
      await send(requestOf(draft.peek(), scenarios));
    } catch (error) {
      refuse(error);
    }
    busy.value = false;
    return undefined;
  };
  const say = (problem: { readonly key: Parameters<typeof app.t>[0]; readonly args?: Parameters<typeof app.t>[1] } | null): string | null =>
    (problem === null ? null : app.t(problem.key, problem.args));
  const [title, steps] = tried.value
    ? [titleProblem(draft.value.title) ?? refused.value.title, stepsProblem(draft.value.steps) ?? refused.value.steps]
    : [refused.value.title, refused.value.steps];
  return (
    <form class="make" noValidate onSubmit={(event) => { event.preventDefault(); void submit(); }}>
      <Title draft={draft.value} error={say(title)} set={(text) => set({ ...draft.value, title: text })} />
      <Steps
        draft={draft.value}
        used={used}
        scenarios={scenarios}
        open={open}
        tried={tried.value}
        refused={refused.value}
        error={say(steps)}
        set={set}
      />
      {draft.value.steps.length > 0 && <Preview draft={draft.value} scenarios={scenarios} />}
      {failure.value !== null && (
        failure.value instanceof Problem && failure.value.status === 409
          ? <p class="field-error" role="alert">{app.t('make.error.used')}</p> : <Failure error={failure.value} />
      )}
      <div class="actions">
        <button type="submit" class="button primary" aria-disabled={busy.value}>{busy.value ? app.t('make.sending') : label}</button>
      </div>
    </form>
  );
}

/** What the instructor takes along: the link for the class, the key, the board. */
function Made({ workshop }: { readonly workshop: Workshop }): JSX.Element {
  const app = useApp();
  const kept = useSignal(false);
  useEffect(() => focus('#made'), []);
  return (
    <div class="page narrow made">
      <h1 id="made" tabIndex={-1}>{app.t('made.title', { title: workshop.title })}</h1>
      <Invite workshop={workshop} />
      {workshop.key !== null && !kept.value && (
        <section class="panel" aria-labelledby="made-key">
          <h2 id="made-key">{app.t('made.key')}</h2>
          <p>{app.t('made.keyHelp')}</p>
          <p><code class="key">{workshop.key}</code></p>
          <div class="actions">
            <CopyText text={workshop.key} label={app.t('made.copyKey')} class="button" />
            <button type="button" class="button" onClick={() => { kept.value = true; }}>{app.t('made.kept')}</button>
          </div>
        </section>
      )}
      <p class="actions">
        <Link to={boardPath(workshop.id)} class="button primary">{app.t('made.board')}</Link>
        <Link to={workshopPath(workshop.id)} class="button">{app.t('made.look')}</Link>
      </p>
    </div>
  );
}

function MakeNew(): JSX.Element {
  const app = useApp();
  const draft = useSignal<Draft>(readDraft());
  const made = useSignal<Workshop | null>(null);
  useTitle(app.t('make.title'));
  useEffect(() => draft.subscribe(writeDraft), []);
  // Setups are added from other tabs, too.
  useEffect(() => onDraftElsewhere((other) => { draft.value = adopted(draft.peek(), other); }), []);
  if (made.value !== null) return <Made workshop={made.value} />;
  const send = async (request: WorkshopRequest): Promise<void> => {
    const workshop = await makeWorkshop(request);
    keepWorkshop(workshop.id, { title: workshop.title, key: workshop.key });
    made.value = workshop;
    draft.value = NO_DRAFT;
    scrollTo(0, 0);
  };
  return (
    <div class="page make-page">
      <h1>{app.t('make.title')}</h1>
      <p class="lead">{app.t('make.what')}</p>
      <Editor draft={draft} used={0} label={app.t('make.send')} send={send} />
      <MyWorkshops />
    </div>
  );
}

interface Stored {
  readonly workshop: Workshop;
  readonly draft: Draft;
  readonly used: number;
}

/** With all of its scenarios, since the draft is in their words. */
async function loadStored(id: string, key: string | null): Promise<Stored> {
  const [workshop, board] = await Promise.all([getWorkshop(id, key), getBoard(id)]);
  const ids = [...new Set(workshop.steps.map((step) => step.scenario))];
  const scenarios = await Promise.all(ids.map(getScenario));
  const byId = Object.fromEntries(scenarios.map((scenario) => [scenario.id, scenario]));
  return { workshop, draft: draftOf(workshop, byId), used: stepsUsed(board) };
}

function Change({ stored, instructorKey }: { readonly stored: Stored; readonly instructorKey: string }): JSX.Element {
  const app = useApp();
  const { workshop, used } = stored;
  const draft = useSignal(stored.draft);
  const send = (request: WorkshopRequest): Promise<void> => app.follow(async () => {
    const { title } = await changeWorkshop(workshop.id, instructorKey, request);
    keepWorkshop(workshop.id, { title });
    return boardPath(workshop.id);
  });
  return (
    <div class="page make-page">
      <p class="crumbs small"><Link to={boardPath(workshop.id)}>{workshop.title}</Link></p>
      <h1>{app.t('make.change')}</h1>
      {used > 0 && <p class="lead">{app.t('make.used', { count: used })}</p>}
      <Editor draft={draft} used={used} label={app.t('make.save')} send={send} />
    </div>
  );
}

function MakeChange({ id }: { readonly id: string }): JSX.Element {
  const app = useApp();
  const plain = plainId(id);
  const key = keptWorkshop(plain)?.key ?? null;
  const { value, error, again } = useLoaded(plain, () => loadStored(plain, key));
  const stored = value.value;
  useTitle(app.t('make.change'));
  if (error.value !== null || stored === null) return <NoWorkshop error={error.value} again={again} />;
  if (key === null || !stored.workshop.mayChange) {
    return (
      <div class="page narrow">
        <h1>{stored.workshop.title}</h1>
        <p>{app.t('make.noKey')}</p>
        <p><Link to={boardPath(stored.workshop.id)} class="button">{app.t('made.board')}</Link></p>
      </div>
    );
  }
  return <Change stored={stored} instructorKey={key} />;
}

export function MakePage({ id }: { readonly id: string | null }): JSX.Element {
  return id === null ? <MakeNew /> : <MakeChange id={id} />;
}
