// Messages with arguments: "{name}" is replaced, "{count|task|tasks}" chooses by the language's
// plural rules (a single form may stand for all).
export type Args = Readonly<Record<string, string | number>>;

const numbers = new Map<string, Intl.NumberFormat>();

/** How numbers are written; making one anew each time would cost more than all else of a text. */
export function numberFormat(language: string, options: Intl.NumberFormatOptions = {}): Intl.NumberFormat {
  const key = `${language} ${options.maximumSignificantDigits} ${options.minimumFractionDigits}`;
  let format = numbers.get(key);
  if (format === undefined) numbers.set(key, format = new Intl.NumberFormat(language, options));
  return format;
}

const HOLE = /\{(\w+)((?:\|[^{}|]*)*)\}/g;

export function formatMessage(message: string, args: Args, language: string): string {
  return message.replace(HOLE, (_, name: string, forms: string) => {
    const value = args[name] ?? '';
    if (forms === '') {
      return typeof value === 'number' ? numberFormat(language).format(value) : value;
    }
    const list = forms.slice(1).split('|');
    const one = new Intl.PluralRules(language).select(Number(value)) === 'one';
    return list[one ? 0 : list.length - 1];
  });
}

/** The names of the arguments a message uses. */
export function argumentsOf(message: string): string[] {
  return [...new Set([...message.matchAll(HOLE)].map((match) => match[1]))].sort();
}
