// The timeline's frame: toolbar, lane names, canvas, legend, table. One tab stop for the lanes.
import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { JSX } from 'preact';
import { formatNs, formatTick } from '../messages/format';
import { useApp } from '../store/app';
import type { RunStore } from '../store/run';
import { TASK_TEXT } from '../trace/kinds.gen';
import { OWNER_COLOURS } from '../trace/model';
import { IconButton } from '../ui/controls';
import { EventTable } from './EventTable';
import { Legend } from './Legend';
import { pressKey } from './keys';
import type { Layout } from './layout';
import { attachPointer } from './pointer';
import { momentOf, objectName, taskName } from './sentences';
import { RULER_HEIGHT, Stage } from './stage';

const SCROLLS_ABOVE = 520;

export function Timeline({ store }: { readonly store: RunStore }): JSX.Element {
  const app = useApp();
  const canvas = useRef<HTMLCanvasElement>(null);
  const ruler = useRef<HTMLCanvasElement>(null);
  const scroll = useRef<HTMLDivElement>(null);
  const stage = useSignal<Stage | null>(null);
  const table = useSignal(false);

  useEffect(() => {
    if (canvas.current === null || ruler.current === null || scroll.current === null) return undefined;
    const elements = { canvas: canvas.current, ruler: ruler.current, scroll: scroll.current };
    const made = new Stage(elements, {
      store, formatTick: (time, step) => formatTick(time, step, app.language.peek()),
    });
    const detach = attachPointer(elements.canvas, made, (x, y) => {
      const { row, t } = made.at(x, y);
      scroll.current?.focus({ preventScroll: true });
      if (row?.kind === 'task') store.selection.value = { task: row.id, t, event: -1 };
    });
    stage.value = made;
    return () => {
      detach();
      made.close();
    };
  }, [store]);
  useSignalEffect(() => {
    void [app.dark.value, app.language.value];
    stage.value?.repaint();
  });

  const layout = useComputed<Layout>(() => stage.value?.layout.value ?? { rows: [], height: 0 });
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || stage.value === null) return;
    if (event.key === '?') app.help.value = true;
    else if (!pressKey(event.key, stage.value, store)) return;
    event.preventDefault();
  };
  const height = Math.max(layout.value.height, 56);
  return (
    <section class="timeline" aria-label={app.t('timeline.title')}>
      <Toolbar store={store} stage={stage.value} table={table} />
      <div class="ruler">
        <canvas ref={ruler} aria-hidden="true" style={{ height: `${RULER_HEIGHT}px` }} />
      </div>
      <div
        ref={scroll}
        class="lanes"
        tabIndex={0}
        role="application"
        aria-label={app.t('timeline.title')}
        aria-describedby="timeline-keys"
        onKeyDown={onKeyDown}
        style={{ height: `${Math.min(height, SCROLLS_ABOVE)}px` }}
      >
        <div class="lanes-body" style={{ height: `${height}px` }}>
          <LaneNames store={store} layout={layout.value} />
          <canvas ref={canvas} aria-hidden="true" style={{ height: `${Math.min(height, SCROLLS_ABOVE)}px` }} />
        </div>
        {layout.value.rows.length === 0 && <Empty store={store} />}
      </div>
      <p id="timeline-keys" class="visually-hidden">{app.t('timeline.description')}</p>
      <Readout store={store} />
      <Legend store={store} />
      {table.value && <EventTable store={store} />}
    </section>
  );
}

function Empty({ store }: { readonly store: RunStore }): JSX.Element {
  const app = useApp();
  const over = store.run.value?.status === 'done';
  return <p class="lanes-empty">{app.t(over ? 'timeline.none' : 'timeline.empty')}</p>;
}

interface ToolbarProps {
  readonly store: RunStore;
  readonly stage: Stage | null;
  readonly table: { value: boolean };
}

function Toolbar({ store, stage, table }: ToolbarProps): JSX.Element {
  const app = useApp();
  void store.version.value;
  const { log, until } = store.model;
  const hidden = stage?.arrowsHidden.value ?? 0;
  return (
    <div class="toolbar">
      <h2>{app.t('timeline.title')}</h2>
      <span class="muted small">
        {app.t('timeline.summary', {
          tasks: log.tasks.length, events: log.count, time: formatNs(until, app.language.value),
        })}
      </span>
      {hidden > 0 && <span class="muted small">{app.t('timeline.arrowsMany', { count: hidden })}</span>}
      <span class="tools">
        <IconButton icon="left" label={app.t('timeline.left')} onClick={() => stage?.pan(-0.25)} />
        <IconButton icon="right" label={app.t('timeline.right')} onClick={() => stage?.pan(0.25)} />
        <IconButton icon="out" label={app.t('timeline.out')} onClick={() => stage?.zoom(1.6)} />
        <IconButton icon="in" label={app.t('timeline.in')} onClick={() => stage?.zoom(0.625)} />
        <button type="button" class="small-button" onClick={() => stage?.showAll()}>
          {app.t('timeline.fit')}
        </button>
        <button
          type="button"
          class="small-button"
          aria-pressed={stage?.arrows.value ?? true}
          onClick={() => { if (stage !== null) stage.arrows.value = !stage.arrows.value; }}
        >
          {app.t('timeline.arrows')}
        </button>
        <button
          type="button"
          class="small-button"
          aria-pressed={table.value}
          onClick={() => { table.value = !table.value; }}
        >
          {app.t('timeline.table')}
        </button>
        <IconButton icon="help" label={app.t('app.help')} onClick={() => { app.help.value = true; }} />
      </span>
    </div>
  );
}

interface LaneNamesProps {
  readonly store: RunStore;
  readonly layout: Layout;
}

function LaneNames({ store, layout }: LaneNamesProps): JSX.Element {
  const app = useApp();
  const { log } = store.model;
  const selected = store.selection.value?.task;
  return (
    <div class="lane-names">
      {layout.rows.map((row) => {
        const task = row.kind === 'task';
        const name = task ? taskName(store.model, row.id) : objectName(store.model, row.id);
        const kind = task
          ? app.word('timeline.task', TASK_TEXT[log.tasks[row.id].kind])
          : app.t('timeline.lock');
        return (
          <div
            key={`${row.kind}${row.id}`}
            class={`lane-name ${task ? `stripe lane-${row.id % OWNER_COLOURS}` : 'lock-name'}`}
            aria-current={task && row.id === selected ? 'true' : undefined}
            style={{ top: `${row.y}px`, height: `${row.height}px` }}
            title={`${name} (${kind})`}
          >
            <span class="lane-title">{name}</span>
            <span class="lane-kind">{kind}</span>
          </div>
        );
      })}
    </div>
  );
}

/** What is selected, in words, for those who cannot see the canvas and for everyone else. */
function Readout({ store }: { readonly store: RunStore }): JSX.Element {
  const app = useApp();
  const selection = store.selection.value;
  const moment = selection === null ? null : momentOf(app, store.model, selection);
  const language = app.language.value;
  return (
    <p class="visually-hidden" role="status">
      {moment !== null && app.t('timeline.readout', {
        task: taskName(store.model, moment.task),
        sentence: moment.sentence,
        from: formatNs(moment.from, language),
        to: formatNs(moment.to, language),
        length: formatNs(moment.to - moment.from, language),
      })}
    </p>
  );
}
