// What a workshop's pages show without a workshop: it is not there, it could not be read, it has yet to come.
import type { JSX } from 'preact';
import { Problem } from '../api/client';
import { useApp } from '../store/app';
import { Failure } from '../ui/Failure';
import { Link } from '../ui/controls';
import { Missing } from './Missing';

export function NoWorkshop({ error, again }: { readonly error: unknown; readonly again: () => void }): JSX.Element {
  const app = useApp();
  if (error instanceof Problem && error.status === 404) {
    return (
      <Missing what={app.t('missing.workshop')} near="">
        <Link to="/w" class="button">{app.t('join.id')}</Link>
      </Missing>
    );
  }
  if (error !== null) return <div class="page"><Failure error={error} again={again} /></div>;
  return <div class="page"><p class="muted">{app.t('app.loading')}</p></div>;
}
