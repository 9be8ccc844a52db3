// Addresses of pages.
export type Route =
  | { readonly page: 'gallery' }
  | { readonly page: 'scenario'; readonly id: string; readonly query: string }
  /** `of`: the run whose schedule the reader steps through. */
  | { readonly page: 'run'; readonly id: string; readonly of: string | null }
  | { readonly page: 'experiment'; readonly id: string }
  | { readonly page: 'compare'; readonly first: string; readonly second: string }
  | { readonly page: 'history' }
  | { readonly page: 'help' }
  /** A run in somebody else's page. */
  | { readonly page: 'embed'; readonly id: string }
  /** Where one types the id of a workshop. */
  | { readonly page: 'join' }
  /** A workshop that is made, or with an id one that is changed. */
  | { readonly page: 'make'; readonly id: string | null }
  /** `step`: the one that is open, from 0. */
  | { readonly page: 'workshop'; readonly id: string; readonly step: number | null }
  | { readonly page: 'board'; readonly id: string }
  | { readonly page: 'missing'; readonly path: string };

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** An address counts steps from 1. */
function stepOf(query: string): number | null {
  const step = new URLSearchParams(query).get('step') ?? '';
  return /^[1-9]\d{0,2}$/.test(step) ? Number(step) - 1 : null;
}

function workshopRoute(parts: readonly string[], path: string, query: string): Route {
  const [id, part] = parts;
  if (parts.length === 0) return { page: 'join' };
  if (parts.length === 1) return id === 'new' ? { page: 'make', id: null } : { page: 'workshop', id, step: stepOf(query) };
  if (parts.length === 2 && part === 'board') return { page: 'board', id };
  if (parts.length === 2 && part === 'edit') return { page: 'make', id };
  return { page: 'missing', path };
}

export function parseRoute(path: string, query: string): Route {
  const parts = path.split('/').filter((part) => part !== '').map(decoded);
  const [kind, id, ...more] = parts;
  if (kind === undefined) return { page: 'gallery' };
  if (kind === 'w') return workshopRoute(parts.slice(1), path, query);
  if (kind === 'c' && more.length === 1) return { page: 'compare', first: id, second: more[0] };
  if (id === undefined && (kind === 'history' || kind === 'help')) return { page: kind };
  if (kind === 'embed' && id === 'r' && more.length === 1) return { page: 'embed', id: more[0] };
  if (id === undefined || more.length > 0) return { page: 'missing', path };
  if (kind === 's') return { page: 'scenario', id, query };
  if (kind === 'r') return { page: 'run', id, of: new URLSearchParams(query).get('of') };
  if (kind === 'x') return { page: 'experiment', id };
  return { page: 'missing', path };
}

export const runPath = (id: string, of: string | null = null): string =>
  `/r/${encodeURIComponent(id)}${of === null ? '' : `?of=${encodeURIComponent(of)}`}`;
export const embedPath = (id: string): string => `/embed/r/${encodeURIComponent(id)}`;
export const comparePath = (first: string, second: string): string =>
  `/c/${encodeURIComponent(first)}/${encodeURIComponent(second)}`;
export const experimentPath = (id: string): string => `/x/${encodeURIComponent(id)}`;
export const scenarioPath = (id: string, query = ''): string =>
  `/s/${encodeURIComponent(id)}${query === '' ? '' : `?${query}`}`;
export const workshopPath = (id: string, step: number | null = null): string =>
  `/w/${encodeURIComponent(id)}${step === null ? '' : `?step=${step + 1}`}`;
export const boardPath = (id: string): string => `/w/${encodeURIComponent(id)}/board`;
export const editPath = (id: string): string => `/w/${encodeURIComponent(id)}/edit`;
export const MAKE_PATH = '/w/new';
