// What the run printed, every line in its task's colour and with its name.
import { useComputed } from '@preact/signals';
import type { JSX } from 'preact';
import { formatNs } from '../messages/format';
import { useApp } from '../store/app';
import type { RunStore } from '../store/run';
import { selectEvent } from '../timeline/moves';
import { OWNER_COLOURS } from '../trace/model';
import { Windowed } from '../ui/Windowed';
import { eventOfLine, type Line } from './lines';

const ROW = 24;
const HEIGHT = 360;

/** The line nearest to a selected print event, or -1. */
function lineOf(lines: readonly Line[], task: number, t: number): number {
  let best = -1;
  for (let i = 0; i < lines.length; i++) {
    if (lines[i].task !== task) continue;
    if (best < 0 || Math.abs(lines[i].t - t) < Math.abs(lines[best].t - t)) best = i;
  }
  return best;
}

export function Console({ store }: { readonly store: RunStore }): JSX.Element {
  const app = useApp();
  void store.version.value;
  const { lines } = store.console;
  const { log } = store.model;
  const running = store.run.value?.status !== 'done';
  const chosen = useComputed(() => {
    const selection = store.selection.value;
    return selection === null || selection.event < 0 ? -1 : lineOf(lines, selection.task, selection.t);
  });
  const pick = (line: Line): void => {
    const event = eventOfLine(log, line);
    if (event >= 0) store.selection.value = selectEvent(store.model, event);
    else if (line.task !== null) store.selection.value = { task: line.task, t: line.t, event: -1 };
  };
  if (lines.length === 0) {
    return <p class="muted">{app.t(running ? 'console.waiting' : 'console.empty')}</p>;
  }
  return (
    <Windowed count={lines.length} row={ROW} height={HEIGHT} role="log" label={app.t('console.title')}
      follow={running} reveal={chosen.value}
      onStep={(by) => pick(lines[Math.min(Math.max(chosen.peek() + by, 0), lines.length - 1)])}>
      {(i) => {
        const line = lines[i];
        const name = line.task === null ? app.t('console.nobody') : log.tasks[line.task]?.name ?? '';
        const colour = line.task === null ? '' : `lane-${line.task % OWNER_COLOURS}`;
        return (
          <button
            key={i}
            type="button"
            tabIndex={-1}
            class={`console-line stripe ${colour} ${i === chosen.value ? 'chosen' : ''}`}
            title={formatNs(line.t, app.language.value, 6)}
            onClick={() => pick(line)}
          >
            <span class="console-task">{name}</span>
            <span class="console-text">{line.text}</span>
          </button>
        );
      }}
    </Windowed>
  );
}
