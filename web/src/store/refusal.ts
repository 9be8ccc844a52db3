// What the server objected to, in the reader's words: by its code, with the bounds it names.
import type { FieldError } from '../api/types';
import type { FieldProblem } from './setup';

/** Why a token was not taken, by what the server says of it. */
const TOKENS = [
  [/another scenario/, 'refused.token.scenario'],
  [/other parameters/, 'refused.token.parameters'],
  [/another version/, 'refused.token.version'],
  [/after ~/, 'refused.token.steps'],
] as const;

export function problemOf({ code, detail }: FieldError): FieldProblem {
  switch (code) {
    case 'out-of-range': {
      const found = /(-?[\d.]+) to (-?[\d.]+)/.exec(detail);
      return found === null ? { key: 'refused.other', args: { detail } }
        : { key: 'form.error.range', args: { minimum: Number(found[1]), maximum: Number(found[2]) } };
    }
    case 'not-an-integer': return { key: 'form.error.integer' };
    case 'not-a-number': return { key: 'form.error.number' };
    case 'not-a-boolean': return { key: 'form.error.boolean' };
    case 'not-a-choice': return { key: 'form.error.choice' };
    case 'not-a-list-of-integers': return { key: 'form.error.list' };
    case 'missing': return { key: 'refused.missing' };
    case 'not-a-token':
      return { key: TOKENS.find(([pattern]) => pattern.test(detail))?.[1] ?? 'refused.token' };
    default: return { key: 'refused.other', args: { detail } };
  }
}
