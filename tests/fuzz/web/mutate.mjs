// Changes to the bytes of a trace, most of which know what a chunk is like (sandbox/trace/chunk.h).

/** Numbers below n, the same for the same seed (mulberry32). */
export function drawing(seed) {
  let state = seed >>> 0;
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) % n;
  };
}

const HEADER = 64, ENTRY = 48;
const padded = (bytes) => Math.ceil(bytes / 8) * 8;
const EDGES = [0, 1, 2, 3, 7, 39, 40, 41, 63, 64, 255, 256, 1023, 1024, 1025, 0x7fff, 0xffff, 0x10000, 0x10001,
  0x1fffff, 0x200000, 0x7fffffff, 0x80000000, 0xffffffff];

function layout(chunk) {
  const [events, flags, tasks, objects] = [8, 12, 16, 20].map((at) => chunk.readUInt32LE(at));
  const widths = [4, flags & 1 ? 8 : 4, 4, 2, 2, 2, 1, ...(flags & 4 ? [2] : [])];
  const columns = [];
  let at = HEADER + (tasks + objects) * ENTRY;
  for (const width of widths) {
    columns.push({ at, width });
    at += padded(events * width);
  }
  return { events, entries: tasks + objects, columns, end: at };
}

/** The chunks that can be told apart; what is left is the last one. */
function chunksOf(bytes) {
  const chunks = [];
  let rest = bytes;
  while (rest.length >= HEADER) {
    const n = rest.readUInt32LE(4);
    if (n < HEADER || n > rest.length) break;
    chunks.push(Buffer.from(rest.subarray(0, n)));
    rest = rest.subarray(n);
  }
  if (rest.length > 0) chunks.push(Buffer.from(rest));
  return chunks;
}

/** Has each chunk say how many events are before it, and how long it is. */
function mend(chunks) {
  let first = 0;
  for (const chunk of chunks.filter((c) => c.length >= HEADER)) {
    chunk.writeBigUInt64LE(BigInt(first), 32);
    chunk.writeUInt32LE(chunk.length, 4);
    first += chunk.readUInt32LE(8);
  }
}

const put = (bytes, at, width, value) => {
  if (at < 0 || at + width > bytes.length) return;
  for (let i = 0; i < width; i++) bytes[at + i] = i < 4 ? (value >>> (8 * i)) & 0xff : value === 0xffffffff ? 0xff : 0;
};

const changes = [
  function header(chunk, draw) {
    put(chunk, 4 * draw(16), 4, EDGES[draw(EDGES.length)]);
    return chunk;
  },
  function flags(chunk, draw) {
    chunk[12] ^= 1 << draw(4);
    return chunk;
  },
  function entry(chunk, draw) {
    const { entries } = layout(chunk);
    const at = HEADER + draw(entries || 1) * ENTRY;
    if (draw(2)) put(chunk, at + 2 * draw(4), 2, draw(2) ? EDGES[draw(EDGES.length)] : draw(entries + 2));
    else put(chunk, at + draw(ENTRY), 1, draw(256));
    return chunk;
  },
  function event(chunk, draw) {
    const { events, columns } = layout(chunk);
    const column = columns[draw(columns.length)];
    const at = column.at + draw(events || 1) * column.width;
    put(chunk, at, column.width, draw(2) ? EDGES[draw(EDGES.length)] : draw(events + 40));
    return chunk;
  },
  /* As many bytes as the numbers in its head want, up to a bound. */
  function size(chunk, draw) {
    const wanted = layout(chunk).end;
    if (wanted > 1 << 16) return chunk;
    const sized = Buffer.alloc(wanted);
    chunk.copy(sized);
    for (let i = chunk.length; draw(2) && i < wanted; i++) sized[i] = draw(256);
    return sized;
  },
  function less(chunk, draw) {
    return chunk.subarray(0, draw(chunk.length + 1));
  },
  function noise(chunk, draw) {
    for (let i = 1 + draw(8); i > 0; i--) chunk[draw(chunk.length)] = draw(256);
    return chunk;
  },
];

/** A changed copy; `other` is a trace that chunks may come from. */
export function mutate(bytes, other, draw) {
  const chunks = chunksOf(bytes);
  const whole = () => chunks.filter((c) => c.length >= HEADER);
  if (draw(4) === 0) chunks.splice(draw(chunks.length + 1), 0, ...chunksOf(other).slice(0, 1 + draw(3)));
  if (draw(8) === 0) chunks.splice(draw(chunks.length + 1), 1);
  for (let i = draw(4); i > 0; i--) {
    const some = whole();
    if (some.length === 0) break;
    const which = chunks.indexOf(some[draw(some.length)]);
    chunks[which] = changes[draw(changes.length)](chunks[which], draw);
  }
  if (draw(4) > 0) mend(chunks);
  return Buffer.concat(chunks).subarray(0, 1 << 17);
}
