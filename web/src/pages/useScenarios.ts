import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { Problem } from '../api/client';
import { getScenario } from '../api/scenario';
import type { Scenarios } from '../store/draft';

const RETRY_MS = 3000;

/** The scenarios with these ids, as far as they have come. */
export function useScenarios(ids: readonly string[]): Scenarios {
  const found = useSignal<Scenarios>({});
  const wanted = [...new Set(ids)].sort().join('\n');
  useEffect(() => {
    let open = true;
    const timers: ReturnType<typeof setTimeout>[] = [];
    const load = (id: string): void => {
      getScenario(id).then((scenario) => {
        if (open) found.value = { ...found.peek(), [id]: scenario };
      }, (error: unknown) => {
        if (open && !(error instanceof Problem && error.status === 404)) timers.push(setTimeout(() => load(id), RETRY_MS));
      });
    };
    for (const id of wanted.split('\n')) if (id !== '' && found.peek()[id] === undefined) load(id);
    return () => {
      open = false;
      timers.forEach(clearTimeout);
    };
  }, [wanted]);
  return found.value;
}
