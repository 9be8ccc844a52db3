// The calls the pages make. A refused call throws Problem with what the server said.
import { fields, list, numberOrNull, runShape, segmentsShape, summaryShape, text, textOr } from './shape';
import type { FieldError, ParamValue, Run, ScenarioSummary, ScheduleRequest, Segment } from './types';

export const ROOT = '/api/v1';

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly errors: readonly FieldError[] = [],
    /** Seconds after which to try again, if the server says so. */
    readonly retryAfter: number | null = null,
  ) {
    super(`${status} ${detail}`);
  }
}

function fieldError(from: unknown, what: string): FieldError {
  const f = fields(from, what);
  return {
    pointer: text(f.pointer, what),
    code: textOr(f.code, ''),
    detail: text(f.detail, what),
    minimum: numberOrNull(f.minimum),
    maximum: numberOrNull(f.maximum),
  };
}

async function problemOf(response: Response): Promise<Problem> {
  const retry = Number(response.headers.get('Retry-After'));
  const after = Number.isFinite(retry) && retry > 0 ? retry : null;
  try {
    const body = fields(await response.json(), 'problem');
    const detail = typeof body.detail === 'string' ? body.detail : String(body.title ?? '');
    return new Problem(response.status, detail, list(body.errors ?? [], 'errors', fieldError), after);
  } catch {
    return new Problem(response.status, response.statusText, [], after);
  }
}

export async function call(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(ROOT + path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Problem(0, '');
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

export const json = async (path: string, init?: RequestInit): Promise<unknown> =>
  (await call(path, init)).json() as Promise<unknown>;

export const at = (kind: string, id: string): string => `/${kind}/${encodeURIComponent(id)}`;

export async function listScenarios(): Promise<ScenarioSummary[]> {
  return list(fields(await json('/scenarios'), 'answer').scenarios, 'scenarios', summaryShape);
}

export const getRun = async (id: string): Promise<Run> => runShape(await json(at('runs', id)));

export const listRuns = async (query: Readonly<Record<string, string>>): Promise<readonly Run[]> =>
  (await listRunsFrom(query)).runs;

export interface Listed {
  readonly runs: readonly Run[];
  /** Where the next ones begin, or null. */
  readonly next: string | null;
}

export async function listRunsFrom(query: Readonly<Record<string, string>>): Promise<Listed> {
  const answer = fields(await json(`/runs?${new URLSearchParams(query).toString()}`), 'answer');
  const next = answer.next_cursor;
  return { runs: list(answer.runs, 'runs', runShape), next: typeof next === 'string' ? next : null };
}

export type Params = Readonly<Record<string, ParamValue>>;

export const send = (method: string, path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<unknown> =>
  json(path, { method, headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) });

export const post = (path: string, body: unknown): Promise<unknown> => send('POST', path, body);

export const FREE: ScheduleRequest = { mode: 'free' };

/** Starts a run; with `wait` the answer comes when it is done or after so many seconds. */
export async function startRun(
  scenario: string,
  params: Params,
  schedule: ScheduleRequest = FREE,
  wait = 0,
): Promise<Run> {
  const query = wait > 0 ? `?wait=${wait}` : '';
  return runShape(await post(`/runs${query}`, { scenario, params, schedule }));
}

export async function deleteRun(id: string): Promise<void> {
  await call(at('runs', id), { method: 'DELETE' });
}

export const getOutput = async (id: string, signal: AbortSignal): Promise<Segment[]> =>
  segmentsShape(await json(`${at('runs', id)}/output?format=json`, { signal }));

/** The trace's chunks from `offset` on; with `follow` they go on coming until the run is done. */
export async function openTrace(
  id: string,
  offset: number,
  follow: boolean,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const query = `format=binary&offset=${offset}${follow ? '&follow=true' : ''}`;
  const response = await call(`${at('runs', id)}/trace?${query}`, { signal });
  return response.body ?? new ReadableStream({ start: (to) => to.close() });
}

export const eventsUrl = (id: string): string => `${ROOT}${at('runs', id)}/events`;
export const traceUrl = (id: string, format: string): string =>
  `${ROOT}${at('runs', id)}/trace?format=${format}`;
export const outputUrl = (id: string): string => `${ROOT}${at('runs', id)}/output`;
