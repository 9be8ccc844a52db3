// A link as a square to point a phone at: dark on light whatever the page's colours, with the quiet
// zone around it that readers need.
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { encode } from 'uqr';
import { useApp } from '../store/app';

/** In modules, as the standard wants it. */
const QUIET = 4;

/** The dark modules as a path, a stroke of it for each run in a row. */
export function darkPath(rows: readonly (readonly boolean[])[]): string {
  return rows.map((row, y) => row.map((dark, x) => {
    if (!dark || row[x - 1]) return '';
    const end = row.indexOf(false, x);
    const length = (end < 0 ? row.length : end) - x;
    return `M${x} ${y}h${length}v1h-${length}z`;
  }).join('')).join('');
}

/** Null when it is too long for any code. */
function encoded(text: string): { readonly size: number; readonly path: string } | null {
  try {
    const { size, data } = encode(text, { ecc: 'L', boostEcc: true, border: QUIET });
    return { size, path: darkPath(data) };
  } catch {
    return null;
  }
}

export function Qr({ text, label }: { readonly text: string; readonly label: string }): JSX.Element {
  const app = useApp();
  const code = useMemo(() => encoded(text), [text]);
  if (code === null) return <p>{app.t('qr.long')}</p>;
  return (
    <svg class="qr" viewBox={`0 0 ${code.size} ${code.size}`} role="img" aria-label={label} shape-rendering="crispEdges">
      <rect width={code.size} height={code.size} fill="#fff" />
      <path d={code.path} fill="#000" />
    </svg>
  );
}
