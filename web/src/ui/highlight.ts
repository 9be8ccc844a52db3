// Splits source text into coloured pieces. One small lexer does for C and Python.
export type TokenKind = 'plain' | 'comment' | 'string' | 'keyword' | 'type' | 'number' | 'call' | 'directive';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

export type SourceLanguage = 'c' | 'python';

const words = (list: string): ReadonlySet<string> => new Set(list.split(' '));

const KEYWORDS: Readonly<Record<SourceLanguage, ReadonlySet<string>>> = {
  c: words('break case continue default do else enum extern for goto if inline return sizeof static struct switch typedef union while const volatile'),
  python: words('and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield None True False'),
};
const TYPES = words('void int char long short unsigned signed float double bool size_t ssize_t int64_t int32_t uint64_t uint32_t uint16_t uint8_t pid_t');

const PATTERNS: Readonly<Record<SourceLanguage, RegExp>> = {
  c: /(?<comment>\/\*[^]*?\*\/|\/\/[^\n]*)|(?<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(?<directive>^[ \t]*#[^\n]*)|(?<number>\b\d[\w.]*)|(?<word>[A-Za-z_]\w*)/gm,
  python: /(?<comment>#[^\n]*)|(?<string>[rbf]?(?:"""[^]*?"""|'''[^]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))|(?<directive>^[ \t]*@[^\n]*)|(?<number>\b\d[\w.]*)|(?<word>[A-Za-z_]\w*)/gm,
};

function wordKind(word: string, after: string, language: SourceLanguage): TokenKind {
  if (KEYWORDS[language].has(word)) return 'keyword';
  if (language === 'c' && TYPES.has(word)) return 'type';
  return after === '(' ? 'call' : 'plain';
}

export function tokens(source: string, language: SourceLanguage): Token[] {
  const list: Token[] = [];
  const add = (kind: TokenKind, text: string): void => {
    if (text !== '') list.push({ kind, text });
  };
  let at = 0;
  for (const match of source.matchAll(PATTERNS[language])) {
    add('plain', source.slice(at, match.index));
    at = match.index + match[0].length;
    const found = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined);
    const name = found?.[0] ?? 'plain';
    add(name === 'word' ? wordKind(match[0], source[at] ?? '', language) : name as TokenKind, match[0]);
  }
  add('plain', source.slice(at));
  return list;
}

/** The same, line by line: what spans several lines is a piece in each of them. */
export function tokenLines(source: string, language: SourceLanguage): Token[][] {
  const lines: Token[][] = [[]];
  for (const { kind, text } of tokens(source, language)) {
    text.split('\n').forEach((part, i) => {
      if (i > 0) lines.push([]);
      if (part !== '') lines[lines.length - 1].push({ kind, text: part });
    });
  }
  return lines;
}
