// Decodes the columnar chunks (the format is described in sandbox/trace/chunk.h). Bytes may come in
// any pieces; whatever does not fit the format is refused with the place and the reason.
import { EVENT_THEN, OBJECT, TASK } from './kinds.gen';
import { NOTHING, newLog, reserve, trim, type Entry, type TraceLog } from './log';

const MAGIC = 0x31434c49;
const HEADER = 64;
const ENTRY = 48;
const NAME_AT = 8;
const NAME_MAX = 40;
const EVENTS_MAX = 65536;
const TABLE_MAX = 1024;
const FLAG_WIDE = 1;
const FLAG_LAST = 2;
const FLAG_LINES = 4;
const TASK_KINDS: ReadonlySet<number> = new Set(Object.values(TASK));
const OBJECT_KINDS: ReadonlySet<number> = new Set(Object.values(OBJECT));

export class TraceError extends Error {
  constructor(readonly offset: number, reason: string) {
    super(`trace, byte ${offset}: ${reason}`);
  }
}

interface Header {
  readonly bytes: number;
  readonly events: number;
  readonly wide: boolean;
  readonly last: boolean;
  readonly lines: boolean;
  readonly tasks: number;
  readonly objects: number;
  readonly base: number;
  readonly first: number;
}

const padded = (bytes: number): number => (bytes + 7) & ~7;

/** Bytes of a chunk with these counts. */
function chunkBytes(events: number, entries: number, flags: number): number {
  return HEADER + entries * ENTRY + 2 * padded(events * 4) + padded(events * (flags & FLAG_WIDE ? 8 : 4))
    + 3 * padded(events * 2) + padded(events) + (flags & FLAG_LINES ? padded(events * 2) : 0);
}

function bigNumber(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 4294967296 + view.getUint32(at, true);
}

/** UTF-8 without control characters, or null. */
function cleanText(bytes: Uint8Array): string | null {
  // In UTF-8 what follows C2 is a control character up to 9F.
  const isControl = (byte: number, i: number) => byte < 0x20 || byte === 0x7f || (byte === 0xc2 && (bytes[i + 1] ?? 0) < 0xa0);
  if (bytes.some(isControl)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

export class TraceDecoder {
  readonly log: TraceLog = newLog();
  /** Bytes of whole chunks decoded: where to go on after a lost connection. */
  offset = 0;
  private pending = new Uint8Array(0);

  /** Takes the next bytes; returns how many events became known. Throws TraceError. */
  push(bytes: Uint8Array): number {
    const before = this.log.count;
    let rest = this.joined(bytes);
    for (;;) {
      const taken = this.chunk(rest);
      if (taken === 0) break;
      this.offset += taken;
      rest = rest.subarray(taken);
    }
    this.pending = rest.slice();
    return this.log.count - before;
  }

  /** Forgets half a chunk: the connection is gone, the next bytes begin at `offset`. */
  resume(): void {
    this.pending = new Uint8Array(0);
  }

  /** Call when no more bytes come. Throws TraceError when they ended inside a chunk. */
  end(): void {
    if (this.pending.length > 0) {
      throw new TraceError(this.offset, `ends after ${this.pending.length} bytes of a chunk`);
    }
  }

  private joined(bytes: Uint8Array): Uint8Array {
    if (this.pending.length === 0) return bytes;
    const all = new Uint8Array(this.pending.length + bytes.length);
    all.set(this.pending);
    all.set(bytes, this.pending.length);
    return all;
  }

  private chunk(bytes: Uint8Array): number {
    if (bytes.length < HEADER) return 0;
    if (this.log.complete) throw new TraceError(this.offset, 'more after the last chunk');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const header = this.header(view);
    if (bytes.length < header.bytes) return 0;
    this.tables(bytes, view, header);
    this.columns(view, header);
    this.log.dropped = bigNumber(view, 40);
    this.log.skipped = bigNumber(view, 48);
    this.log.malformed = view.getUint32(56, true);
    this.log.complete = header.last;
    if (header.last) trim(this.log);
    return header.bytes;
  }

  private header(view: DataView): Header {
    if (view.getUint32(0, true) !== MAGIC) throw new TraceError(this.offset, 'not a trace chunk');
    const flags = view.getUint32(12, true);
    const header: Header = {
      bytes: view.getUint32(4, true),
      events: view.getUint32(8, true),
      wide: (flags & FLAG_WIDE) !== 0,
      last: (flags & FLAG_LAST) !== 0,
      lines: (flags & FLAG_LINES) !== 0,
      tasks: view.getUint32(16, true),
      objects: view.getUint32(20, true),
      base: bigNumber(view, 24),
      first: bigNumber(view, 32),
    };
    this.checkHeader(header, flags);
    return header;
  }

  private checkHeader(header: Header, flags: number): void {
    const fail = (reason: string): never => {
      throw new TraceError(this.offset, reason);
    };
    if (flags & ~(FLAG_WIDE | FLAG_LAST | FLAG_LINES)) fail(`unknown flags ${flags}`);
    if (header.events > EVENTS_MAX) fail(`${header.events} events in one chunk`);
    if (header.tasks > TABLE_MAX - this.log.tasks.length) fail(`${header.tasks} more tasks`);
    if (header.objects > TABLE_MAX - this.log.objects.length) fail(`${header.objects} more objects`);
    const expected = chunkBytes(header.events, header.tasks + header.objects, flags);
    if (header.bytes !== expected) fail(`says ${header.bytes} bytes, holds ${expected}`);
    if (header.first !== this.log.count) {
      fail(`begins at event ${header.first}, ${this.log.count} are known`);
    }
    if (!Number.isSafeInteger(header.base)) fail('time out of range');
  }

  private tables(bytes: Uint8Array, view: DataView, header: Header): void {
    let at = HEADER;
    for (let i = 0; i < header.tasks; i++, at += ENTRY) {
      this.log.tasks.push(this.entry(bytes, view, at, this.log.tasks.length, TASK_KINDS));
    }
    for (let i = 0; i < header.objects; i++, at += ENTRY) {
      this.log.objects.push(this.entry(bytes, view, at, this.log.objects.length, OBJECT_KINDS));
    }
  }

  private entry(
    bytes: Uint8Array,
    view: DataView,
    at: number,
    expected: number,
    kinds: ReadonlySet<number>,
  ): Entry {
    const id = view.getUint16(at, true);
    const kind = view.getUint8(at + 2);
    const parent = view.getUint16(at + 4, true);
    const length = view.getUint16(at + 6, true);
    const fail = (reason: string): never => {
      throw new TraceError(this.offset + at, reason);
    };
    if (id !== expected) fail(`entry ${id} where ${expected} was due`);
    if (!kinds.has(kind)) fail(`unknown kind ${kind}`);
    if (length >= NAME_MAX) fail(`a name of ${length} bytes`);
    if (parent !== NOTHING && parent >= id) fail(`parent ${parent} of entry ${id}`);
    const name = cleanText(bytes.subarray(at + NAME_AT, at + NAME_AT + length));
    return name === null ? fail('a name that is no text') : { id, kind, parent, name };
  }

  private columns(view: DataView, header: Header): void {
    const log = this.log;
    const n = header.events;
    reserve(log, n);
    let at = HEADER + (header.tasks + header.objects) * ENTRY;
    const section = (width: number): number => {
      const begin = at;
      at += padded(n * width);
      return begin;
    };
    const [time, value] = [section(4), section(header.wide ? 8 : 4)];
    const [cause, task, object, aux, kind] =
      [section(4), section(2), section(2), section(2), section(1)];
    const line = header.lines ? section(2) : 0;
    for (let i = 0, to = log.count; i < n; i++, to++) {
      log.t[to] = header.base + view.getUint32(time + i * 4, true);
      if (header.wide) this.wideValue(to, view.getBigInt64(value + i * 8, true));
      else log.value[to] = view.getInt32(value + i * 4, true);
      log.cause[to] = view.getUint32(cause + i * 4, true) - 1;
      log.task[to] = view.getUint16(task + i * 2, true);
      log.object[to] = view.getUint16(object + i * 2, true);
      log.aux[to] = view.getUint16(aux + i * 2, true);
      log.kind[to] = view.getUint8(kind + i);
      log.line[to] = header.lines ? view.getUint16(line + i * 2, true) : 0;
      this.checkEvent(to, i === 0);
    }
    log.count += n;
  }

  private wideValue(i: number, value: bigint): void {
    this.log.value[i] = Number(value);
    if (!Number.isSafeInteger(this.log.value[i])) this.log.exact.set(i, value);
  }

  private checkEvent(i: number, first: boolean): void {
    const { log } = this;
    const fail = (reason: string): never => {
      throw new TraceError(this.offset, `event ${i}: ${reason}`);
    };
    if (!(log.kind[i] in EVENT_THEN)) fail(`unknown kind ${log.kind[i]}`);
    if (log.task[i] >= log.tasks.length) fail(`unknown task ${log.task[i]}`);
    if (log.object[i] !== NOTHING && log.object[i] >= log.objects.length) {
      fail(`unknown object ${log.object[i]}`);
    }
    if (log.cause[i] < -1 || log.cause[i] >= i) fail(`caused by event ${log.cause[i]}`);
    if (!first && log.t[i] < log.t[i - 1]) fail('time runs backwards');
    if (log.t[i] > Number.MAX_SAFE_INTEGER) fail('time out of range');
  }
}
