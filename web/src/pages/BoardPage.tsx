// The board of a workshop: what the class saw at each step, who is where; as it happens.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { boardCsvUrl } from '../api/workshops';
import type { Board, Scenario, Workshop } from '../api/types';
import { useApp } from '../store/app';
import { countsOf } from '../store/board';
import { workshopPath } from '../store/route';
import { useTitle } from '../ui/Shell';
import { Link } from '../ui/controls';
import { CopyButton } from '../ui/copy';
import { BoardTable } from './BoardTable';
import { Instructor } from './Instructor';
import { Invite, InviteButton } from './Invite';
import { NoWorkshop } from './NoWorkshop';
import { StepSeen, ruleFor } from './StepSeen';
import { useScenarios } from './useScenarios';
import { useWorkshop, type WatchedWorkshop } from './useWorkshop';

/** How often a screen reader hears how many take part, at most. */
const SAY_EVERY_MS = 5000;

/** The text as it was a while ago at most, so that who listens is not interrupted all the time. */
function useSlowly(text: string): string {
  const shown = useSignal(text);
  const latest = useRef(text);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  latest.current = text;
  useEffect(() => {
    if (text === shown.peek()) return;
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      shown.value = latest.current;
    }, SAY_EVERY_MS);
  }, [text]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return shown.value;
}

function Counts({ board }: { readonly board: Board }): JSX.Element {
  const app = useApp();
  const { participants, runs, going } = countsOf(board);
  const said = useSlowly(app.t('board.counts', { participants, runs, going }));
  return (
    <>
      <p class="counts-line" aria-hidden="true">{app.t('board.counts', { participants, runs, going })}</p>
      <p class="visually-hidden" role="status">{said}</p>
    </>
  );
}

interface PartProps {
  readonly workshop: Workshop;
  readonly board: Board;
  readonly scenarios: Readonly<Record<string, Scenario>>;
}

function Steps({ workshop, board, scenarios }: PartProps): JSX.Element {
  const app = useApp();
  return (
    <ol class="plain board-steps">
      {workshop.steps.map((step, i) => {
        const scenario = scenarios[step.scenario];
        const seen = board.steps.find((one) => one.step === i);
        return (
          <li key={i} class="panel">
            <h2><span class="step-number">{i + 1}</span> {scenario === undefined ? step.scenario : app.say(scenario.title)}</h2>
            {seen !== undefined && (
              <>
                <p class="small muted">{app.t('board.counts', { participants: seen.participants, runs: seen.runs, going: seen.runs - seen.done })}</p>
                <StepSeen seen={seen} participants={board.participants} step={step} scenario={scenario} />
              </>
            )}
          </li>
        );
      })}
    </ol>
  );
}

function Table({ workshop, board, scenarios, named }: PartProps & { readonly named: boolean }): JSX.Element {
  const app = useApp();
  return (
    <BoardTable
      board={board}
      named={named}
      titles={workshop.steps.map((step) => (scenarios[step.scenario] === undefined ? step.scenario : app.say(scenarios[step.scenario].title)))}
      ruleOf={workshop.steps.map((step) => ruleFor(step, scenarios[step.scenario]))}
    />
  );
}

/** Large and alone in the window, for a wall. Escape leads back. */
function useProjector(): { readonly on: boolean; readonly set: (on: boolean) => void } {
  const on = useSignal(false);
  const set = (next: boolean): void => {
    on.value = next;
    document.documentElement.classList.toggle('projected', next);
    if (next) void document.documentElement.requestFullscreen?.().catch(() => undefined);
    else if (document.fullscreenElement !== null) void document.exitFullscreen();
  };
  useEffect(() => {
    const left = (): void => { if (document.fullscreenElement === null) set(false); };
    const onKey = (event: KeyboardEvent): void => {
      // A code that is shown over the board goes first.
      if (event.key === 'Escape' && on.peek() && document.querySelector('dialog[open]') === null) set(false);
    };
    document.addEventListener('fullscreenchange', left);
    addEventListener('keydown', onKey);
    return () => {
      document.removeEventListener('fullscreenchange', left);
      removeEventListener('keydown', onKey);
      set(false);
    };
  }, []);
  return { on: on.value, set };
}

function Body({ watched, workshop }: { readonly watched: WatchedWorkshop; readonly workshop: Workshop }): JSX.Element {
  const app = useApp();
  const board = watched.board.value;
  const scenarios = useScenarios(workshop.steps.map((step) => step.scenario));
  const named = useSignal(true);
  const projector = useProjector();
  const closed = board?.closed ?? workshop.closed;
  useTitle(app.t('board.title', { title: workshop.title }));
  return (
    <div class={`page wide board-page ${projector.on ? 'projector' : ''}`}>
      <header class="run-head">
        <div>
          <p class="crumbs small"><Link to={workshopPath(workshop.id)}>{workshop.id}</Link></p>
          <h1>{workshop.title} {closed && <span class="badge plain-badge">{app.t('workshop.isClosed')}</span>}</h1>
          {board !== null && <Counts board={board} />}
        </div>
        <div class="actions">
          <button type="button" class="button" aria-pressed={projector.on} onClick={() => projector.set(!projector.on)}>
            {app.t('board.projector')}
          </button>
          <label class="switch">
            <input type="checkbox" checked={named.value} onChange={(event) => { named.value = event.currentTarget.checked; }} />
            {app.t('board.names')}
          </label>
          <InviteButton workshop={workshop} />
          {!projector.on && <CopyButton path={workshopPath(workshop.id)} label={app.t('board.copy')} />}
          {!projector.on && <a class="button" href={boardCsvUrl(workshop.id)} download>{app.t('board.csv')}</a>}
        </div>
      </header>
      {!watched.connected.value && <p class="muted small" role="status">{app.t('board.reconnecting')}</p>}
      {board === null ? <p class="muted">{app.t('app.loading')}</p> : (
        <>
          {board.participants.length === 0 && !closed && <Invite workshop={workshop} />}
          <Steps workshop={workshop} board={board} scenarios={scenarios} />
          {board.participants.length > 0 && (
            <section class="panel" aria-labelledby="who">
              <h2 id="who">{app.t('board.who')}</h2>
              <Table workshop={workshop} board={board} scenarios={scenarios} named={named.value} />
            </section>
          )}
        </>
      )}
      {!projector.on && <Instructor workshop={workshop} closed={closed} again={watched.again} />}
    </div>
  );
}

export function BoardPage({ id }: { readonly id: string }): JSX.Element {
  const watched = useWorkshop(id);
  const workshop = watched.workshop.value;
  const error = watched.error.value;
  if (error !== null || workshop === null) return <NoWorkshop error={error} again={watched.again} />;
  return <Body watched={watched} workshop={workshop} />;
}
