import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { tokens, type SourceLanguage, type Token } from './highlight';

export function Tokens({ list }: { readonly list: readonly Token[] }): JSX.Element {
  return (
    <code>
      {list.map((token, i) => (token.kind === 'plain'
        ? token.text
        : <span key={i} class={`code-${token.kind}`}>{token.text}</span>))}
    </code>
  );
}

interface CodeProps {
  readonly source: string;
  readonly language: SourceLanguage;
  readonly label: string;
}

/** Source text, coloured; it scrolls by itself when it is wider than its place. */
export function Code({ source, language, label }: CodeProps): JSX.Element {
  const list = useMemo(() => tokens(source.trimEnd(), language), [source, language]);
  return (
    <pre class="code" tabIndex={0} role="region" aria-label={label} lang="en" translate={false}>
      <Tokens list={list} />
    </pre>
  );
}
