// The calls about workshops and their boards.
import { ROOT, at, call, json, post, send } from './client';
import type { Board, Workshop, WorkshopRequest } from './types';
import { boardShape, workshopShape } from './workshopShape';

const bearer = (key: string | null): Record<string, string> =>
  (key === null ? {} : { Authorization: `Bearer ${key}` });

export const makeWorkshop = async (request: WorkshopRequest): Promise<Workshop> =>
  workshopShape(await post('/workshops', request));

export const getWorkshop = async (id: string, key: string | null = null): Promise<Workshop> =>
  workshopShape(await json(at('workshops', id), { headers: bearer(key) }));

export const changeWorkshop = async (id: string, key: string, request: WorkshopRequest): Promise<Workshop> =>
  workshopShape(await send('PUT', at('workshops', id), request, bearer(key)));

export async function deleteWorkshop(id: string, key: string): Promise<void> {
  await call(at('workshops', id), { method: 'DELETE', headers: bearer(key) });
}

export const getBoard = async (id: string): Promise<Board> => boardShape(await json(`${at('workshops', id)}/board`));

export const boardEventsUrl = (id: string): string => `${ROOT}${at('workshops', id)}/board/events`;
export const boardCsvUrl = (id: string): string => `${ROOT}${at('workshops', id)}/board?format=csv`;
