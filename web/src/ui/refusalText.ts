// Why something could not be started, in words.
import type { FieldError } from '../api/types';
import type { App } from '../store/app';
import { problemOf } from '../store/refusal';
import { failureText } from './Failure';

function fieldText(app: App, refused: FieldError): string {
  const { key, args } = problemOf(refused);
  return app.t(key, args);
}

export const refusalText = (app: App, error: unknown): string => failureText(app, error, fieldText);
