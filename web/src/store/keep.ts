// What somebody was given a link to stays: the server lets go of other runs and experiments after a time.
import { at, send } from '../api/client';
import { parseRoute, type Route } from './route';

type Kept = readonly (readonly ['runs' | 'experiments', string])[];

function ledTo(route: Route): Kept {
  switch (route.page) {
    case 'run': return [['runs', route.id], ...(route.of === null ? [] : [['runs', route.of] as const])];
    case 'embed': return [['runs', route.id]];
    case 'compare': return [['runs', route.first], ['runs', route.second]];
    case 'experiment': return [['experiments', route.id]];
    default: return [];
  }
}

/** Runs and experiments that a link leads to. */
export function keptBy(link: string): Kept {
  const { pathname, search } = new URL(link, 'http://localhost');
  return ledTo(parseRoute(pathname, search));
}

/** Has the server keep what a link leads to. The link is as good without that, so nobody waits for it or hears of a failure. */
export function keepLinked(link: string): void {
  for (const [kind, id] of keptBy(link)) send('PUT', at(kind, id), { kept: true }).catch(() => undefined);
}
