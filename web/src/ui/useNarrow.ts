// Whether the window is as narrow as a phone, where what matters most comes first.
import { useSignal, type Signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

/** As in the style sheets. */
const NARROW = '(max-width: 600px)';

export function useNarrow(): Signal<boolean> {
  const narrow = useSignal(matchMedia(NARROW).matches);
  useEffect(() => {
    const query = matchMedia(NARROW);
    const changed = (): void => { narrow.value = query.matches; };
    query.addEventListener('change', changed);
    return () => query.removeEventListener('change', changed);
  }, []);
  return narrow;
}
