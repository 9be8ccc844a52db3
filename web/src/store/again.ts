// Running the setup of a run once more: in its workshop, if the reader has the seat there.
import { FREE, startRun } from '../api/client';
import type { Run, ScheduleRequest } from '../api/types';
import { runStep } from '../api/runStep';
import { keptWorkshop, sameName } from './workshops';

/** Whether it is a run of the name under which one takes part in its workshop in this browser. */
export function isMySeat({ workshop }: Run): boolean {
  const name = workshop === null ? null : keptWorkshop(workshop.id)?.name ?? null;
  return workshop !== null && name !== null && sameName(name, workshop.name);
}

/** What one repeats of somebody else is no run of theirs: it belongs to no workshop. */
export const runAgain = (run: Run, schedule: ScheduleRequest = FREE): Promise<Run> =>
  (run.workshop !== null && isMySeat(run) ? runStep(run.workshop, run.params, schedule)
    : startRun(run.scenario, run.params, schedule));
