import type { JSX } from 'preact';
import { formatNs } from '../messages/format';
import { useApp, type App } from '../store/app';
import type { RunStore } from '../store/run';
import { taskName } from '../timeline/sentences';
import { TASK } from '../trace/kinds.gen';
import { OWNER_COLOURS } from '../trace/model';
import { TASK_TEXT } from '../trace/texts.gen';
import { treeChart, type TaskNode } from './tree';

const SIGNALS: Readonly<Record<number, string>> = {
  1: 'SIGHUP', 2: 'SIGINT', 3: 'SIGQUIT', 4: 'SIGILL', 6: 'SIGABRT', 7: 'SIGBUS', 8: 'SIGFPE',
  9: 'SIGKILL', 10: 'SIGUSR1', 11: 'SIGSEGV', 12: 'SIGUSR2', 13: 'SIGPIPE', 14: 'SIGALRM', 15: 'SIGTERM',
};

const KINDS = [
  [TASK.PROCESS, 'tree.processes'], [TASK.THREAD, 'tree.threads'], [TASK.COROUTINE, 'tree.coroutines'],
] as const;

function endText(app: App, node: TaskNode, over: boolean): string {
  if (node.code === null && node.from === null && over) return app.t('tree.never');
  if (node.code === null) return app.t(over ? 'tree.left' : 'tree.alive');
  if (node.code < 0) return app.t('tree.signal', { signal: SIGNALS[-node.code] ?? -node.code });
  return node.code > 0 ? app.t('tree.code', { code: node.code }) : app.t('tree.ended');
}

function Branch({ node, store, over }: {
  readonly node: TaskNode;
  readonly store: RunStore;
  readonly over: boolean;
}): JSX.Element {
  const app = useApp();
  const { model } = store;
  const { task, from, to, code } = node;
  const kind = TASK_TEXT[model.log.tasks[task].kind];
  const chosen = store.selection.value?.task === task;
  const until = to ?? model.until;
  return (
    <li>
      <button
        type="button"
        class={`tree-task stripe lane-${task % OWNER_COLOURS} ${chosen ? 'chosen' : ''}`}
        onClick={() => { store.selection.value = { task, t: to ?? model.lastT, event: -1 }; }}
      >
        <strong>{taskName(model, task)}</strong>
        <span class="muted">{app.word('timeline.task', kind)}</span>
        <span class={`tree-end ${code !== null && code !== 0 ? 'bad' : ''}`}>{endText(app, node, over)}</span>
        {from !== null && <span class="muted">{formatNs(until - from, app.language.value)}</span>}
      </button>
      {node.children.length > 0 && (
        <ul class="tree">
          {node.children.map((child) => (
            <Branch key={child.task} node={child} store={store} over={over} />
          ))}
        </ul>
      )}
    </li>
  );
}

export function TreeView({ store }: { readonly store: RunStore }): JSX.Element {
  const app = useApp();
  void store.chartVersion.value;
  const { log } = store.model;
  if (log.tasks.length === 0) return <p class="muted">{app.t('timeline.empty')}</p>;
  const roots = treeChart(log);
  const counts = KINDS.map(([kind, key]) => ({ key, count: log.tasks.filter((task) => task.kind === kind).length }))
    .filter(({ count }) => count > 0);
  const list = new Intl.ListFormat(app.language.value, { type: 'conjunction' });
  return (
    <>
      <p class="takeaway">{list.format(counts.map(({ key, count }) => app.t(key, { count })))}</p>
      <ul class="tree roots">
        {roots.map((node) => (
          <Branch key={node.task} node={node} store={store} over={store.run.value?.status === 'done'} />
        ))}
      </ul>
      <p class="small muted">{app.t('tree.description')}</p>
    </>
  );
}
