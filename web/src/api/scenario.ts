// The calls about one scenario.
import { ROOT, at, call, json } from './client';
import { scenarioShape } from './scenarioShape';
import type { Scenario } from './types';

export const getScenario = async (id: string): Promise<Scenario> =>
  scenarioShape(await json(at('scenarios', id)));

export const getSource = async (id: string): Promise<string> =>
  (await call(`${at('scenarios', id)}/source`)).text();

export const sourceUrl = (id: string): string => `${ROOT}${at('scenarios', id)}/source`;
