// The names beside the lanes: those of pinned rows stay, groups can be folded.
import type { JSX } from 'preact';
import { useApp } from '../store/app';
import type { RunStore } from '../store/run';
import { OWNER_COLOURS } from '../trace/model';
import { OBJECT_TEXT, TASK_TEXT } from '../trace/texts.gen';
import { Icon } from '../ui/controls';
import { togglePin } from './keys';
import { isRowOf, rowKey, type Head, type Layout, type Row } from './layout';
import { objectName, taskName } from './sentences';

interface Props {
  readonly store: RunStore;
  readonly layout: Layout;
}

function Name({ store, row }: { readonly store: RunStore; readonly row: Row }): JSX.Element {
  const app = useApp();
  const { log } = store.model;
  const task = row.kind === 'task';
  const name = task ? taskName(store.model, row.id) : objectName(store.model, row.id);
  const kind = task
    ? app.word('timeline.task', TASK_TEXT[log.tasks[row.id].kind])
    : app.word('object', OBJECT_TEXT[log.objects[row.id]?.kind] ?? '');
  const selection = store.selection.value;
  const chosen = selection !== null && isRowOf(row, selection);
  return (
    <div
      class={`lane-name ${task ? `stripe lane-${row.id % OWNER_COLOURS}` : 'object-name'}`}
      aria-current={chosen ? 'true' : undefined}
      style={{ top: `${row.y}px`, height: `${row.height}px` }}
      title={`${name} (${kind})`}
    >
      <span class="lane-title">{name}</span>
      <span class="lane-kind">{kind}</span>
      <button
        type="button"
        class="pin"
        tabIndex={-1}
        aria-pressed={row.pinned}
        aria-label={app.t(row.pinned ? 'timeline.unpin' : 'timeline.pin', { name })}
        title={app.t(row.pinned ? 'timeline.unpin' : 'timeline.pin', { name })}
        onClick={() => togglePin(store, rowKey(row))}
      >
        <Icon name="pin" />
      </button>
    </div>
  );
}

function GroupHead({ store, head }: { readonly store: RunStore; readonly head: Head }): JSX.Element {
  const app = useApp();
  const fold = (): void => {
    const folded = store.folded.peek();
    store.folded.value = head.folded ? folded.filter((group) => group !== head.group) : [...folded, head.group];
  };
  return (
    <button
      type="button"
      class="group-head"
      aria-expanded={!head.folded}
      style={{ top: `${head.y}px`, height: `${head.height}px` }}
      onClick={fold}
    >
      <Icon name={head.folded ? 'right' : 'down'} />
      {app.word('timeline.group', head.group)} <span class="muted">{head.rows}</span>
    </button>
  );
}

export function LaneNames({ store, layout }: Props): JSX.Element {
  const pinned = layout.rows.filter((row) => row.pinned);
  return (
    <>
      <div class="pinned-names">
        {pinned.map((row) => <Name key={rowKey(row)} store={store} row={row} />)}
      </div>
      <div class="lane-names">
        {layout.heads.map((head) => <GroupHead key={head.group} store={store} head={head} />)}
        {layout.rows.filter((row) => !row.pinned)
          .map((row) => <Name key={rowKey(row)} store={store} row={row} />)}
      </div>
    </>
  );
}
