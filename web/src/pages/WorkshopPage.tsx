// Taking part in a workshop: a name, the steps, and what came out of them.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Problem } from '../api/client';
import { runStep } from '../api/runStep';
import { getBoard } from '../api/workshops';
import type { Board, BoardCell, Participant, Scenario, Workshop, WorkshopStep } from '../api/types';
import { useApp } from '../store/app';
import { cellOf, stepsDone } from '../store/board';
import { NOT_REFUSED, queryOfStep, refusedDraft, type StepRefusals } from '../store/draft';
import { boardPath, runPath, workshopPath } from '../store/route';
import { checkSchedule, scheduleFromQuery, scheduleOf, scheduleToQuery, type ScheduleTexts } from '../store/schedule';
import { checkText, fromQuery, valuesOf, type Texts } from '../store/setup';
import { NAME_MOST, isName, keepWorkshop, keptWorkshop, sameName } from '../store/workshops';
import { failureText } from '../ui/Failure';
import { useTitle } from '../ui/Shell';
import { Link, Prose } from '../ui/controls';
import { startText } from '../ui/refusalText';
import { NoWorkshop } from './NoWorkshop';
import { StepFields } from './StepFields';
import { StepSeen, ruleFor, seenName } from './StepSeen';
import { Note, setupText } from './StepText';
import { ClassBadge } from './badges';
import { useScenarios } from './useScenarios';
import { useWorkshop, type WatchedWorkshop } from './useWorkshop';

/** A seed of one's own is given to everybody where the step leaves it open. */
const SEED = 'seed';

/* ---- a name ---- */

/** Asks whether who has that name is the reader. The focus comes here. */
function Known({ text, yes, no }: { readonly text: string; readonly yes: () => void; readonly no: () => void }): JSX.Element {
  const app = useApp();
  const said = useRef<HTMLParagraphElement>(null);
  useEffect(() => said.current?.focus(), []);
  return (
    <section class="panel" aria-labelledby="known">
      <p id="known" tabIndex={-1} ref={said}>{text}</p>
      <div class="actions">
        <button type="button" class="button primary" onClick={yes}>{app.t('join.knownYes')}</button>
        <button type="button" class="button" onClick={no}>{app.t('join.knownNo')}</button>
      </div>
    </section>
  );
}

function Join({ workshop, joined }: {
  readonly workshop: Workshop;
  /** `fresh`: nobody else has that name. */
  readonly joined: (name: string, fresh: boolean) => void;
}): JSX.Element {
  const app = useApp();
  const input = useRef<HTMLInputElement>(null);
  const name = useSignal('');
  const problem = useSignal<string | null>(null);
  /** A name the board knows already. */
  const known = useSignal<string | null>(null);
  const looking = useSignal(false);
  const refuse = (text: string): void => {
    problem.value = text;
    input.current?.focus();
  };
  const join = async (): Promise<void> => {
    const wanted = name.peek().trim();
    if (looking.peek()) return undefined;
    if (!isName(wanted)) return refuse(app.t('join.error.name', { most: NAME_MOST }));
    looking.value = true;
    try {
      const { participants } = await getBoard(workshop.id);
      const found = participants.find((one) => sameName(one.name, wanted));
      if (found === undefined) joined(wanted, true);
      else known.value = found.name;
    } catch (error) {
      refuse(failureText(app, error));
    }
    looking.value = false;
    return undefined;
  };
  const other = (): void => {
    known.value = null;
    requestAnimationFrame(() => input.current?.select());
  };
  const asked = known.value;
  if (asked !== null) return <Known text={app.t('join.known', { name: asked })} yes={() => joined(asked, false)} no={other} />;
  return (
    <form class="panel join-form" noValidate onSubmit={(event) => { event.preventDefault(); void join(); }}>
      <div class="field">
        <label class="field-title" for="participant">{app.t('join.name')}</label>
        <div class="join-id">
          <input
            ref={input}
            id="participant"
            type="text"
            autocomplete="nickname"
            value={name.value}
            aria-invalid={problem.value !== null}
            aria-describedby={`participant-help${problem.value === null ? '' : ' participant-error'}`}
            onInput={(event) => { name.value = event.currentTarget.value; problem.value = null; }}
          />
          <button type="submit" class="button primary" aria-disabled={looking.value}>{app.t('join.join')}</button>
        </div>
        {problem.value !== null && <p id="participant-error" class="field-error" role="alert">{problem.value}</p>}
        <p id="participant-help" class="field-help">{app.t('join.nameHelp')}</p>
      </div>
    </form>
  );
}

/* ---- the steps ---- */

function progressText(cell: BoardCell | null): 'open' | 'going' | 'done' {
  if (cell === null) return 'open';
  return cell.saw.length > 0 ? 'done' : 'going';
}

const SIGNS = { open: '○', going: '◔', done: '✓' } as const;

function StepList({ workshop, me, at, titleOf }: {
  readonly workshop: Workshop;
  readonly me: Participant | null;
  readonly at: number;
  readonly titleOf: (step: WorkshopStep) => string;
}): JSX.Element {
  const app = useApp();
  return (
    <nav class="step-list" aria-label={app.t('workshop.steps')}>
      <p class="small muted">{app.t('workshop.progress', { done: me === null ? 0 : stepsDone(me), count: workshop.steps.length })}</p>
      <ol class="plain">
        {workshop.steps.map((step, i) => {
          const state = progressText(me === null ? null : cellOf(me, i));
          return (
            <li key={i}>
              <Link to={workshopPath(workshop.id, i)} class={i === at ? 'chosen' : ''} current={i === at}>
                <span class={`step-sign ${state}`} role="img" aria-label={app.t(`workshop.state.${state}`)}>{SIGNS[state]}</span>
                <span class="step-number">{i + 1}</span>
                <span class="step-name">{titleOf(step)}</span>
              </Link>
            </li>
          );
        })}
      </ol>
    </nav>
  );
}

/** What came out of one's last run here. */
function Mine({ cell, step, scenario }: {
  readonly cell: BoardCell;
  readonly step: WorkshopStep;
  readonly scenario: Scenario;
}): JSX.Element {
  const app = useApp();
  const { outcome } = cell;
  const rule = outcome === null ? null : ruleFor(step, scenario)(outcome);
  const of = outcome?.class ?? rule?.class ?? null;
  return (
    <section class={`verdict ${of ?? ''}`} aria-label={app.t('workshop.mineHere')}>
      <div class="verdict-what">
        {outcome === null ? <span class="badge going">{app.t('board.going')}</span> : <code>{seenName(app, outcome)}</code>}
        {of !== null && <ClassBadge of={of} />}
      </div>
      <p>{rule !== null && <Prose text={app.say(rule.meaning)} />}</p>
      <Link to={runPath(cell.run)} class="button">{app.t('workshop.openRun')}</Link>
    </section>
  );
}

interface StepProps {
  readonly workshop: Workshop;
  readonly board: Board | null;
  readonly name: string;
  readonly at: number;
  readonly scenario: Scenario;
  readonly closed: boolean;
}

interface Setup {
  readonly texts: Texts;
  readonly schedule: ScheduleTexts;
}

function RunForm({ workshop, name, at, scenario, retry }: Omit<StepProps, 'board' | 'closed'> & { readonly retry: boolean }): JSX.Element {
  const app = useApp();
  const step = workshop.steps[at];
  const query = queryOfStep(step, scenario);
  const form = useRef<HTMLFormElement>(null);
  const unfolded = useSignal(false);
  const given: Setup = { texts: fromQuery(scenario.params, query), schedule: scheduleFromQuery(query) };
  const setup = useSignal(given);
  const refused = useSignal<StepRefusals>(NOT_REFUSED);
  const failure = useSignal<unknown>(null);
  const starting = useSignal(false);
  const ownSeed = step.params[SEED] === undefined;
  /** Unfolds the fields and goes to the first that is wrong. */
  const focusWrong = (): void => {
    unfolded.value = true;
    requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
  };
  const wrong = (): boolean => scenario.params.some((param) => checkText(param, setup.peek().texts[param.name] ?? '') !== null)
    || checkSchedule(setup.peek().schedule, scenario.schedules) !== null;
  /** What is as the step has it stays open, so that everybody's seed is their own. */
  const begin = async (): Promise<string> => {
    const { texts, schedule } = setup.peek();
    const changed = scenario.params.filter((param) => texts[param.name] !== given.texts[param.name]);
    const when = scheduleToQuery(schedule) === scheduleToQuery(given.schedule) ? null : scheduleOf(schedule);
    const run = await runStep({ id: workshop.id, step: at, name }, valuesOf(changed, texts), when);
    return runPath(run.id);
  };
  const run = async (): Promise<void> => {
    if (starting.peek()) return undefined;
    failure.value = null;
    if (wrong()) return focusWrong();
    starting.value = true;
    // From now on the name on the board is the reader's.
    keepWorkshop(workshop.id, { fresh: false });
    try {
      await app.follow(begin);
    } catch (error) {
      const found = error instanceof Problem && error.status === 422
        ? refusedDraft(error.errors.map((one) => ({ ...one, pointer: `/steps/0${one.pointer}` }))).each[0] : undefined;
      if (found === undefined || found.other !== null) failure.value = error;
      else focusWrong();
      if (found !== undefined) refused.value = found;
    }
    starting.value = false;
    return undefined;
  };
  const asIs = setupText(app, scenario, query);
  return (
    <form ref={form} class="setup" noValidate onSubmit={(event) => { event.preventDefault(); void run(); }}>
      {asIs !== '' && <p class="small muted">{asIs}</p>}
      {ownSeed && scenario.params.some((param) => param.name === SEED) && <p class="field-help">{app.t('workshop.ownSeed')}</p>}
      {failure.value !== null && <p class="field-error" role="alert">{startText(app, failure.value)}</p>}
      <div class="setup-actions">
        <button type="submit" class="button primary run-button" aria-disabled={starting.value}>
          {app.t(starting.value ? 'scenario.running' : retry ? 'run.again' : 'scenario.run')}
        </button>
      </div>
      <details class="more" open={unfolded.value} onToggle={(event) => { if (event.target === event.currentTarget) unfolded.value = event.currentTarget.open; }}>
        <summary>{app.t('scenario.setup')}</summary>
        <StepFields
          scenario={scenario}
          query={query}
          without={ownSeed ? SEED : null}
          refused={refused.value}
          change={(texts, schedule) => {
            setup.value = { texts, schedule };
            refused.value = NOT_REFUSED;
          }}
        />
      </details>
    </form>
  );
}

function Step({ workshop, board, name, at, scenario, closed }: StepProps): JSX.Element {
  const app = useApp();
  const step = workshop.steps[at];
  const me = board?.participants.find((one) => sameName(one.name, name)) ?? null;
  const cell = me === null ? null : cellOf(me, at);
  const seen = board?.steps.find((one) => one.step === at);
  return (
    <section class="workshop-step" aria-labelledby="step-title">
      <h2 id="step-title" tabIndex={-1}><span class="step-number">{at + 1}</span> {app.say(scenario.title)}</h2>
      <Note text={step.note} />
      <p class="muted"><Prose text={app.say(scenario.summary)} /></p>
      {cell !== null && <Mine cell={cell} step={step} scenario={scenario} />}
      {(closed || (cell !== null && cell.saw.length > 0)) && seen !== undefined && board !== null && (
        <section class="panel">
          <h3>{app.t('workshop.others')}</h3>
          <StepSeen seen={seen} participants={board.participants} step={step} scenario={scenario} />
        </section>
      )}
      {cell !== null && at + 1 < workshop.steps.length && (
        <p><Link to={workshopPath(workshop.id, at + 1)} class="button">{app.t('workshop.next')}</Link></p>
      )}
      {closed ? <p>{app.t('workshop.closed')}</p>
        : <RunForm key={`${scenario.id} ${queryOfStep(step, scenario)}`} workshop={workshop} name={name} at={at} scenario={scenario} retry={cell !== null} />}
    </section>
  );
}

/** What had the focus is gone when one has joined, or left: it goes on there. */
function useFocusOnChange(inside: boolean, whenIn: string, whenOut: string): void {
  const before = useRef(inside);
  useEffect(() => {
    if (before.current !== inside) document.querySelector<HTMLElement>(inside ? whenIn : whenOut)?.focus();
    before.current = inside;
  }, [inside]);
}

/** The step one is at: the first that was not run, or the last. */
function stepAt({ steps }: Workshop, me: Participant | null): number {
  const open = steps.findIndex((_, i) => me === null || cellOf(me, i) === null);
  return open < 0 ? steps.length - 1 : open;
}

function Body({ watched, workshop, step }: {
  readonly watched: WatchedWorkshop;
  readonly workshop: Workshop;
  readonly step: number | null;
}): JSX.Element {
  const app = useApp();
  const kept = keptWorkshop(workshop.id);
  const name = useSignal(kept?.name ?? null);
  const scenarios = useScenarios(workshop.steps.map((one) => one.scenario));
  useTitle(workshop.title);
  const board = watched.board.value;
  const closed = board?.closed ?? workshop.closed;
  const me = name.value === null ? null : board?.participants.find((one) => sameName(one.name, name.value ?? '')) ?? null;
  const at = Math.min(step ?? stepAt(workshop, me), workshop.steps.length - 1);
  // Where one stays when the step one is at is done: what came out is shown there.
  useEffect(() => {
    if (step === null && board !== null && name.value !== null && !taken) app.stay(workshopPath(workshop.id, at), true);
  }, [step, board === null, name.value]);
  const scenario = scenarios[workshop.steps[at].scenario];
  /** Two chose one name before either had run anything; who runs first has it. */
  const fresh = useSignal(kept?.fresh === true);
  const taken = !closed && me !== null && fresh.value && kept?.fresh === true;
  const joined = (as: string, isNew: boolean): void => {
    keepWorkshop(workshop.id, { title: workshop.title, name: as, fresh: isNew });
    name.value = as;
    fresh.value = isNew;
  };
  useFocusOnChange(name.value !== null && !taken, '#step-title', '#participant');
  const titleOf = (one: WorkshopStep): string => (scenarios[one.scenario] === undefined ? one.scenario : app.say(scenarios[one.scenario].title));
  return (
    <div class="page workshop-page">
      <header class="run-head">
        <div>
          <p class="crumbs small"><Link to="/w">{app.t('workshop.short')}</Link></p>
          <h1>{workshop.title} {closed && <span class="badge plain-badge">{app.t('workshop.isClosed')}</span>}</h1>
        </div>
        <div class="actions">
          {name.value !== null && (
            <p class="small you">
              {app.t('workshop.as', { name: name.value })}{' '}
              <button type="button" class="link-button" onClick={() => { name.value = null; }}>{app.t('workshop.notYou')}</button>
            </p>
          )}
          <Link to={boardPath(workshop.id)} class="button">{app.t('board.short')}</Link>
        </div>
      </header>
      {!watched.connected.value && <p class="muted small" role="status">{app.t('board.reconnecting')}</p>}
      {name.value === null && !closed && <Join workshop={workshop} joined={joined} />}
      {taken && me !== null && (
        <Known
          text={app.t('join.known', { name: me.name })}
          yes={() => joined(me.name, false)}
          no={() => { name.value = null; }}
        />
      )}
      <div class="workshop-body">
        <StepList workshop={workshop} me={taken ? null : me} at={at} titleOf={titleOf} />
        {((name.value !== null && !taken) || closed) && scenario !== undefined && (
          <Step key={at} workshop={workshop} board={board} name={name.value ?? ''} at={at} scenario={scenario} closed={closed} />
        )}
      </div>
    </div>
  );
}

export function WorkshopPage({ id, step }: { readonly id: string; readonly step: number | null }): JSX.Element {
  const watched = useWorkshop(id);
  const workshop = watched.workshop.value;
  const error = watched.error.value;
  if (error !== null || workshop === null) return <NoWorkshop error={error} again={watched.again} />;
  return <Body watched={watched} workshop={workshop} step={step} />;
}
