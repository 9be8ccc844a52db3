// Going from position to position of a controlled run. Each is a replay that stops there: a run with
// a link of its own, so the server keeps no session and the address is always where one is.
import { useSignal, type Signal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { getRun, startRun } from '../api/client';
import type { Enabled, Run } from '../api/types';
import { useApp } from '../store/app';
import { runPath } from '../store/route';
import type { RunStore } from '../store/run';
import { replayOf } from '../store/schedule';
import {
  defaultChoice, lastEvent, lineOf, positionOf, prefixOf, rankOf, stepOfEvent, type Line,
} from '../store/stepping';
import { useLoaded } from '../ui/useLoaded';

const WAIT_SECONDS = 10;

export interface StepsProps {
  readonly store: RunStore;
  readonly run: Run;
  /** The run one steps through, when this one is a part of it. */
  readonly of: string | null;
}

export interface Steps {
  readonly line: Line;
  readonly position: number;
  readonly atEnd: boolean;
  readonly canForward: boolean;
  readonly busy: Signal<boolean>;
  readonly failure: Signal<unknown>;
  to(step: number): void;
  forward(): void;
  choose(choice: Enabled): void;
  toEvent(event: number): void;
}

/** The run one steps through: this one, or the one it is a part of, which may have to be fetched. */
function useLine(run: Run, of: string | null): Line | null {
  const loaded = useLoaded(of ?? '', async () => (of === null ? null : getRun(of)));
  const known = useRef(new Map<string, Run>());
  if (run.status === 'done') known.current.set(run.id, run);
  const whole = of === null ? run : known.current.get(of) ?? loaded.value.value;
  return lineOf(whole) ?? lineOf(run);
}

/** Null for a run that has no token or is not done. */
export function useSteps({ store, run, of }: StepsProps): Steps | null {
  const app = useApp();
  const busy = useSignal(false);
  const failure = useSignal<unknown>(null);
  const line = useLine(run, of);
  if (line === null || run.status !== 'done') return null;
  const position = positionOf(run.schedule);
  const atEnd = position >= line.steps;
  const { log } = store.model;

  const play = (token: string): Promise<Run> =>
    startRun(run.scenario, run.params, replayOf(token), WAIT_SECONDS);
  /** Goes where `find` leads. The way back skips positions, not the run one came from. */
  const go = async (find: () => Promise<string>): Promise<void> => {
    if (busy.value) return;
    busy.value = true;
    failure.value = null;
    try {
      await app.follow(find, (path) => app.stay(path, of !== null || run.ended === 'stopped'));
    } catch (error) {
      failure.value = error;
    }
    busy.value = false;
  };
  const pathTo = async (step: number): Promise<string> => (step >= line.steps
    ? runPath(line.run.id)
    : runPath((await play(prefixOf(line.token, Math.max(0, step)))).id, line.run.id));
  const choose = (choice: Enabled): void => { void go(async () => runPath((await play(choice.token)).id)); };
  const last = lastEvent(log);
  const next = defaultChoice(run.enabled, last < 0 ? null : log.task[last]);
  return {
    line,
    position,
    atEnd,
    canForward: !atEnd || next !== null,
    busy,
    failure,
    to: (step) => { void go(() => pathTo(step)); },
    forward: () => {
      if (!atEnd) void go(() => pathTo(position + 1));
      else if (next !== null) choose(next);
    },
    choose,
    toEvent: (event) => {
      void go(async () => {
        const events = async (step: number): Promise<number> =>
          (await play(prefixOf(line.token, step))).metrics.events ?? 0;
        return pathTo(await stepOfEvent(rankOf(log, event), position, log.count, events));
      });
    },
  };
}
