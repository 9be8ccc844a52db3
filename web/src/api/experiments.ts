// The calls about experiments.
import { ROOT, at, call, json, post, type Params } from './client';
import { experimentShape } from './experimentShape';
import { fields, list } from './shape';
import type { Experiment, ExperimentRequest } from './types';

export async function startExperiment(
  scenario: string,
  params: Params,
  request: ExperimentRequest,
): Promise<Experiment> {
  return experimentShape(await post('/experiments', { scenario, params, ...request }));
}

export const getExperiment = async (id: string): Promise<Experiment> =>
  experimentShape(await json(at('experiments', id)));

export async function listExperiments(query: Readonly<Record<string, string>>): Promise<Experiment[]> {
  const answer = fields(await json(`/experiments?${new URLSearchParams(query).toString()}`), 'answer');
  return list(answer.experiments, 'experiments', experimentShape);
}

/** Ends one that goes on, with what it found so far. One that is done meanwhile stays as it is. */
export const cancelExperiment = async (id: string): Promise<Experiment> =>
  experimentShape(await json(`${at('experiments', id)}?only=live`, { method: 'DELETE' }));

export async function deleteExperiment(id: string): Promise<void> {
  await call(at('experiments', id), { method: 'DELETE' });
}

export const experimentEventsUrl = (id: string): string => `${ROOT}${at('experiments', id)}/events`;
