// Schedules and operations in the reader's words.
import type { DataRace, Operation, RunSchedule } from '../api/types';
import type { App } from '../store/app';

/** "takes lock A": what a task does or is about to do. */
export const operationText = (app: App, { operation, object }: Operation): string => {
  const alone = `op.alone.${operation}`;
  if (object === null && app.knows(alone)) return app.t(alone);
  return app.word('op', operation).replace('…', object ?? '').trim();
};

/** "reads", of something that is named elsewhere. */
const verbOf = (app: App, { operation }: Operation): string =>
  app.word('op', operation).replace('…', '').trim();

/** "Random, seed 42". */
export function scheduleText(app: App, schedule: Pick<RunSchedule, 'mode' | 'seed' | 'depth'>): string {
  const { mode, seed, depth } = schedule;
  const parts = [
    app.t(`schedule.${mode}`),
    ...(seed === null ? [] : [app.t('schedule.seedOf', { seed: String(seed) })]),
    ...(depth === null || mode !== 'pct' ? [] : [app.t('schedule.depthOf', { depth })]),
  ];
  return parts.join(app.language.value === 'zh-CN' ? '，' : ', ');
}

/** Races between the same tasks doing the same are one to a reader: the first of each. */
export function distinctRaces(races: readonly DataRace[]): DataRace[] {
  const keyOf = ({ object, first, second }: DataRace): string => JSON.stringify(
    [object, ...[first, second].map(({ taskId, operation }) => `${taskId} ${operation}`).sort()],
  );
  const keys = races.map(keyOf);
  return races.filter((_, i) => keys.indexOf(keys[i]) === i);
}

export const raceText = (app: App, race: DataRace): string => app.t('race.sentence', {
  object: race.object,
  first: race.first.task,
  firstDoes: verbOf(app, race.first),
  second: race.second.task,
  secondDoes: verbOf(app, race.second),
});
