import type { JSX } from 'preact';
import type { OutcomeClass, Run } from '../api/types';
import { useApp } from '../store/app';

const SIGNS: Readonly<Record<OutcomeClass, string>> = {
  acceptable: '✓', interesting: '!', forbidden: '✕',
};

/** How an outcome was declared: a sign and a word, never the colour alone. */
export function ClassBadge({ of }: { readonly of: OutcomeClass }): JSX.Element {
  const app = useApp();
  return (
    <span class={`badge ${of}`}>
      <span aria-hidden="true">{SIGNS[of]} </span>
      {app.t(`class.${of}`)}
    </span>
  );
}

/** How a run ended, or how far it is. */
export function EndBadge({ run }: { readonly run: Run }): JSX.Element {
  const app = useApp();
  if (run.status !== 'done') {
    const queued = run.status === 'queued' && run.queuePosition !== null;
    const text = queued
      ? app.t('run.status.queuedAt', { position: run.queuePosition ?? 0 })
      : app.t(`run.status.${run.status}`);
    return <span class="badge going">{text}</span>;
  }
  const ended = run.ended ?? 'completed';
  const style = ended === 'completed' ? 'plain-badge' : ended === 'stopped' ? 'going' : 'ended-badly';
  return <span class={`badge ${style}`}>{app.word('ended', ended)}</span>;
}
