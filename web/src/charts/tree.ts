// The tasks of a run by who made whom, with how each ended.
import { EVENT } from '../trace/kinds.gen';
import { NOTHING, type TraceLog } from '../trace/log';

export interface TaskNode {
  readonly task: number;
  readonly children: TaskNode[];
  /** Exit code, or minus the signal; null while it has not ended. */
  readonly code: number | null;
  readonly from: number | null;
  readonly to: number | null;
}

interface Life {
  from: number | null;
  to: number | null;
  code: number | null;
}

function lives(log: TraceLog): Life[] {
  const list: Life[] = log.tasks.map(() => ({ from: null, to: null, code: null }));
  for (let i = 0; i < log.count; i++) {
    const life = list[log.task[i]];
    if (log.kind[i] === EVENT.TASK_STARTED) life.from = log.t[i];
    if (log.kind[i] !== EVENT.TASK_ENDED) continue;
    life.to = log.t[i];
    life.code = log.value[i];
  }
  return list;
}

/** The tasks nobody made, each with those it made; both in the order they were made. */
export function treeChart(log: TraceLog): TaskNode[] {
  const nodes = lives(log).map((life, task): TaskNode => ({ task, children: [], ...life }));
  const roots: TaskNode[] = [];
  log.tasks.forEach(({ parent }, task) => {
    // A parent is always made before its child; anything else is a task without one.
    if (parent === NOTHING || parent >= task) roots.push(nodes[task]);
    else nodes[parent].children.push(nodes[task]);
  });
  return roots;
}
