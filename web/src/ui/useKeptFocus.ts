// A button may be gone or disabled once it was pressed. What it stands in then has the focus, so that the keyboard
// goes on from there.
import { useEffect, useRef } from 'preact/hooks';
import type { RefObject } from 'preact';

export function useKeptFocus<T extends HTMLElement>(): RefObject<T | null> {
  const frame = useRef<T>(null);
  const inside = useRef(false);
  useEffect(() => {
    const note = ({ target }: Event): void => {
      inside.current = target instanceof Node && frame.current?.contains(target) === true;
    };
    addEventListener('focusin', note);
    addEventListener('pointerdown', note);
    return () => {
      removeEventListener('focusin', note);
      removeEventListener('pointerdown', note);
    };
  }, []);
  useEffect(() => {
    const active = document.activeElement;
    const lost = active === document.body || active?.matches(':disabled') === true;
    if (inside.current && lost) frame.current?.focus({ preventScroll: true });
  });
  return frame;
}
