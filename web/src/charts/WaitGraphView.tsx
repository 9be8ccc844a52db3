// Who waits for whom at the moment of the selection, or at the end: a small graph and its sentences.
import type { JSX } from 'preact';
import type { Run, Wait } from '../api/types';
import { formatNs } from '../messages/format';
import { useApp, type App } from '../store/app';
import { callOn } from '../store/places';
import type { RunStore } from '../store/run';
import { OBJECT } from '../trace/kinds.gen';
import { OWNER_COLOURS } from '../trace/model';
import { everWaited, waitsAt } from '../trace/waits';
import { Prose } from '../ui/controls';
import { useWidth } from '../ui/useWidth';
import {
  endGraph, fitted, layOutGraph, momentGraph, waitsOf, type GraphLayout, type Placed, type WaitGraph,
} from './waitGraph';

const FIRST_WIDTH = 286;
const LETTER = 7.2;
const TEXT_ROOM = 18;
const TASKS_MOST = 24;

function Box({ node, layout }: { readonly node: Placed; readonly layout: GraphLayout }): JSX.Element {
  const { width, height } = layout.box;
  const task = node.task !== null;
  return (
    <g class={task ? `graph-task lane-${(node.task ?? 0) % OWNER_COLOURS}` : 'graph-object'}>
      <title>{node.name}</title>
      <rect x={node.x} y={node.y} width={width} height={height} rx={task ? 4 : 14} />
      {task && <rect class="lane-fill graph-stripe" x={node.x} y={node.y} width="4" height={height} />}
      <text x={node.x + width / 2 + (task ? 2 : 0)} y={node.y + height / 2} dy="4.5" text-anchor="middle">
        {fitted(node.name, Math.floor((width - TEXT_ROOM) / LETTER))}
      </text>
    </g>
  );
}

function Drawing({ graph, label }: { readonly graph: WaitGraph; readonly label: string }): JSX.Element {
  const [ref, width] = useWidth<SVGSVGElement>(FIRST_WIDTH);
  const layout = layOutGraph(graph, width.value);
  const kindOf = (held: boolean, circular: boolean): string =>
    `graph-edge ${held ? 'held' : 'awaited'} ${circular ? 'circular' : ''}`;
  return (
    <svg ref={ref} class="chart wait-graph" height={layout.height} role="img" aria-label={label}>
      <defs>
        {['plain', 'circular'].map((kind) => (
          <marker key={kind} id={`arrow-${kind}`} class={`graph-arrow ${kind}`} viewBox="0 0 8 8" refX="1" refY="4"
            markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">
            <path d="M0 0 8 4 0 8z" />
          </marker>
        ))}
      </defs>
      {layout.edges.map((edge) => (
        <path
          key={`${edge.from}${edge.to}${edge.held}`}
          class={kindOf(edge.held, edge.circular)}
          d={edge.path}
          marker-end={`url(#arrow-${edge.circular ? 'circular' : 'plain'})`}
        />
      ))}
      {[...layout.tasks, ...layout.objects].map((node) => <Box key={node.key} node={node} layout={layout} />)}
    </svg>
  );
}

interface Telling {
  readonly pipes: ReadonlySet<string>;
  /** Nothing will happen any more. */
  readonly forEver: boolean;
}

function waitSentence(app: App, wait: Wait, { pipes, forEver }: Telling): string {
  const { task, object, holder } = wait;
  if (holder === '') return app.t(forEver ? 'run.wait.free' : 'waits.for', { task, object });
  if (holder === object) return app.t('run.wait.task', { task, object });
  if (!pipes.has(object)) return app.t('run.wait.held', { task, object, holder });
  return holder === task
    ? app.t('run.wait.self', { task, object })
    : app.t('run.wait.pipe', { task, object, holder });
}

function holdSentences(app: App, graph: WaitGraph): string[] {
  const nameOf = new Map([...graph.tasks, ...graph.objects].map((node) => [node.key, node.name]));
  const awaited = new Set(graph.edges.filter((edge) => !edge.held).map((edge) => edge.to));
  return graph.edges.filter((edge) => edge.held && !awaited.has(edge.from)).map((edge) =>
    app.t('waits.holds', { task: nameOf.get(edge.to) ?? '', object: nameOf.get(edge.from) ?? '' }));
}

/** A task that waits for what several have stands on one line all the same. */
const firstOf = (waiting: readonly Wait[], i: number): boolean =>
  i < waiting.length && waiting.findIndex(({ task }) => task === waiting[i].task) === i;

/** Where in the program a task waits at the end, when that is known. */
function Standing({ run, source, task }: {
  readonly run: Run;
  readonly source: string;
  readonly task: string;
}): JSX.Element | null {
  const app = useApp();
  const found = run.positions.find((position) => position.task === task && position.line !== null);
  const text = found?.line == null ? undefined : source.split('\n')[found.line - 1];
  if (found === undefined || text === undefined) return null;
  const call = callOn(text, found.operation);
  const args = { line: String(found.line), call: `${call ?? ''}(…)` };
  return (
    <span class="wait-line muted small">
      <Prose text={call === null ? app.t('waits.line', args) : app.t('waits.lineCall', args)} />
    </span>
  );
}

export function Waits({ run, store, source }: {
  readonly run: Run;
  readonly store: RunStore;
  /** The program's text, or null when it is not known. */
  readonly source: string | null;
}): JSX.Element | null {
  const app = useApp();
  void store.version.value;
  const { model } = store;
  const selection = store.selection.value;
  const over = run.status === 'done' && (selection === null || selection.t >= model.until);
  if (run.waitsFor.length === 0 && !everWaited(model)) return null;
  const t = selection?.t ?? model.until;
  const now = waitsAt(model, t);
  const graph = over && run.waitsFor.length > 0
    ? endGraph(model, run.waitsFor, now.holding) : momentGraph(model, now);
  const pipes = new Set(model.log.objects.filter((o) => o.kind === OBJECT.PIPE).map((o) => o.name));
  const telling = { pipes, forEver: over && (run.ended === 'deadlock' || run.ended === 'livelock') };
  const waiting = waitsOf(graph);
  const sentences = [...waiting.map((wait) => waitSentence(app, wait, telling)), ...holdSentences(app, graph)];
  // What ended well says nothing by having nobody wait.
  if (over && sentences.length === 0 && run.ended !== 'stopped') return null;
  const circular = graph.edges.some((edge) => edge.circular);
  const when = over
    ? app.t(run.ended === 'stopped' ? 'waits.here' : 'waits.end')
    : app.t('waits.at', { time: formatNs(t, app.language.value, 5) });
  return (
    <section class={`panel waits ${telling.forEver ? 'bad-end' : ''}`}>
      <div class="panel-head">
        <h2>{app.t('run.waits')}</h2>
        <span class="muted small">{when}</span>
      </div>
      {sentences.length === 0 && <p class="muted">{app.t('waits.nobody')}</p>}
      {sentences.length > 0 && graph.tasks.length <= TASKS_MOST && (
        <Drawing graph={graph} label={`${app.t('waits.graph')} ${sentences.join(app.space())}`} />
      )}
      {sentences.length > 0 && (
        <>
          <ul class="plain">
            {sentences.map((sentence, i) => (
              <li key={i}>
                {sentence}
                {over && source !== null && firstOf(waiting, i) && (
                  <Standing run={run} source={source} task={waiting[i].task} />
                )}
              </li>
            ))}
          </ul>
          {circular && <p class="stuck">{app.t('waits.circle')}</p>}
          <p class="small muted">{app.t('waits.key')}</p>
        </>
      )}
    </section>
  );
}
