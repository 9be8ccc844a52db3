// The workshops that were made or joined in this browser: the instructor's keys, the names one took.
import { read, write } from './prefs';

export interface KeptWorkshop {
  readonly id: string;
  readonly title: string;
  /** The instructor's, if it is here. */
  readonly key: string | null;
  /** Under which one takes part, if one does. */
  readonly name: string | null;
  /** Nobody had that name, and one has run nothing under it yet. */
  readonly fresh: boolean;
}

const KEY = 'interleave.workshops';
const MOST = 100;

/** As the server counts characters. */
export const NAME_MOST = 40;

function keptOf(from: unknown): KeptWorkshop[] {
  if (typeof from !== 'object' || from === null) return [];
  const { id, title, key, name, fresh } = from as Readonly<Record<string, unknown>>;
  if (typeof id !== 'string') return [];
  return [{
    id,
    title: typeof title === 'string' ? title : id,
    key: typeof key === 'string' ? key : null,
    name: typeof name === 'string' ? name : null,
    fresh: fresh === true,
  }];
}

export function parseWorkshops(text: string | null): KeptWorkshop[] {
  try {
    const from: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(from) ? from.flatMap(keptOf).slice(0, MOST) : [];
  } catch {
    return [];
  }
}

/** The list with that one first, and what is new of it. */
export function kept(list: readonly KeptWorkshop[], id: string, patch: Partial<KeptWorkshop>): KeptWorkshop[] {
  const before = list.find((one) => one.id === id) ?? { id, title: id, key: null, name: null, fresh: false };
  return [{ ...before, ...patch }, ...list.filter((one) => one.id !== id)].slice(0, MOST);
}

export const readWorkshops = (): KeptWorkshop[] => parseWorkshops(read(KEY));
export const keptWorkshop = (id: string): KeptWorkshop | null => readWorkshops().find((one) => one.id === id) ?? null;
export const keepWorkshop = (id: string, patch: Partial<KeptWorkshop>): void =>
  write(KEY, JSON.stringify(kept(readWorkshops(), id, patch)));
export const forgetWorkshop = (id: string): void =>
  write(KEY, JSON.stringify(readWorkshops().filter((one) => one.id !== id)));

/** The id as the server has it: in small letters, in threes, no letter that is taken for a digit. */
export function plainId(typed: string): string {
  const letters = typed.toLowerCase().replace(/[\s-]/g, '').replaceAll('o', '0').replace(/[il]/g, '1');
  return letters.replace(/(.{3})(?=.)/g, '$1-');
}

/** What was typed, or the id in a link that was pasted instead. */
export const idIn = (typed: string): string => /\/w\/([^/?#]+)/.exec(typed)?.[1] ?? typed;

/** Names of one person: in any case of their letters, as the server compares them. */
const smallLetters = (name: string): string => name.trim().replace(/[A-Z]/g, (letter) => letter.toLowerCase());
export const sameName = (a: string, b: string): boolean => smallLetters(a) === smallLetters(b);

export const isName = (name: string): boolean => {
  const length = [...name.trim()].length;
  return length >= 1 && length <= NAME_MOST && !/[\u0000-\u001f\u007f-\u009f]/.test(name);
};
