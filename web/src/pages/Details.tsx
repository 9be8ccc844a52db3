// What the selected task was doing at the selected moment, and why.
import type { JSX } from 'preact';
import { formatNs } from '../messages/format';
import { useApp } from '../store/app';
import type { RunStore, Selection } from '../store/run';
import { lineOf } from '../store/stepping';
import { isOfItem } from '../timeline/marks';
import { effectOf, eventOf, selectEvent, stepEvent } from '../timeline/moves';
import { objectName, taskName, told, valueText } from '../timeline/sentences';
import { NOTHING } from '../trace/log';
import { OWNER_COLOURS } from '../trace/model';
import { EVENT_TEXT } from '../trace/texts.gen';
import { IconButton } from '../ui/controls';

interface PartProps {
  readonly store: RunStore;
  readonly selection: Selection;
}

/** A link to another event. */
export function EventLink({ store, event }: { readonly store: RunStore; readonly event: number }): JSX.Element {
  const app = useApp();
  const { model } = store;
  const { log } = model;
  return (
    <button type="button" class="link-button" onClick={() => { store.selection.value = selectEvent(model, event); }}>
      {app.t('details.causeText', {
        task: taskName(model, log.task[event]),
        event: EVENT_TEXT[log.kind[event]],
        time: formatNs(log.t[event], app.language.value, 5),
      })}
    </button>
  );
}

function EventFacts({ store, event, named }: {
  readonly store: RunStore;
  readonly event: number;
  /** Whether to say whose event it is. */
  readonly named: boolean;
}): JSX.Element {
  const app = useApp();
  const { log } = store.model;
  const object = log.object[event];
  const effect = effectOf(store.model, event);
  return (
    <>
      <dt>{app.t('details.event')}</dt>
      <dd>
        <code>{EVENT_TEXT[log.kind[event]]}</code>
        {object !== NOTHING && ` ${objectName(store.model, object)}`}
      </dd>
      {named && (
        <>
          <dt>{app.t('details.by')}</dt>
          <dd><strong class={`stripe lane-${log.task[event] % OWNER_COLOURS}`}>{taskName(store.model, log.task[event])}</strong></dd>
        </>
      )}
      <dt>{app.t('details.value')}</dt>
      <dd>{valueText(app, store.model, event)}</dd>
      {log.line[event] > 0 && (
        <><dt>{app.t('details.line')}</dt><dd>{log.line[event]}</dd></>
      )}
      {log.cause[event] >= 0 && (
        <>
          <dt>{app.t('details.cause')}</dt>
          <dd><EventLink store={store} event={log.cause[event]} /></dd>
        </>
      )}
      {effect >= 0 && (
        <>
          <dt>{app.t('details.effect')}</dt>
          <dd><EventLink store={store} event={effect} /></dd>
        </>
      )}
    </>
  );
}

function itemAt({ store, selection }: PartProps): number | null {
  const { log } = store.model;
  if (selection.event >= 0 && isOfItem(log.kind[selection.event])) return log.value[selection.event];
  const bars = store.model.items[selection.task] ?? [];
  const bar = bars.find((b) => b.start <= selection.t && selection.t < b.end);
  return bar === undefined ? null : bar.index;
}

function Chosen({ store, selection }: PartProps): JSX.Element | null {
  const app = useApp();
  const language = app.language.value;
  const moment = told(app, store, selection);
  if (moment === null) return <p class="muted">{app.t('says.none')}</p>;
  const ofTask = selection.object === undefined;
  const item = ofTask ? itemAt({ store, selection }) : null;
  const event = eventOf(store.model, selection);
  const stuck = ofTask && store.model.marks.some((m) => m.kind === 'stuck' && m.task === selection.task
    && moment.to >= m.t);
  const step = (by: 1 | -1): void => { store.selection.value = stepEvent(store.model, selection, by); };
  return (
    <>
      <p class="sentence">
        <strong class={ofTask ? `stripe lane-${selection.task % OWNER_COLOURS}` : ''}>{moment.name}</strong>
        {' '}{moment.sentence}
        {stuck && <strong class="stuck"> {app.t('details.stuck')}</strong>}
      </p>
      <dl>
        <dt>{app.t('details.from')}</dt><dd>{formatNs(moment.from, language, 5)}</dd>
        <dt>{app.t('details.for')}</dt><dd>{formatNs(moment.to - moment.from, language)}</dd>
        {item !== null && (
          <>
            <dt>{app.t('details.item')}</dt>
            <dd>
              {app.t('details.itemText', { index: item })}{' '}
              <button
                type="button"
                class="small-button"
                aria-pressed={store.item.value === item}
                onClick={() => { store.item.value = store.item.peek() === item ? null : item; }}
              >
                {app.t('details.follow')}
              </button>
            </dd>
          </>
        )}
        {event >= 0 && <EventFacts store={store} event={event} named={!ofTask} />}
      </dl>
      <div class="tools">
        <IconButton icon="left" label={app.t('details.previous')} onClick={() => step(-1)} />
        <IconButton icon="right" label={app.t('details.next')} onClick={() => step(1)} />
        {event >= 0 && lineOf(store.run.value) !== null && (
          <button type="button" class="small-button" onClick={() => { store.stepTo.value = event; }}>
            {app.t('step.here')}
          </button>
        )}
      </div>
    </>
  );
}

/** The keyboard is back on the lanes, where the selection came from. */
function unselect(store: RunStore): void {
  document.querySelector<HTMLElement>('.lanes')?.focus({ preventScroll: true });
  store.selection.value = null;
}

export function Details({ store }: { readonly store: RunStore }): JSX.Element {
  const app = useApp();
  void store.version.value;
  const selection = store.selection.value;
  return (
    <section class={`panel details ${selection === null ? 'nothing-chosen' : ''}`}>
      <div class="panel-head">
        <h2>{app.t('details.title')}</h2>
        {selection !== null && (
          <IconButton icon="close" label={app.t('app.close')} onClick={() => unselect(store)} />
        )}
      </div>
      {selection === null
        ? <p class="muted">{app.t('details.empty')}</p>
        : <Chosen store={store} selection={selection} />}
    </section>
  );
}
