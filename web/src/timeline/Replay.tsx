// The run once more, slowly: a moment that goes through it and takes the selection along, so that
// lanes, console, waits and source are always of the same moment.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { useApp } from '../store/app';
import type { RunStore } from '../store/run';
import { IconButton } from '../ui/controls';
import { goTo } from './keys';
import { eventOf, selectEvent } from './moves';
import { told } from './sentences';
import type { Stage } from './stage';

/** How long a whole run takes at normal speed, and each event at least where things do not glide. */
const WHOLE_MS = 12_000;
const STEP_MS = 700;
const SPEEDS = [0.25, 0.5, 1, 2, 4] as const;
const NORMAL = 2;
const STEPS = 1000;

const still = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;

export function Replay({ store, stage }: { readonly store: RunStore; readonly stage: Stage | null }): JSX.Element {
  const app = useApp();
  const playing = useSignal(false);
  const speed = useSignal(NORMAL);
  const selection = store.selection.value;

  const setHead = (t: number): void => {
    if (stage === null) return;
    const head = Math.min(Math.max(t, 0), stage.end);
    stage.head = head;
    const event = stage.eventAt(head);
    if (event >= 0 && event !== store.selection.peek()?.event) {
      goTo(stage, store, selectEvent(store.model, event));
    }
    stage.touch();
  };
  /** Where it goes on: at the head, or at what is selected; from the start when it was at the end. */
  const begin = (): number => {
    if (stage === null) return 0;
    const from = store.selection.peek();
    const event = from === null ? -1 : eventOf(store.model, from);
    const at = stage.head ?? (event >= 0 ? stage.timeOf(event) : 0);
    return at >= stage.end * 0.999 ? 0 : at;
  };

  useEffect(() => {
    if (!playing.value || stage === null) return undefined;
    if (still()) {
      const timer = setInterval(() => {
        const from = store.selection.peek() ?? stage.firstSelection();
        const to = stage.eventBeside(from, 1);
        if (to.event === from.event) playing.value = false;
        else goTo(stage, store, to);
      }, STEP_MS / SPEEDS[speed.value]);
      return () => clearInterval(timer);
    }
    let head = begin();
    let before = performance.now();
    let frame = requestAnimationFrame(function tick(now) {
      head += ((now - before) / WHOLE_MS) * SPEEDS[speed.peek()] * stage.end;
      before = now;
      setHead(head);
      if (head >= stage.end) playing.value = false;
      else frame = requestAnimationFrame(tick);
    });
    return () => cancelAnimationFrame(frame);
  }, [playing.value, stage, still() ? speed.value : 0]);
  useEffect(() => () => { if (stage !== null) stage.head = null; }, [stage]);

  const step = (by: 1 | -1): void => {
    if (stage === null) return;
    playing.value = false;
    const to = stage.eventBeside(store.selection.peek() ?? { task: 0, t: by > 0 ? -1 : Infinity, event: -1 }, by);
    goTo(stage, store, to);
    stage.head = to.event >= 0 ? stage.timeOf(to.event) : stage.head;
    stage.touch();
  };
  const moment = selection === null ? null : told(app, store, selection);
  const event = selection === null ? -1 : eventOf(store.model, selection);
  const share = stage === null || event < 0 ? 0 : Math.round((stage.timeOf(event) / stage.end) * STEPS);
  return (
    <div class="replay">
      <IconButton icon={playing.value ? 'pause' : 'play'}
        label={app.t(playing.value ? 'replay.pause' : 'replay.play')}
        onClick={() => { playing.value = !playing.value; }} />
      <IconButton icon="stepBack" label={app.t('replay.before')} onClick={() => step(-1)} />
      <IconButton icon="step" label={app.t('replay.next')} onClick={() => step(1)} />
      <input
        type="range"
        min={0}
        max={STEPS}
        value={share}
        aria-label={app.t('replay.title')}
        aria-valuetext={moment === null ? undefined : `${moment.name} ${moment.sentence}`}
        onInput={(event) => {
          playing.value = false;
          if (stage !== null) setHead((Number(event.currentTarget.value) / STEPS) * stage.end);
        }}
      />
      <label class="small">
        <span class="visually-hidden">{app.t('replay.speed')}</span>
        <select value={speed.value} onChange={(event) => { speed.value = Number(event.currentTarget.value); }}>
          {SPEEDS.map((times, i) => <option key={times} value={i}>{`${times}×`}</option>)}
        </select>
      </label>
    </div>
  );
}
