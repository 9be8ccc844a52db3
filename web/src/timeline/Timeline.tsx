// The timeline's frame: toolbar, lane names, canvas, legend, table. One tab stop for the lanes.
import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useId, useRef } from 'preact/hooks';
import type { JSX } from 'preact';
import { formatEvents, formatNs, formatTick } from '../messages/format';
import { useApp } from '../store/app';
import type { RunStore } from '../store/run';
import { STEP } from '../trace/order';
import { EventTable } from './EventTable';
import { LaneNames } from './LaneNames';
import { Legend } from './Legend';
import { Replay } from './Replay';
import { Toolbar } from './Toolbar';
import { pressKey } from './keys';
import type { Layout } from './layout';
import type { PlaceSide } from './place';
import { attachMinimap, attachPointer } from './pointer';
import { told } from './sentences';
import { MINIMAP_HEIGHT, RULER_HEIGHT, Stage } from './stage';
import { usePlace } from './usePlace';

const SCROLLS_ABOVE = 520;

const NOTHING_LAID_OUT: Layout = { rows: [], heads: [], height: 0, pinned: 0 };

interface Props {
  readonly store: RunStore;
  /** The address of the page holds what one looks at here, as the first or the second of two. */
  readonly place?: PlaceSide | null;
  /** What it is called where there are several. */
  readonly name?: string;
}

export function Timeline({ store, place = null, name = '' }: Props): JSX.Element {
  const app = useApp();
  const canvas = useRef<HTMLCanvasElement>(null);
  const minimap = useRef<HTMLCanvasElement>(null);
  const ruler = useRef<HTMLCanvasElement>(null);
  const scroll = useRef<HTMLDivElement>(null);
  const stage = useSignal<Stage | null>(null);
  const table = useSignal(false);
  const keysId = useId();

  useEffect(() => {
    if (canvas.current === null || ruler.current === null || scroll.current === null
      || minimap.current === null) return undefined;
    const elements = {
      canvas: canvas.current, ruler: ruler.current, minimap: minimap.current, scroll: scroll.current,
    };
    const made = new Stage(elements, {
      store,
      formatTick: (time, step) => (store.ordered.peek() ? formatEvents(time / STEP, app.language.peek())
        : formatTick(time, step, app.language.peek())),
    });
    const detachMap = attachMinimap(elements.minimap, made);
    const detach = attachPointer(elements.canvas, made, (x, y) => {
      scroll.current?.focus({ preventScroll: true });
      store.selection.value = made.at(x, y) ?? store.selection.peek();
    });
    stage.value = made;
    return () => {
      detach();
      detachMap();
      made.close();
    };
  }, [store]);
  useSignalEffect(() => {
    void [app.dark.value, app.language.value];
    stage.value?.repaint();
  });

  const layout = useComputed<Layout>(() => stage.value?.layout.value ?? NOTHING_LAID_OUT);
  usePlace(store, stage.value, place);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || stage.value === null) return;
    if (event.key === '?') app.help.value = true;
    else if (!pressKey(event.key, stage.value, store)) return;
    event.preventDefault();
  };
  const height = Math.max(layout.value.height, 56);
  const title = [app.t('timeline.title'), name].filter((part) => part !== '').join(app.t('app.of'));
  return (
    <section class="timeline" aria-label={title}>
      <Toolbar store={store} stage={stage.value} table={table} />
      <div class="ruler minimap" title={app.t('timeline.minimap')}>
        <canvas ref={minimap} aria-hidden="true" style={{ height: `${MINIMAP_HEIGHT}px` }} />
      </div>
      <div class="ruler">
        <canvas ref={ruler} aria-hidden="true" style={{ height: `${RULER_HEIGHT}px` }} />
      </div>
      <div
        ref={scroll}
        class="lanes"
        tabIndex={0}
        role="application"
        aria-label={title}
        aria-describedby={keysId}
        onKeyDown={onKeyDown}
        style={{ height: `${Math.min(height, SCROLLS_ABOVE)}px` }}
      >
        <div class="lanes-body" style={{ height: `${height}px` }}>
          <LaneNames store={store} layout={layout.value} />
          <canvas ref={canvas} aria-hidden="true" style={{ height: `${Math.min(height, SCROLLS_ABOVE)}px` }} />
        </div>
        {layout.value.rows.length === 0 && <Empty store={store} />}
      </div>
      <p id={keysId} class="visually-hidden">{app.t('timeline.description')}</p>
      <Readout store={store} />
      <Replay store={store} stage={stage.value} />
      <Legend store={store} rows={layout.value.rows} />
      {table.value && <EventTable store={store} />}
    </section>
  );
}

function Empty({ store }: { readonly store: RunStore }): JSX.Element {
  const app = useApp();
  const over = store.run.value?.status === 'done';
  return <p class="lanes-empty">{app.t(over ? 'timeline.none' : 'timeline.empty')}</p>;
}

/** What is selected, in words, for those who cannot see the canvas and for everyone else. */
function Readout({ store }: { readonly store: RunStore }): JSX.Element {
  const app = useApp();
  const selection = store.selection.value;
  const moment = selection === null ? null : told(app, store, selection);
  const language = app.language.value;
  return (
    <p class="visually-hidden" role="status">
      {moment !== null && app.t('timeline.readout', {
        name: moment.name,
        sentence: moment.sentence,
        from: formatNs(moment.from, language),
        to: formatNs(moment.to, language),
        length: formatNs(moment.to - moment.from, language),
      })}
    </p>
  );
}
