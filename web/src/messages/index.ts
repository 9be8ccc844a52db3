// The catalogues of texts, each fetched when it is first read in. A key that a language lacks is a
// type error.
import type { Text } from '../api/types';
import type { Language } from '../store/prefs';
import type { en } from './en';

export type MessageKey = keyof typeof en;
export type Catalogue = Readonly<Record<MessageKey, string>>;

export async function fetchTexts(language: Language): Promise<Catalogue> {
  return language === 'zh-CN' ? (await import('./zh-CN')).zhCN : (await import('./en')).en;
}

/** A text of the server in the reader's language. */
export const pick = (language: Language, text: Text): string =>
  (language === 'zh-CN' ? text.zh : text.en) || text.en;
