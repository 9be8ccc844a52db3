// A button that opens a short list. Escape closes it and gives the focus back; what one does elsewhere closes it, too.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface MenuProps {
  readonly label: string;
  readonly class: string;
  readonly onOpen?: () => void;
  /** The list; it is given what closes it. */
  readonly children: (close: () => void) => ComponentChildren;
}

export function Menu({ label, class: className, onOpen, children }: MenuProps): JSX.Element {
  const menu = useRef<HTMLDetailsElement>(null);
  const button = useRef<HTMLElement>(null);
  const close = (): void => {
    if (menu.current?.open !== true) return;
    if (menu.current.contains(document.activeElement)) button.current?.focus();
    menu.current.open = false;
  };
  useEffect(() => {
    const elsewhere = ({ target }: Event): void => {
      if (target instanceof Node && menu.current?.contains(target) === false) close();
    };
    addEventListener('pointerdown', elsewhere);
    addEventListener('focusin', elsewhere);
    return () => {
      removeEventListener('pointerdown', elsewhere);
      removeEventListener('focusin', elsewhere);
    };
  }, []);
  return (
    <details
      ref={menu}
      class="menu"
      onToggle={(event) => { if (event.currentTarget.open) onOpen?.(); }}
      onKeyDown={(event) => { if (event.key === 'Escape') close(); }}
    >
      <summary ref={button} class={className}>{label}</summary>
      <div class="menu-list">{children(close)}</div>
    </details>
  );
}
