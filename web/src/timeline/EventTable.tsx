// The same as the canvas, as a table: the events in sight, windowed.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { formatNs } from '../messages/format';
import { useApp } from '../store/app';
import type { RunStore } from '../store/run';
import type { TraceLog } from '../trace/log';
import { timeOrder } from '../trace/sort';
import { EVENT_TEXT } from '../trace/texts.gen';
import { Windowed } from '../ui/Windowed';
import { selectEvent } from './moves';
import { viewEnd, viewStart, type View } from './scale';
import { objectName, taskName, valueText } from './sentences';

const ROW = 26;

function eventsIn(log: TraceLog, order: Uint32Array, view: View | null): Uint32Array {
  if (view === null) return order;
  const [from, to] = [viewStart(view), viewEnd(view)];
  return order.filter((i) => log.t[i] >= from && log.t[i] <= to);
}

export function EventTable({ store }: { readonly store: RunStore }): JSX.Element {
  const app = useApp();
  const order = useSignal<{ count: number; list: Uint32Array }>({ count: -1, list: new Uint32Array() });
  void store.version.value;
  const { model } = store;
  const { log } = model;
  if (order.peek().count !== log.count) order.value = { count: log.count, list: timeOrder(log) };
  const shown = eventsIn(log, order.value.list, store.view.value);
  const digits = 6;
  const cell = (i: number): JSX.Element[] => [
    <span role="cell" class="number">{formatNs(log.t[i], app.language.value, digits)}</span>,
    <span role="cell">{taskName(model, log.task[i])}</span>,
    <span role="cell">
      <button
        type="button"
        class="link-button"
        onClick={() => { store.selection.value = selectEvent(model, i); }}
      >
        {EVENT_TEXT[log.kind[i]]}
      </button>
    </span>,
    <span role="cell">{objectName(model, log.object[i])}</span>,
    <span role="cell" class="number">{valueText(app, model, i)}</span>,
  ];
  const heads = ['table.time', 'table.task', 'table.event', 'table.object', 'table.value'] as const;
  return (
    <div class="table" role="table" aria-label={app.t('table.caption')} aria-rowcount={shown.length + 1}>
      <div role="row" class="table-row table-head" aria-rowindex={1}>
        {heads.map((key) => <span key={key} role="columnheader">{app.t(key)}</span>)}
      </div>
      <Windowed count={shown.length} row={ROW} height={ROW * 10} role="rowgroup" label={app.t('table.caption')}>
        {(k) => (
          <div
            role="row"
            aria-rowindex={k + 2}
            class={`table-row ${store.selection.value?.event === shown[k] ? 'chosen' : ''}`}
          >
            {cell(shown[k])}
          </div>
        )}
      </Windowed>
    </div>
  );
}
