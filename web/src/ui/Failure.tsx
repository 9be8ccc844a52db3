// What went wrong with a call, in words, and a way on.
import type { JSX } from 'preact';
import { Problem } from '../api/client';
import type { FieldError } from '../api/types';
import { useApp, type App } from '../store/app';

/** Code or texts of the pages that did not come: there may be newer ones by now. */
export class Missed extends Error {}

const detailOf = (app: App, { detail }: { readonly detail: string }): string => app.t('error.other', { detail });

/** `refusal`: what is said of the first field that the server objected to. */
export function failureText(app: App, error: unknown, refusal: (app: App, refused: FieldError) => string = detailOf): string {
  if (error instanceof Missed) return app.t('error.missed');
  if (!(error instanceof Problem)) {
    return app.t('error.other', { detail: error instanceof Error ? error.message : String(error) });
  }
  if (error.status === 0) return app.t('error.offline');
  if (error.status === 403) return app.t('error.forbidden');
  if (error.status === 429) return app.t('error.mine', { seconds: error.retryAfter ?? 1 });
  if (error.status === 503) return app.t('error.busy', { seconds: error.retryAfter ?? 1 });
  if (error.status === 507) return app.t('error.full');
  const [refused] = error.errors;
  return refused === undefined ? detailOf(app, error) : refusal(app, refused);
}

export function Failure({ error, again }: {
  readonly error: unknown;
  readonly again?: () => void;
}): JSX.Element {
  const app = useApp();
  return (
    <div class="failure" role="alert">
      <p>{failureText(app, error)}</p>
      {error instanceof Missed && (
        <button type="button" class="button" onClick={() => location.reload()}>{app.t('error.reload')}</button>
      )}
      {again !== undefined && (
        <button type="button" class="button" onClick={again}>{app.t('error.again')}</button>
      )}
    </div>
  );
}
