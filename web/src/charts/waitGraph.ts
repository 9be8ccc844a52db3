// The wait-for graph of a moment: tasks on the left, what they hold and wait for on the right.
import type { Wait } from '../api/types';
import type { Model } from '../trace/model';
import type { Holding, WaitsNow } from '../trace/waits';

export interface GraphNode {
  readonly key: string;
  readonly name: string;
  /** Id of the task, for its colour; null for an object. */
  readonly task: number | null;
}

/** `from` waits for `to`, or (held) the object `from` is held by the task `to`. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly held: boolean;
  /** Part of a circle of waiting: nobody in it can go on. */
  readonly circular: boolean;
}

export interface WaitGraph {
  readonly tasks: readonly GraphNode[];
  readonly objects: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

interface Link {
  readonly from: string;
  readonly to: string;
  readonly held: boolean;
}

const taskKey = (task: number): string => `t${task}`;
const objectKey = (object: number): string => `o${object}`;

/** Whether there is a way from one node to another along the links. */
function leads(links: readonly Link[], from: string, to: string): boolean {
  const seen = new Set<string>();
  const open = [from];
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    if (key === to) return true;
    if (seen.has(key)) continue;
    seen.add(key);
    for (const link of links) if (link.from === key) open.push(link.to);
  }
  return false;
}

function graphOf(
  links: readonly Link[],
  taskOf: (key: string) => GraphNode | null,
  objectOf: (key: string) => GraphNode,
): WaitGraph {
  const unique = [...new Map(links.map((link) => [`${link.from} ${link.to} ${link.held}`, link])).values()];
  const keys = [...new Set(unique.flatMap((link) => [link.from, link.to]))];
  const tasks = keys.map(taskOf).filter((node): node is GraphNode => node !== null)
    .sort((a, b) => (a.task ?? 0) - (b.task ?? 0));
  const objects = keys.filter((key) => taskOf(key) === null).map(objectOf);
  return {
    tasks,
    objects,
    edges: unique.map((link) => ({ ...link, circular: leads(unique, link.to, link.from) })),
  };
}

/** The graph of what the trace says of a moment. */
export function momentGraph(model: Model, now: WaitsNow): WaitGraph {
  const { tasks, objects } = model.log;
  const links: Link[] = [];
  for (const { task, object, forTask, holders } of now.waiting) {
    if (forTask !== null) links.push({ from: taskKey(task), to: taskKey(forTask), held: false });
    if (object === null) continue;
    links.push({ from: taskKey(task), to: objectKey(object), held: false });
    for (const holder of holders) links.push({ from: objectKey(object), to: taskKey(holder), held: true });
  }
  for (const { task, object } of now.holding) {
    links.push({ from: objectKey(object), to: taskKey(task), held: true });
  }
  return graphOf(
    links,
    (key) => (key.startsWith('t')
      ? { key, name: tasks[Number(key.slice(1))]?.name ?? key, task: Number(key.slice(1)) } : null),
    (key) => ({ key, name: objects[Number(key.slice(1))]?.name ?? key, task: null }),
  );
}

/**
 * The graph of the end: what the server says of waiting, which holds also when the trace left events
 * out, and what the trace says of holding. It goes by names; a task that is waited for stands as its
 * own holder.
 */
export function endGraph(model: Model, waits: readonly Wait[], holding: readonly Holding[] = []): WaitGraph {
  const { tasks, objects } = model.log;
  const names = new Set([...tasks.map((task) => task.name), ...waits.map((wait) => wait.task)]);
  const links = waits.flatMap(({ task, object, holder }): Link[] => {
    if (holder !== '' && holder === object) return [{ from: `t${task}`, to: `t${holder}`, held: false }];
    const link = { from: `t${task}`, to: `o${object}`, held: false };
    return holder === '' ? [link] : [link, { from: `o${object}`, to: `t${holder}`, held: true }];
  });
  for (const { task, object } of holding) {
    links.push({ from: `o${objects[object]?.name}`, to: `t${tasks[task]?.name}`, held: true });
  }
  const idOf = (name: string): number => Math.max(0, tasks.findIndex((task) => task.name === name));
  return graphOf(
    links,
    (key) => (key.startsWith('t') && names.has(key.slice(1))
      ? { key, name: key.slice(1), task: idOf(key.slice(1)) } : null),
    (key) => ({ key, name: key.slice(1), task: null }),
  );
}

/** What a graph says of waiting, as the server would list it: by name, for comparison and for words. */
export function waitsOf(graph: WaitGraph): Wait[] {
  const nameOf = new Map([...graph.tasks, ...graph.objects].map((node) => [node.key, node.name]));
  const isTask = new Set(graph.tasks.map((node) => node.key));
  const name = (key: string): string => nameOf.get(key) ?? key;
  return graph.edges.filter((edge) => !edge.held).flatMap(({ from, to }): Wait[] => {
    if (isTask.has(to)) return [{ task: name(from), object: name(to), holder: name(to) }];
    const holders = graph.edges.filter((edge) => edge.held && edge.from === to);
    return holders.length === 0
      ? [{ task: name(from), object: name(to), holder: '' }]
      : holders.map((edge) => ({ task: name(from), object: name(to), holder: name(edge.to) }));
  });
}

export interface Placed extends GraphNode {
  readonly x: number;
  readonly y: number;
}

export interface GraphLayout {
  readonly tasks: readonly Placed[];
  readonly objects: readonly Placed[];
  readonly edges: readonly (GraphEdge & { readonly path: string })[];
  readonly box: { readonly width: number; readonly height: number };
  readonly height: number;
}

const ROW = 40;
const BOX_HEIGHT = 28;
const TOP = 6;
/** How far to the left the line of a task that waits for a task may bend. */
const BEND = 22;
const ARROW = 6;
/** Between the ends of two lines at one box. */
const SPREAD = 12;

/** The place of each object: beside those who hold it, or else beside those who wait for it. */
function sortedObjects(graph: WaitGraph): readonly GraphNode[] {
  const place = new Map(graph.tasks.map((node, i) => [node.key, i]));
  const mean = (node: GraphNode): number => {
    const holders = graph.edges.filter((e) => e.held && e.from === node.key).map((e) => e.to);
    const near = holders.length > 0 ? holders
      : graph.edges.filter((e) => !e.held && e.to === node.key).map((e) => e.from);
    const places = near.map((key) => place.get(key) ?? 0);
    return places.reduce((sum, at) => sum + at, 0) / Math.max(1, places.length);
  };
  return [...graph.objects].sort((a, b) => mean(a) - mean(b) || a.key.localeCompare(b.key));
}

/** Where on a box's side each line ends: in the order of what they lead to, so that none cross there. */
function anchors(graph: WaitGraph, placed: ReadonlyMap<string, Placed>): (edge: GraphEdge, key: string) => number {
  const across = graph.edges.filter((edge) => placed.get(edge.from)?.task === null || placed.get(edge.to)?.task === null);
  const height = (key: string): number => placed.get(key)?.y ?? 0;
  return (edge, key) => {
    const otherOf = (e: GraphEdge): string => (e.from === key ? e.to : e.from);
    const ends = across.filter((e) => e.from === key || e.to === key)
      .sort((e, f) => height(otherOf(e)) - height(otherOf(f)) || Number(e.held) - Number(f.held));
    const apart = Math.min(SPREAD, (BOX_HEIGHT - SPREAD) / Math.max(1, ends.length - 1));
    return height(key) + BOX_HEIGHT / 2 + (ends.indexOf(edge) - (ends.length - 1) / 2) * apart;
  };
}

/** Lays the graph out in a width; lines between the columns, and on the left between tasks. */
export function layOutGraph(graph: WaitGraph, width: number): GraphLayout {
  const objects = sortedObjects(graph);
  const rows = Math.max(graph.tasks.length, objects.length);
  const isTask = new Set(graph.tasks.map((node) => node.key));
  const left = graph.edges.some((edge) => isTask.has(edge.from) && isTask.has(edge.to)) ? BEND + 4 : 2;
  const boxWidth = Math.max(60, Math.min(132, (width - left - 2) * 0.36));
  const column = (nodes: readonly GraphNode[], x: number): Placed[] => {
    const above = ((rows - nodes.length) * ROW) / 2;
    return nodes.map((node, i) => ({ ...node, x, y: TOP + above + i * ROW }));
  };
  const tasks = column(graph.tasks, left);
  const things = column(objects, width - 2 - boxWidth);
  const placed = new Map([...tasks, ...things].map((node) => [node.key, node]));
  const anchor = anchors(graph, placed);
  const edges = graph.edges.map((edge) => {
    const [from, to] = [placed.get(edge.from), placed.get(edge.to)];
    if (from === undefined || to === undefined) return { ...edge, path: '' };
    if (from.task !== null && to.task !== null) {
      // Down one side: the rows in between lie beside the bend.
      const [y1, y2, bend] = [from.y + BOX_HEIGHT / 2, to.y + BOX_HEIGHT / 2, from.x - BEND];
      return { ...edge, path: `M${from.x} ${y1}C${bend} ${y1} ${bend} ${y2} ${to.x - ARROW} ${y2}` };
    }
    const [x1, x2] = edge.held
      ? [from.x, to.x + boxWidth + ARROW] : [from.x + boxWidth, to.x - ARROW];
    return { ...edge, path: `M${x1} ${anchor(edge, edge.from)}L${x2} ${anchor(edge, edge.to)}` };
  });
  return {
    tasks, objects: things, edges, box: { width: boxWidth, height: BOX_HEIGHT },
    height: TOP * 2 + Math.max(0, rows - 1) * ROW + BOX_HEIGHT,
  };
}

/** A name that fits into a box: characters of East Asia take the room of two. */
export function fitted(name: string, room: number): string {
  const wide = (char: string): number => (/[\u2e80-\uffdf]/.test(char) ? 2 : 1);
  const chars = [...name];
  let used = 0;
  for (let i = 0; i < chars.length; i++) {
    used += wide(chars[i]);
    if (used > room) return `${chars.slice(0, Math.max(1, i - 1)).join('')}…`;
  }
  return name;
}
