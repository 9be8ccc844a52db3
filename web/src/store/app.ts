// What all pages share: language, colours, address. One object, passed down by context.
import { computed, effect, signal, type ReadonlySignal, type Signal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Text } from '../api/types';
import { isMessageKey, message, pick, type MessageKey } from '../messages';
import type { Args } from '../messages/format';
import {
  readLanguage, readTheme, writeLanguage, writeTheme, type Language, type Theme,
} from './prefs';
import { parseRoute, type Route } from './route';

export interface App {
  readonly language: Signal<Language>;
  readonly theme: Signal<Theme>;
  /** Whether the page is dark now, whoever decided it. */
  readonly dark: ReadonlySignal<boolean>;
  readonly route: Signal<Route>;
  readonly help: Signal<boolean>;
  /** The step of the guided tour, or null. */
  readonly tour: Signal<number | null>;
  t(key: MessageKey, args?: Args): string;
  /** A text of the server in the reader's language. */
  say(text: Text): string;
  /** The text for a word of the server, or the word itself when it is new to this page. */
  word(prefix: string, word: string): string;
  /** What stands between two sentences: Chinese needs nothing. */
  space(): string;
  go(path: string): void;
  /** Goes there without moving the page; with `replace` the way back skips where one was. */
  stay(path: string, replace: boolean): void;
  /** Opens where `find` leads. Nothing of it is left, an error neither, when one has gone elsewhere by then. */
  follow(find: () => Promise<string>, open?: (path: string) => void): Promise<void>;
}

export function newApp(): App {
  const language = signal(readLanguage());
  const theme = signal(readTheme());
  const system = matchMedia('(prefers-color-scheme: dark)');
  const systemDark = signal(system.matches);
  system.addEventListener('change', () => { systemDark.value = system.matches; });
  const dark = computed(() => (theme.value === 'system' ? systemDark.value : theme.value === 'dark'));
  const route = signal(parseRoute(location.pathname, location.search));
  addEventListener('popstate', () => { route.value = parseRoute(location.pathname, location.search); });

  effect(() => {
    document.documentElement.lang = language.value;
    writeLanguage(language.value);
  });
  effect(() => {
    document.documentElement.dataset.theme = theme.value;
    if (theme.value !== 'system') writeTheme(theme.value);
  });

  const open = (path: string, replace: boolean): void => {
    if (replace) history.replaceState(history.state, '', path);
    else history.pushState(location.pathname + location.search, '', path);
    route.value = parseRoute(location.pathname, location.search);
  };
  const go = (path: string): void => {
    open(path, false);
    scrollTo(0, 0);
  };
  const t = (key: MessageKey, args?: Args): string => message(language.value, key, args);
  return {
    language,
    theme,
    dark,
    route,
    help: signal(false),
    tour: signal<number | null>(null),
    t,
    say: (text) => pick(language.value, text),
    word: (prefix, word) => {
      const key = `${prefix}.${word}`;
      return isMessageKey(key) ? t(key) : word.replace(/_ns$/, '').replace(/[_-]/g, ' ');
    },
    space: () => (language.value === 'zh-CN' ? '' : ' '),
    go,
    stay: (path, replace) => {
      if (replace && history.state === path) return history.back();
      // The way back to where one is does not move the page either.
      if (!replace) history.scrollRestoration = 'manual';
      open(path, replace);
      history.scrollRestoration = 'auto';
      return undefined;
    },
    follow: async (find, then = go) => {
      const from = route.peek();
      try {
        const path = await find();
        if (route.peek() === from) then(path);
      } catch (error) {
        if (route.peek() === from) throw error;
      }
    },
  };
}

export const AppContext = createContext<App | null>(null);

export function useApp(): App {
  const app = useContext(AppContext);
  if (app === null) throw new Error('no app around this component');
  return app;
}
