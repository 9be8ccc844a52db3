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
