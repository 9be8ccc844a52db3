// Follows one board: all of it, then what changes. A lost connection is taken up again by the browser,
// and by us where it does not.
import { Problem } from './client';
import { boardEventsUrl, getBoard } from './workshops';
import { boardShape } from './workshopShape';
import type { Board } from './types';

export interface BoardHooks {
  /** All of it; the workshop itself may be another one than before. */
  board(board: Board): void;
  change(change: Board): void;
  /** Whether what is shown is how it stands now. */
  connected(yes: boolean): void;
  /** There is no such workshop, or no longer. */
  gone(): void;
  failed(error: unknown): void;
}

const RETRY_MS = 3000;

/** Returns what ends the following. */
export function followBoard(id: string, hooks: BoardHooks): () => void {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let open = true;
  const close = (): void => {
    open = false;
    clearTimeout(timer);
    source?.close();
  };
  const gone = (): void => {
    if (!open) return;
    close();
    hooks.gone();
  };
  const take = (hook: (board: Board) => void) => (event: Event): void => {
    if (!open) return;
    try {
      hook(boardShape(JSON.parse((event as MessageEvent<string>).data)));
      hooks.connected(true);
    } catch (error) {
      close();
      hooks.failed(error);
    }
  };
  /** The browser has given up: is it gone, or is there no server for a while? */
  const again = async (): Promise<void> => {
    try {
      await getBoard(id);
      if (open) listen();
    } catch (error) {
      if (error instanceof Problem && error.status === 404) return gone();
      if (open) timer = setTimeout(() => void again(), RETRY_MS);
    }
    return undefined;
  };
  const listen = (): void => {
    const made = new EventSource(boardEventsUrl(id));
    source = made;
    made.addEventListener('board', take(hooks.board));
    made.addEventListener('change', take(hooks.change));
    made.addEventListener('gone', gone);
    made.addEventListener('open', () => hooks.connected(true));
    made.addEventListener('error', () => {
      if (!open) return;
      hooks.connected(false);
      if (made.readyState === EventSource.CLOSED) void again();
    });
  };
  listen();
  return close;
}
