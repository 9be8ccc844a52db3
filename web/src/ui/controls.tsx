// Small parts that several pages use.
import type { ComponentChildren, JSX } from 'preact';
import { useApp } from '../store/app';

const ICONS = {
  left: 'M10 3 5 8l5 5',
  right: 'm6 3 5 5-5 5',
  down: 'm3 6 5 5 5-5',
  up: 'm3 10 5-5 5 5',
  in: 'M8 3v10M3 8h10',
  out: 'M3 8h10',
  help: 'M5.5 6a2.5 2.5 0 1 1 3.6 2.2C8.3 8.7 8 9 8 10M8 12.5v.5',
  sun: 'M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6M8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.2 1.2M11.8 11.8 13 13M13 3l-1.2 1.2M4.2 11.8 3 13',
  moon: 'M13.5 9.8A6 6 0 0 1 6.2 2.5a6 6 0 1 0 7.3 7.3z',
  pin: 'M6 2h4M7 2v4L4.500 9h7L9 6V2M8 9v5',
  flag: 'M4 14V2.500h7.500L9.500 5.500l2 3H4',
  undo: 'M6 3 2.500 6.500 6 10M3 6.500h6a4 4 0 0 1 0 8H6.500',
  play: 'M5 3v10l8-5z',
  pause: 'M5.500 3v10M10.500 3v10',
  step: 'M4 3v10l6-5zM12 3v10',
  stepBack: 'M12 3v10L6 8zM4 3v10',
  close: 'm4 4 8 8M12 4l-8 8',
  link: 'M7 9.5a3 3 0 0 0 4.3 0l2-2A3 3 0 0 0 9 3.200l-.8.8M9 6.500a3 3 0 0 0-4.300 0l-2 2A3 3 0 0 0 7 12.800l.8-.8',
} as const;

export type IconName = keyof typeof ICONS;

export function Icon({ name }: { readonly name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={ICONS[name]} fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}

interface IconButtonProps {
  readonly icon: IconName;
  readonly label: string;
  readonly id?: string;
  readonly disabled?: boolean;
  readonly onClick: () => void;
}

export function IconButton({ icon, label, id, disabled, onClick }: IconButtonProps): JSX.Element {
  return (
    <button type="button" id={id} class="icon-button" disabled={disabled} aria-label={label} title={label} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}

interface LinkProps {
  readonly to: string;
  readonly class?: string;
  /** What it is called when its text alone does not say enough. */
  readonly label?: string;
  /** Whether it leads to where one is. */
  readonly current?: boolean;
  readonly tabIndex?: number;
  readonly children: ComponentChildren;
}

/** A link within the pages: no reload, but an ordinary link to everything else. */
export function Link({ to, class: className, label, current = false, tabIndex, children }: LinkProps): JSX.Element {
  const app = useApp();
  const onClick = (event: MouseEvent): void => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    app.go(to);
  };
  const prepare = (): void => app.prepare(to);
  return (
    <a
      href={to}
      class={className}
      aria-label={label}
      aria-current={current ? 'page' : undefined}
      tabIndex={tabIndex}
      onClick={onClick}
      onPointerEnter={prepare}
      onFocus={prepare}
    >
      {children}
    </a>
  );
}

/** Text of the server with `code` in it. */
export function Prose({ text }: { readonly text: string }): JSX.Element {
  const parts = text.split('`');
  return <>{parts.map((part, i) => (i % 2 === 1 ? <code key={i}>{part}</code> : part))}</>;
}
