// What can be done with the timeline, as buttons: everything the keys do, and the search.
import { batch, effect, useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { formatNs } from '../messages/format';
import { useApp } from '../store/app';
import type { RunStore } from '../store/run';
import { IconButton } from '../ui/controls';
import { Download } from './Download';
import { search } from './search';
import type { Stage } from './stage';

interface Props {
  readonly store: RunStore;
  readonly stage: Stage | null;
  readonly table: { value: boolean };
}

interface ToggleProps {
  readonly on: boolean;
  readonly label: string;
  readonly help?: string;
  readonly onClick: () => void;
}

function Toggle({ on, label, help, onClick }: ToggleProps): JSX.Element {
  return (
    <button type="button" class="small-button" aria-pressed={on} title={help} onClick={onClick}>{label}</button>
  );
}

export function SearchBox({ store, stage }: Omit<Props, 'table'>): JSX.Element {
  const app = useApp();
  const query = useSignal('');
  const { log } = store.model;
  const ask = (text: string): void => batch(() => {
    query.value = text;
    store.found.value = search(log, text);
  });
  // While the run goes on there are more and more.
  useEffect(() => effect(() => {
    void store.chartVersion.value;
    ask(query.peek());
  }), [store]);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') stage?.nextFound(event.shiftKey ? -1 : 1);
    else if (event.key === 'Escape') ask('');
    else return;
    event.preventDefault();
  };
  const found = store.found.value;
  const at = found.indexOf(store.selection.value?.event ?? -1);
  return (
    <span class="timeline-search">
      <input
        type="search"
        value={query.value}
        placeholder={app.t('timeline.search')}
        aria-label={app.t('timeline.searchLabel')}
        onInput={(event) => ask(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      {query.value.trim() !== '' && (
        <>
          <span class="muted small" role="status">
            {at < 0 ? app.t('timeline.found', { count: found.length })
              : app.t('timeline.foundAt', { at: at + 1, count: found.length })}
          </span>
          <IconButton icon="left" label={app.t('timeline.foundBefore')} onClick={() => stage?.nextFound(-1)} />
          <IconButton icon="right" label={app.t('timeline.foundNext')} onClick={() => stage?.nextFound(1)} />
        </>
      )}
    </span>
  );
}

/** What changes often, apart from the buttons. */
function Summary({ store, stage }: Omit<Props, 'table'>): JSX.Element {
  const app = useApp();
  void store.chartVersion.value;
  const { log, until } = store.model;
  const hidden = stage?.arrowsHidden.value ?? 0;
  return (
    <>
      <span class="muted small">
        {app.t('timeline.summary', {
          tasks: log.tasks.length, events: log.count, time: formatNs(until, app.language.value),
        })}
      </span>
      {hidden > 0 && <span class="muted small">{app.t('timeline.arrowsMany', { count: hidden })}</span>}
    </>
  );
}

export function Toolbar({ store, stage, table }: Props): JSX.Element {
  const app = useApp();
  const ordered = store.ordered.value;
  return (
    <div class="toolbar">
      <h2>{app.t('timeline.title')}</h2>
      <Summary store={store} stage={stage} />
      <span class="tools">
        <SearchBox store={store} stage={stage} />
        <IconButton icon="left" label={app.t('timeline.left')} onClick={() => stage?.pan(-0.25)} />
        <IconButton icon="right" label={app.t('timeline.right')} onClick={() => stage?.pan(0.25)} />
        <IconButton icon="out" label={app.t('timeline.out')} onClick={() => stage?.zoom(1.6)} />
        <IconButton icon="in" label={app.t('timeline.in')} onClick={() => stage?.zoom(0.625)} />
        <IconButton icon="undo" label={app.t('timeline.back')} onClick={() => stage?.back()} />
        <IconButton icon="flag" label={app.t('timeline.mark')} onClick={() => stage?.toggleMark()} />
        <button type="button" class="small-button" onClick={() => stage?.showAll()}>{app.t('timeline.fit')}</button>
        <Toggle on={ordered} label={app.t('timeline.ordered')} help={app.t('timeline.orderedHelp')}
          onClick={() => stage?.setOrdered(!ordered)} />
        <Toggle on={stage?.arrows.value ?? true} label={app.t('timeline.arrows')}
          onClick={() => { if (stage !== null) stage.arrows.value = !stage.arrows.value; }} />
        <Toggle on={table.value} label={app.t('timeline.table')} onClick={() => { table.value = !table.value; }} />
        <Download store={store} stage={stage} />
        <IconButton icon="help" label={app.t('app.help')} onClick={() => { app.help.value = true; }} />
      </span>
    </div>
  );
}
