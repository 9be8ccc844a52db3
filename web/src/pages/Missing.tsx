// No such page, run or scenario: says so and helps on.
import type { ComponentChildren, JSX } from 'preact';
import { listScenarios } from '../api/client';
import { useApp } from '../store/app';
import { scenarioPath } from '../store/route';
import { useTitle } from '../ui/Shell';
import { Link } from '../ui/controls';
import { useLoaded } from '../ui/useLoaded';
import { nearest } from './search';

const NEAR_MOST = 4;

interface MissingProps {
  readonly what: string;
  /** What was looked for, to find something like it; '' when nothing can be. */
  readonly near: string;
  /** Further ways on. */
  readonly children?: ComponentChildren;
}

export function Missing({ what, near, children }: MissingProps): JSX.Element {
  const app = useApp();
  const { value } = useLoaded('scenarios', listScenarios);
  useTitle(app.t('missing.title'));
  const all = value.value ?? [];
  const ids = nearest(all.map((s) => s.id), near, NEAR_MOST);
  const shown = near === '' ? [] : ids.length > 0 ? all.filter((s) => ids.includes(s.id)) : all.slice(0, NEAR_MOST);
  return (
    <div class="page narrow">
      <h1>{app.t('missing.title')}</h1>
      <p class="lead">{what}</p>
      {shown.length > 0 && (
        <>
          <p>{app.t('missing.near')}</p>
          <ul>
            {shown.map((s) => (
              <li key={s.id}><Link to={scenarioPath(s.id)}>{app.say(s.title)}</Link></li>
            ))}
          </ul>
        </>
      )}
      <p class="actions"><Link to="/" class="button primary">{app.t('missing.home')}</Link>{children}</p>
    </div>
  );
}
