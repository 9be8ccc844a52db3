// Six steps for a first visitor, beside the real pages: each points at what it speaks of.
import type { JSX, RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { formatMessage, type Args } from '../messages/message';
import { TOUR_TEXTS, type TourKey } from '../messages/tour';
import { useApp, type App } from '../store/app';
import { scenarioPath, type Route } from '../store/route';
import { IconButton } from './controls';

const PROGRAM = 'race-counter';

interface TourStep {
  readonly title: TourKey;
  readonly text: TourKey;
  readonly page: Route['page'];
  /** What it is about. */
  readonly target: string;
  /** Leads to the page of the next step, where that is another one. */
  readonly onward?: (app: App) => void;
}

const press = (selector: string): void => document.querySelector<HTMLElement>(selector)?.click();

export const TOUR: readonly TourStep[] = [
  {
    title: 'tour.choose.title', text: 'tour.choose', page: 'gallery', target: `a[href="${scenarioPath(PROGRAM)}"]`,
    onward: (app) => app.go(scenarioPath(PROGRAM, 'n=2000')),
  },
  { title: 'tour.guess.title', text: 'tour.guess', page: 'scenario', target: '.guess, .outcomes' },
  {
    title: 'tour.run.title', text: 'tour.run', page: 'scenario', target: '.run-button',
    onward: () => press('.run-button'),
  },
  { title: 'tour.lanes.title', text: 'tour.lanes', page: 'run', target: '.lanes' },
  { title: 'tour.replay.title', text: 'tour.replay', page: 'run', target: '.replay' },
  { title: 'tour.more.title', text: 'tour.more', page: 'run', target: '.actions' },
];

const LOOKS_MS = 200;

/** Frames what the step is about, as soon as it is there. */
function usePointer(selector: string | null): void {
  useEffect(() => {
    let shown: Element | null = null;
    const look = (): void => {
      const found = selector === null ? null : document.querySelector(selector);
      if (found === shown) return;
      shown?.classList.remove('toured');
      shown = found;
      const smooth = !matchMedia('(prefers-reduced-motion: reduce)').matches;
      found?.classList.add('toured');
      found?.scrollIntoView({ block: 'center', behavior: smooth ? 'smooth' : 'auto' });
    };
    look();
    const timer = setInterval(look, LOOKS_MS);
    return () => {
      clearInterval(timer);
      shown?.classList.remove('toured');
    };
  }, [selector]);
}

/** Whoever does what a step says is at the next one. */
function useProgress(app: App, at: number | null): void {
  const { page } = app.route.value;
  useEffect(() => {
    if (at === null || TOUR[at].page === page) return;
    const next = TOUR.findIndex((step, i) => i > at && step.page === page);
    if (next >= 0) app.tour.value = next;
  }, [page]);
}

/** The tour stands at the end of the page: whoever begins it goes there, and back when it ends. */
function useVisit(): RefObject<HTMLButtonElement | null> {
  const onward = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const from = document.activeElement;
    onward.current?.focus({ preventScroll: true });
    return () => {
      const back = from instanceof HTMLElement && from.isConnected ? from : document.getElementById('content');
      const active = document.activeElement;
      if (active === document.body || active?.closest('.tour') != null) back?.focus({ preventScroll: true });
    };
  }, []);
  return onward;
}

export function Tour(): JSX.Element | null {
  const app = useApp();
  const language = app.language.value;
  const say = (key: TourKey, args: Args = {}): string => formatMessage(TOUR_TEXTS[language][key], args, language);
  const at = app.tour.value;
  const step = at === null ? null : TOUR[at];
  const here = step !== null && app.route.value.page === step.page;
  const next = useVisit();
  useProgress(app, at);
  usePointer(here ? step.target : null);
  if (step === null || at === null) return null;
  const last = at === TOUR.length - 1;
  const go = (to: number): void => { app.tour.value = to; };
  const end = (): void => { app.tour.value = null; };
  const onward = (): void => {
    if (last) end();
    else if (step.onward !== undefined && here) step.onward(app);
    else if (!here) app.go('/');
    if (!last && (step.onward === undefined || !here)) go(here ? at + 1 : 0);
  };
  return (
    <aside
      class="tour"
      aria-label={say('tour.title')}
      onKeyDown={(event) => { if (event.key === 'Escape') end(); }}
    >
      <div class="tour-head">
        <span class="muted small">{say('tour.step', { at: at + 1, count: TOUR.length })}</span>
        <IconButton icon="close" label={say('tour.end')} onClick={end} />
      </div>
      <div role="status">
        <h2>{say(step.title)}</h2>
        <p>{say(here ? step.text : 'tour.elsewhere')}</p>
      </div>
      <div class="tour-moves">
        {at > 0 && here && TOUR[at - 1].page === step.page && (
          <button type="button" class="button" onClick={() => go(at - 1)}>{say('tour.back')}</button>
        )}
        <button ref={next} type="button" class="button primary" onClick={onward}>
          {say(last ? 'tour.done' : here ? 'tour.next' : 'tour.again')}
        </button>
      </div>
    </aside>
  );
}
