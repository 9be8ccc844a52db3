// Buttons that copy.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useApp } from '../store/app';
import { Icon, type IconName } from './controls';

async function toClipboard(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
  const field = document.createElement('textarea');
  field.value = text;
  document.body.append(field);
  field.select();
  // Pages served over plain HTTP have no other way.
  document.execCommand('copy');
  field.remove();
  return undefined;
}

interface CopyTextProps {
  /** A text, or what makes it when it is asked for. */
  readonly text: string | (() => string);
  readonly label: string;
  readonly class?: string;
  readonly icon?: IconName;
}

/** Copies a text; says so for a moment. */
export function CopyText({ text, label, class: className = 'small-button', icon }: CopyTextProps): JSX.Element {
  const app = useApp();
  const copied = useSignal(false);
  const onClick = (): void => {
    void toClipboard(typeof text === 'string' ? text : text()).then(() => {
      copied.value = true;
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

/** Copies the link to a page. */
export function CopyButton({ path, label }: CopyButtonProps): JSX.Element {
  return <CopyText text={new URL(path, location.href).href} label={label} class="button" icon="link" />;
}
