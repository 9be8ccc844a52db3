// What the server objected to, or a token, in the reader's words: by its code, with its figures.
import type { FieldError, RunSchedule } from '../api/types';
import type { MessageKey } from '../messages';
import type { Args } from '../messages/message';

/** What is wrong with a field, as a message of ours. */
export interface FieldProblem {
  readonly key: MessageKey;
  readonly args?: Args;
}

/** As many numbers as a list may have. */
export const LIST_MOST = 64;

/** A workshop that takes no more: people, or runs. */
const full = (pointer: string): FieldProblem => ({ key: pointer === '/workshop/name' ? 'refused.full.people' : 'refused.full.runs' });

/** What the server does not know, or no longer. */
function unknown(pointer: string): FieldProblem {
  const name = pointer.split('/').at(-1) ?? '';
  return name === 'beside' ? { key: 'refused.beside' } : { key: 'refused.unknown', args: { name } };
}

export function problemOf({ pointer, code, detail, minimum, maximum }: FieldError): FieldProblem {
  switch (code) {
    case 'out-of-range':
      return minimum === null || maximum === null ? { key: 'refused.other', args: { detail } }
        : { key: 'form.error.range', args: { minimum, maximum } };
    case 'not-an-integer': return { key: 'form.error.integer' };
    case 'not-a-number': return { key: 'form.error.number' };
    case 'not-a-boolean': return { key: 'form.error.boolean' };
    case 'not-a-choice': return { key: 'form.error.choice' };
    case 'not-a-list-of-integers': return { key: 'form.error.list' };
    case 'missing': return { key: 'refused.missing' };
    case 'too-many': return { key: 'form.error.many', args: { most: LIST_MOST } };
    case 'too-long': return { key: 'refused.long' };
    case 'not-a-token': return { key: 'refused.token' };
    case 'token-of-another-scenario': return { key: 'refused.token.scenario' };
    case 'token-of-other-parameters': return { key: 'refused.token.parameters' };
    case 'token-of-another-version': return { key: 'refused.token.version' };
    case 'not-a-number-of-steps': return { key: 'refused.token.steps' };
    case 'unknown': return unknown(pointer);
    case 'full': return full(pointer);
    case 'different': return { key: 'refused.different' };
    default: return { key: 'refused.other', args: { detail } };
  }
}

/** Why a token could not be followed; null when it was, or when the page does not know the code. */
export function unfollowed({ reason }: RunSchedule): FieldProblem | null {
  switch (reason?.code) {
    case 'no-such-choice': return { key: 'unfollowed.no-such-choice', args: reason.figures };
    case 'ended-earlier': return { key: 'unfollowed.ended-earlier', args: reason.figures };
    case 'other-operations': return { key: 'unfollowed.other-operations' };
    default: return null;
  }
}
