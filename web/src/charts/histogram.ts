// A column for each outcome, or a pair of columns where there are two experiments.
export interface Column {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Bins {
  /** Left edge and width of each outcome's room. */
  readonly rooms: readonly { readonly x: number; readonly width: number }[];
  /** By outcome, one entry for each series; null where the outcome never came. */
  readonly columns: readonly (readonly (Column | null)[])[];
  readonly highest: number;
}

const GAP = 0.22;
const WIDEST = 96;
/** What came at all is seen, however seldom. */
const LEAST = 2;

/** `shares` has the values of each outcome, one for each series. */
export function layOutBins(shares: readonly (readonly number[])[], width: number, height: number): Bins {
  const highest = Math.max(0, ...shares.flat());
  const room = Math.min(WIDEST, width / Math.max(1, shares.length));
  const rooms = shares.map((_, i) => ({ x: i * room, width: room }));
  const columns = shares.map((values, i) => {
    const each = (room * (1 - GAP)) / Math.max(1, values.length);
    return values.map((value, s): Column | null => {
      if (value <= 0) return null;
      const tall = Math.max(LEAST, (value / highest) * height);
      return { x: i * room + (room * GAP) / 2 + s * each, y: height - tall, width: Math.max(1, each - 1), height: tall };
    });
  });
  return { rooms, columns, highest };
}

/** Names without what they all begin with, as far as that ends in = or a space: "count=". */
export function shortNames(names: readonly string[]): string[] {
  const [first = ''] = names;
  let end = 0;
  for (let i = 0; i < first.length && names.every((name) => name[i] === first[i]); i++) {
    if (first[i] === '=' || first[i] === ' ') end = i + 1;
  }
  return names.length < 2 ? [...names] : names.map((name) => name.slice(end));
}
