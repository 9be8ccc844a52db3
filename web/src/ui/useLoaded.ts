// Loads something when its key changes; the answer of an older key is forgotten.
import { useSignal, type Signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

export interface Loaded<T> {
  readonly value: Signal<T | null>;
  readonly error: Signal<unknown>;
  readonly again: () => void;
}

export function useLoaded<T>(key: string, load: () => Promise<T>): Loaded<T> {
  const value = useSignal<T | null>(null);
  const error = useSignal<unknown>(null);
  const attempt = useSignal(0);
  useEffect(() => {
    let current = true;
    value.value = null;
    error.value = null;
    load().then(
      (loaded) => { if (current) value.value = loaded; },
      (reason: unknown) => { if (current) error.value = reason; },
    );
    return () => { current = false; };
  }, [key, attempt.value]);
  return { value, error, again: () => { attempt.value++; } };
}
