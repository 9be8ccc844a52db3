// Addresses of pages.
export type Route =
  | { readonly page: 'gallery' }
  | { readonly page: 'scenario'; readonly id: string; readonly query: string }
  /** `of`: the run whose schedule the reader steps through. */
  | { readonly page: 'run'; readonly id: string; readonly of: string | null }
  | { readonly page: 'experiment'; readonly id: string }
  | { readonly page: 'missing'; readonly path: string };

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function parseRoute(path: string, query: string): Route {
  const [kind, id, ...more] = path.split('/').filter((part) => part !== '').map(decoded);
  if (kind === undefined) return { page: 'gallery' };
  if (id === undefined || more.length > 0) return { page: 'missing', path };
  if (kind === 's') return { page: 'scenario', id, query };
  if (kind === 'r') return { page: 'run', id, of: new URLSearchParams(query).get('of') };
  if (kind === 'x') return { page: 'experiment', id };
  return { page: 'missing', path };
}

export const runPath = (id: string, of: string | null = null): string =>
  `/r/${encodeURIComponent(id)}${of === null ? '' : `?of=${encodeURIComponent(of)}`}`;
export const experimentPath = (id: string): string => `/x/${encodeURIComponent(id)}`;
export const scenarioPath = (id: string, query = ''): string =>
  `/s/${encodeURIComponent(id)}${query === '' ? '' : `?${query}`}`;
