// A run in a workshop.
import { post, type Params } from './client';
import { runShape } from './shape';
import type { Run, ScheduleRequest, Seat } from './types';

/** Runs a step of a workshop; what is left open is as the step has it. */
export async function runStep(seat: Seat, params: Params, schedule: ScheduleRequest | null): Promise<Run> {
  return runShape(await post('/runs', { params, ...(schedule === null ? {} : { schedule }), workshop: seat }));
}
