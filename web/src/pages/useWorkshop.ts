// A workshop and its board, as they change.
import { useSignal, type Signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { Problem } from '../api/client';
import { getWorkshop } from '../api/workshops';
import { followBoard } from '../api/liveBoard';
import type { Board, Workshop } from '../api/types';
import { merge } from '../store/board';
import { forgetWorkshop, keepWorkshop, keptWorkshop, plainId } from '../store/workshops';

export interface WatchedWorkshop {
  readonly workshop: Signal<Workshop | null>;
  readonly board: Signal<Board | null>;
  readonly error: Signal<unknown>;
  /** What is shown is how it stands now. */
  readonly connected: Signal<boolean>;
  readonly again: () => void;
}

/** A class changes the board many times a second; it is drawn anew this often at most. */
const DRAW_EVERY_MS = 120;
const RETRY_MS = 3000;

const isGone = (error: unknown): boolean => error instanceof Problem && error.status === 404;

export function useWorkshop(typed: string): WatchedWorkshop {
  const id = plainId(typed);
  const workshop = useSignal<Workshop | null>(null);
  const board = useSignal<Board | null>(null);
  const error = useSignal<unknown>(null);
  const connected = useSignal(true);
  const attempt = useSignal(0);
  useEffect(() => {
    let open = true;
    let latest: Board | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let later: ReturnType<typeof setTimeout> | undefined;
    let stop = (): void => undefined;
    error.value = null;
    let asked = 0;
    const fail = (reason: unknown): void => {
      if (!open) return;
      error.value = reason;
      if (isGone(reason) && keptWorkshop(id)?.key === null) forgetWorkshop(id);
    };
    const load = async (): Promise<void> => {
      const mine = ++asked;
      const kept = keptWorkshop(id);
      const found = await getWorkshop(id, kept?.key ?? null);
      // An answer may overtake an earlier one.
      if (!open || mine !== asked) return;
      if (kept !== null && kept.title !== found.title) keepWorkshop(id, { title: found.title });
      workshop.value = found;
    };
    /** While it does not come, the page stays as it was. */
    const reload = (): void => {
      clearTimeout(later);
      load().catch((reason: unknown) => {
        if (isGone(reason)) fail(reason);
        else if (open) later = setTimeout(reload, RETRY_MS);
      });
    };
    const show = (next: Board): void => {
      const first = latest === null;
      latest = next;
      const draw = (): void => {
        timer = undefined;
        board.value = latest;
      };
      if (first) draw();
      else timer ??= setTimeout(draw, DRAW_EVERY_MS);
    };
    const follow = (): void => {
      if (!open) return;
      stop = followBoard(id, {
        board: (all) => {
          // Told anew: steps, title or what was run are other ones.
          if (latest !== null) reload();
          show(all);
        },
        change: (change) => { if (latest !== null) show(merge(latest, change)); },
        connected: (yes) => { connected.value = yes; },
        gone: () => fail(new Problem(404, '')),
        failed: fail,
      });
    };
    load().then(follow, fail);
    return () => {
      open = false;
      clearTimeout(timer);
      clearTimeout(later);
      stop();
    };
  }, [id, attempt.value]);
  return { workshop, board, error, connected, again: () => { attempt.value++; } };
}
