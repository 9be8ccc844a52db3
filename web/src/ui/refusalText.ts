// Why something could not be started, in words.
import { Problem } from '../api/client';
import type { FieldError } from '../api/types';
import type { App } from '../store/app';
import { problemOf } from '../store/refusal';
import { failureText } from './Failure';

function fieldText(app: App, refused: FieldError): string {
  const { key, args } = problemOf(refused);
  return app.t(key, args);
}

export const refusalText = (app: App, error: unknown): string => failureText(app, error, fieldText);

/** Why a run did not start; a workshop that is closed is the one thing it may be in conflict with. */
export const startText = (app: App, error: unknown): string =>
  (error instanceof Problem && error.status === 409 ? app.t('workshop.closed') : refusalText(app, error));
