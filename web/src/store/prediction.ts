// What a reader expects of a run before it is started. Kept in this tab, nowhere else.
import { signal, type Signal } from '@preact/signals';

const PREDICTED = 'interleave.predicted.';
const REVEALED = 'interleave.revealed.';

function read(key: string): string | null {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string): void {
  try {
    sessionStorage.setItem(key, value);
  } catch {
    // Storage may be forbidden; the prediction then lasts as long as the page.
  }
}

export interface Prediction {
  /** Index of the declared outcome that is expected, or null. */
  readonly rule: Signal<number | null>;
  /** Whether what the outcomes mean is shown. */
  readonly revealed: Signal<boolean>;
}

export function newPrediction(scenario: string): Prediction {
  return { rule: signal<number | null>(null), revealed: signal(read(REVEALED + scenario) !== null) };
}

export function reveal(scenario: string, prediction: Prediction): void {
  prediction.revealed.value = true;
  write(REVEALED + scenario, 'yes');
}

/** The run was started with this in mind; whoever ran it has seen what comes out. */
export function notePrediction(scenario: string, run: string, prediction: Prediction): void {
  if (prediction.rule.peek() !== null) write(PREDICTED + run, String(prediction.rule.peek()));
  write(REVEALED + scenario, 'yes');
}

/** Which outcome was expected of a run, or null. */
export function predictionOf(run: string): number | null {
  const text = read(PREDICTED + run);
  return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}
