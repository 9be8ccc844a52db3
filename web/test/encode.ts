// Makes trace chunks, for tests: the other half of src/trace/decode.ts.
export interface TestEntry {
  readonly kind: number;
  readonly name: string;
  readonly parent?: number;
}

export interface TestEvent {
  readonly t: number;
  readonly task: number;
  readonly kind: number;
  readonly object?: number;
  readonly value?: number;
  readonly aux?: number;
  /** Index in the whole trace. */
  readonly cause?: number;
  readonly line?: number;
}

export interface TestChunk {
  readonly tasks?: readonly TestEntry[];
  readonly objects?: readonly TestEntry[];
  readonly events?: readonly TestEvent[];
  readonly first?: number;
  readonly firstTask?: number;
  readonly firstObject?: number;
  readonly wide?: boolean;
  readonly last?: boolean;
  readonly dropped?: number;
  readonly skipped?: number;
}

const NOTHING = 0xffff;
const padded = (bytes: number): number => (bytes + 7) & ~7;

export function encodeChunk(chunk: TestChunk): Uint8Array {
  const events = chunk.events ?? [];
  const tables = [...(chunk.tasks ?? []), ...(chunk.objects ?? [])];
  const n = events.length;
  const lines = events.some(({ line }) => line !== undefined);
  const widths = [4, chunk.wide ? 8 : 4, 4, 2, 2, 2, 1, lines ? 2 : 0];
  const size = widths.reduce((sum, w) => sum + padded(n * w), 64 + 48 * tables.length);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  const base = events[0]?.t ?? 0;
  const header = [0x31434c49, size, n, (chunk.wide ? 1 : 0) | (chunk.last ? 2 : 0) | (lines ? 4 : 0),
    chunk.tasks?.length ?? 0, chunk.objects?.length ?? 0, base % 2 ** 32, Math.floor(base / 2 ** 32),
    chunk.first ?? 0, 0, chunk.dropped ?? 0, 0, chunk.skipped ?? 0, 0, 0, 0];
  header.forEach((word, i) => view.setUint32(i * 4, word, true));
  tables.forEach((entry, i) => {
    const at = 64 + i * 48;
    const task = i < (chunk.tasks?.length ?? 0);
    const id = task ? (chunk.firstTask ?? 0) + i
      : (chunk.firstObject ?? 0) + i - (chunk.tasks?.length ?? 0);
    const name = new TextEncoder().encode(entry.name);
    view.setUint16(at, id, true);
    view.setUint8(at + 2, entry.kind);
    view.setUint16(at + 4, entry.parent ?? NOTHING, true);
    view.setUint16(at + 6, name.length, true);
    bytes.set(name, at + 8);
  });
  let at = 64 + 48 * tables.length;
  const column = (width: number, write: (to: number, event: TestEvent) => void): void => {
    events.forEach((event, i) => write(at + i * width, event));
    at += padded(n * width);
  };
  column(4, (to, e) => view.setUint32(to, e.t - base, true));
  if (chunk.wide) column(8, (to, e) => view.setBigInt64(to, BigInt(e.value ?? 0), true));
  else column(4, (to, e) => view.setInt32(to, e.value ?? 0, true));
  column(4, (to, e) => view.setUint32(to, (e.cause ?? -1) + 1, true));
  column(2, (to, e) => view.setUint16(to, e.task, true));
  column(2, (to, e) => view.setUint16(to, e.object ?? NOTHING, true));
  column(2, (to, e) => view.setUint16(to, e.aux ?? 0, true));
  column(1, (to, e) => view.setUint8(to, e.kind));
  if (lines) column(2, (to, e) => view.setUint16(to, e.line ?? 0, true));
  return bytes;
}

/** A log from events in the order given, tasks named main, t1, t2 … and the objects given. */
export function traceOf(
  taskCount: number,
  objects: readonly TestEntry[],
  events: readonly TestEvent[],
): Uint8Array {
  const tasks = Array.from({ length: taskCount }, (_, i) => ({
    kind: 2, name: i === 0 ? 'main' : `t${i}`, ...(i > 0 ? { parent: 0 } : {}),
  }));
  return encodeChunk({ tasks, objects, events, last: true });
}
