// The catalogue of texts. A key that a language lacks is a type error.
import type { Text } from '../api/types';
import type { Language } from '../store/prefs';
import { en } from './en';
import { formatMessage, type Args } from './format';
import { zhCN } from './zh-CN';

export type MessageKey = keyof typeof en;

const CATALOGUES: Readonly<Record<Language, Readonly<Record<MessageKey, string>>>> = {
  en, 'zh-CN': zhCN,
};

export function message(language: Language, key: MessageKey, args: Args = {}): string {
  return formatMessage(CATALOGUES[language][key], args, language);
}

/** Whether a word of the server, such as "ended.timeout", has a text of its own. */
export const isMessageKey = (key: string): key is MessageKey => key in en;

/** A text of the server in the reader's language. */
export const pick = (language: Language, text: Text): string =>
  (language === 'zh-CN' ? text.zh : text.en) || text.en;
