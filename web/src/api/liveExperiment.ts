// Follows one experiment: the whole of it, again and again, until it is done.
import { Problem } from './client';
import { experimentShape } from './experimentShape';
import { experimentEventsUrl, getExperiment } from './experiments';
import type { Experiment } from './types';

export interface ExperimentHooks {
  experiment(experiment: Experiment): void;
  failed(error: unknown): void;
}

/** Returns what ends the following. */
export function followExperiment(id: string, hooks: ExperimentHooks): () => void {
  let source: EventSource | null = null;
  let open = true;
  const close = (): void => {
    open = false;
    source?.close();
  };
  const fail = (error: unknown): void => {
    if (open) hooks.failed(error);
    close();
  };
  const take = (event: Event): void => {
    if (!open) return;
    try {
      hooks.experiment(experimentShape(JSON.parse((event as MessageEvent<string>).data)));
    } catch (error) {
      fail(error);
    }
  };
  const listen = (): void => {
    const made = new EventSource(experimentEventsUrl(id));
    source = made;
    made.addEventListener('progress', take);
    made.addEventListener('done', (event) => {
      take(event);
      close();
    });
    // A lost connection is taken up again by the browser; one that was refused is not.
    made.addEventListener('error', () => {
      if (made.readyState === EventSource.CLOSED) fail(new Problem(0, ''));
    });
  };
  getExperiment(id).then((experiment) => {
    if (!open) return;
    hooks.experiment(experiment);
    if (experiment.status === 'done') close();
    else listen();
  }, fail);
  return close;
}
