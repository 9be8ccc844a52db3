// Where the reader has been, so that a move can be taken back. Moves that follow each other at once,
// as those of a wheel do, are one.

const AT_ONCE_MS = 400;
const KEPT_MOST = 100;

export class Trail<T> {
  private past: T[] = [];
  private future: T[] = [];
  private lastMs = -Infinity;

  /** The reader leaves a place at a time in milliseconds. */
  leave(place: T, nowMs: number): void {
    if (nowMs - this.lastMs > AT_ONCE_MS) this.past = [...this.past, place].slice(-KEPT_MOST);
    this.lastMs = nowMs;
    this.future = [];
  }

  /** Where one was before the last move, or null; `from` is where one is. */
  back(from: T): T | null {
    const place = this.past.pop();
    if (place === undefined) return null;
    this.future.push(from);
    this.lastMs = -Infinity;
    return place;
  }

  /** Where one was before the last step back, or null. */
  forth(from: T): T | null {
    const place = this.future.pop();
    if (place === undefined) return null;
    this.past.push(from);
    return place;
  }

  forget(): void {
    [this.past, this.future, this.lastMs] = [[], [], -Infinity];
  }
}
