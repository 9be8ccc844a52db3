// Buttons that copy.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useApp } from '../store/app';
import { keepLinked } from '../store/keep';
import { Icon, type IconName } from './controls';

/** Pages served over plain HTTP, and those in a frame, have no other way. The menu around the button stays open. */
function copySelected(text: string, button: HTMLElement): boolean {
  const field = document.createElement('textarea');
  field.value = text;
  button.after(field);
  field.select();
  const done = document.execCommand('copy');
  field.remove();
  button.focus({ preventScroll: true });
  return done;
}

/** Whether it could be done. */
async function toClipboard(text: string, button: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(text, button);
  }
}

interface CopyTextProps {
  /** A text, or what makes it when it is asked for. */
  readonly text: string | (() => string);
  readonly label: string;
  readonly class?: string;
  readonly icon?: IconName;
  /** Beside the copying. */
  readonly onCopy?: (text: string) => void;
}

/** Copies a text; says so for a moment. */
export function CopyText({ text, label, class: className = 'small-button', icon, onCopy }: CopyTextProps): JSX.Element {
  const app = useApp();
  const copied = useSignal(false);
  const onClick = ({ currentTarget }: { readonly currentTarget: HTMLElement }): void => {
    const said = typeof text === 'string' ? text : text();
    onCopy?.(said);
    void toClipboard(said, currentTarget).then((done) => {
      copied.value = done;
      setTimeout(() => { copied.value = false; }, 2000);
    });
  };
  return (
    <button type="button" class={className} onClick={onClick}>
      {icon !== undefined && <Icon name={icon} />}
      <span aria-live="polite">{copied.value ? app.t('run.copied') : label}</span>
    </button>
  );
}

interface CopyButtonProps {
  readonly path: string;
  readonly label: string;
}

/** Copies the link to a page; what it leads to is kept. */
export function CopyButton({ path, label }: CopyButtonProps): JSX.Element {
  return <CopyText text={new URL(path, location.href).href} label={label} class="button" icon="link" onCopy={keepLinked} />;
}
