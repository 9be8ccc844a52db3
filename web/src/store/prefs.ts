// What a reader chose: language and colours. Kept in this browser, nowhere else.
export type Language = 'en' | 'zh-CN';
export type Theme = 'system' | 'light' | 'dark';

export const FORCED_COLOURS = '(forced-colors: active)';

const LANGUAGE_KEY = 'interleave.language';
const THEME_KEY = 'interleave.theme';

/** What this browser keeps under a name, or null. */
export function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Storage may be forbidden, or full; what was chosen then lasts as long as the page.
  }
}

export function readLanguage(): Language {
  const stored = read(LANGUAGE_KEY);
  if (stored === 'en' || stored === 'zh-CN') return stored;
  return /^zh\b/i.test(navigator.language) ? 'zh-CN' : 'en';
}

export function readTheme(): Theme {
  const stored = read(THEME_KEY);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

export const writeLanguage = (language: Language): void => write(LANGUAGE_KEY, language);
export const writeTheme = (theme: Theme): void => write(THEME_KEY, theme);
