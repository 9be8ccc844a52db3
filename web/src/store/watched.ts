// A media query as a signal.
import { signal, type ReadonlySignal } from '@preact/signals';

export function watched(query: string): ReadonlySignal<boolean> {
  const list = matchMedia(query);
  const matches = signal(list.matches);
  list.addEventListener('change', () => { matches.value = list.matches; });
  return matches;
}
