// What a task can be doing. The numbers are the lanes' column values and the palette's indices.

export const STATE = {
  NONE: 0,
  RUNNING: 1,
  READY: 2,
  WAITING: 3,
  HOLDING: 4,
  IO: 5,
  DONE: 6,
  ERROR: 7,
  ASLEEP: 8,
  UNRECORDED: 9,
  WAITING_HOLDING: 10,
  IO_HOLDING: 11,
  ASLEEP_HOLDING: 12,
  READY_HOLDING: 13,
} as const;

export type State = (typeof STATE)[keyof typeof STATE];
export const STATE_COUNT = 14;

/** The same state while the task also holds a lock. */
export function whileHolding(state: State): State {
  if (state === STATE.RUNNING) return STATE.HOLDING;
  if (state === STATE.WAITING) return STATE.WAITING_HOLDING;
  if (state === STATE.IO) return STATE.IO_HOLDING;
  if (state === STATE.ASLEEP) return STATE.ASLEEP_HOLDING;
  if (state === STATE.READY) return STATE.READY_HOLDING;
  return state;
}

/** The state without regard to what is held. */
export function bareState(state: State): State {
  if (state === STATE.WAITING_HOLDING) return STATE.WAITING;
  if (state === STATE.IO_HOLDING) return STATE.IO;
  if (state === STATE.ASLEEP_HOLDING) return STATE.ASLEEP;
  if (state === STATE.READY_HOLDING) return STATE.READY;
  return state;
}

export function holds(state: State): boolean {
  return state === STATE.HOLDING || state >= STATE.WAITING_HOLDING;
}

export function waits(state: State): boolean {
  const bare = bareState(state);
  return bare === STATE.WAITING || bare === STATE.IO;
}
