// What all pages share: language, colours, address. One object, passed down by context.
import { computed, effect, signal, type ReadonlySignal, type Signal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Text } from '../api/types';
import { fetchTexts, pick, type Catalogue, type MessageKey } from '../messages';
import { formatMessage, type Args } from '../messages/message';
import { FORCED_COLOURS, readTheme, writeLanguage, writeTheme, type Language, type Theme } from './prefs';
import { parseRoute, type Route } from './route';
import { watched } from './watched';

export interface App {
  readonly language: ReadonlySignal<Language>;
  readonly theme: Signal<Theme>;
  /** Whether the page is dark now, whoever decided it. */
  readonly dark: ReadonlySignal<boolean>;
  /** Whether the reader's system decides all colours. */
  readonly forced: ReadonlySignal<boolean>;
  readonly route: ReadonlySignal<Route>;
  readonly help: Signal<boolean>;
  /** The step of the guided tour, or null. */
  readonly tour: Signal<number | null>;
  /** Fetches the texts of a language and shows everything in it. */
  speak(language: Language): Promise<void>;
  t(key: MessageKey, args?: Args): string;
  /** Whether a word of the server, such as "ended.timeout", has a text of its own. */
  knows(key: string): key is MessageKey;
  /** A text of the server in the reader's language. */
  say(text: Text): string;
  /** The text for a word of the server, or the word itself when it is new to this page. */
  word(prefix: string, word: string): string;
  /** What stands between two sentences: Chinese needs nothing. */
  space(): string;
  /** Fetches the code of a page that is likely next. */
  prepare(path: string): void;
  go(path: string): void;
  /** Goes there without moving the page; with `replace` the way back skips where one was. */
  stay(path: string, replace: boolean): void;
  /** Opens where `find` leads. Nothing of it is left, an error neither, when one has gone elsewhere by then. */
  follow(find: () => Promise<string>, open?: (path: string) => void): Promise<void>;
}

export const routeHere = (): Route => parseRoute(location.pathname, location.search);

function routeOf(path: string): Route {
  const { pathname, search } = new URL(path, location.href);
  return parseRoute(pathname, search);
}

/** Fetches the code of a page; null when it is here. */
export type CodeOf = (page: Route['page']) => Promise<void> | null;

export function newApp(first: Language, firstTexts: Catalogue, codeOf: CodeOf): App {
  const spoken = signal({ language: first, texts: firstTexts });
  const language = computed(() => spoken.value.language);
  const theme = signal(readTheme());
  const systemDark = watched('(prefers-color-scheme: dark)');
  const forced = watched(FORCED_COLOURS);
  const shown = computed<Theme>(() => (forced.value ? 'system' : theme.value));
  const dark = computed(() => (shown.value === 'system' ? systemDark.value : shown.value === 'dark'));
  const route = signal(routeHere());

  effect(() => {
    document.documentElement.lang = language.value;
    writeLanguage(language.value);
  });
  effect(() => {
    document.documentElement.dataset.theme = shown.value;
    if (theme.value !== 'system') writeTheme(theme.value);
  });

  let asked = 0;
  /** Goes on once the page's code is here, unless one has asked for another address by then. */
  const arrive = (page: Route['page'], then: () => void): void => {
    const mine = ++asked;
    const coming = codeOf(page);
    if (coming === null) then();
    else void coming.then(() => { if (mine === asked) then(); });
  };
  addEventListener('popstate', () => arrive(routeHere().page, () => { route.value = routeHere(); }));
  const open = (path: string, replace: boolean, then = (): void => undefined): void => {
    arrive(routeOf(path).page, () => {
      if (replace) history.replaceState(history.state, '', path);
      else history.pushState(location.pathname + location.search, '', path);
      route.value = routeHere();
      then();
    });
  };
  const go = (path: string): void => open(path, false, () => scrollTo(0, 0));
  const t = (key: MessageKey, args: Args = {}): string =>
    formatMessage(spoken.value.texts[key], args, spoken.value.language);
  const knows = (key: string): key is MessageKey => key in spoken.peek().texts;
  return {
    language,
    theme,
    dark,
    forced,
    route,
    help: signal(false),
    tour: signal<number | null>(null),
    speak: async (next) => {
      const texts = await fetchTexts(next);
      spoken.value = { language: next, texts };
    },
    t,
    knows,
    say: (text) => pick(language.value, text),
    word: (prefix, word) => {
      const key = `${prefix}.${word}`;
      return knows(key) ? t(key) : word.replace(/_ns$/, '').replace(/[_-]/g, ' ');
    },
    space: () => (language.value === 'zh-CN' ? '' : ' '),
    prepare: (path) => { void codeOf(routeOf(path).page); },
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
      const from = asked;
      try {
        const path = await find();
        if (asked === from) then(path);
      } catch (error) {
        if (asked === from) throw error;
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
