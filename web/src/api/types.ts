// What the API answers, as far as the pages use it.
export interface Text {
  readonly en: string;
  readonly zh: string;
}

export type ParamType = 'integer' | 'number' | 'boolean' | 'choice' | 'integer-list';

export interface Choice {
  readonly value: string;
  readonly title: Text;
}

export type ParamValue = number | boolean | string | readonly number[];

export interface Param {
  readonly name: string;
  readonly title: Text;
  readonly help: Text;
  readonly type: ParamType;
  readonly minimum: number | null;
  readonly maximum: number | null;
  readonly fallback: ParamValue;
  readonly choices: readonly Choice[];
  /** Every scenario has it; it folds away. */
  readonly common: boolean;
}

export interface ScenarioSummary {
  readonly id: string;
  readonly family: string;
  readonly number: number;
  readonly title: Text;
  readonly summary: Text;
  readonly lesson: Text;
}

export type OutcomeClass = 'acceptable' | 'interesting' | 'forbidden';
export type ChartKind =
  | 'none' | 'order' | 'value' | 'turns' | 'level' | 'tree' | 'shares' | 'matrix' | 'curve' | 'bars';

/** A column of a run's table. */
export interface Column {
  readonly name: string;
  readonly title: Text;
  /** "ns", "bytes", "×", … or empty. */
  readonly unit: string;
  /** The last one: a row has as many of it as it likes. */
  readonly repeats: boolean;
}

export type Cell = number | string | null;

/**
 * The same work done by a peer: figures by the row's first cell and the column's name, for runs with
 * these parameters.
 */
export interface Reference {
  readonly name: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly rows: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface OutcomeRule {
  readonly pattern: string;
  readonly ended: string;
  readonly when: string;
  readonly class: OutcomeClass;
  readonly meaning: Text;
}

export interface Scenario extends ScenarioSummary {
  readonly params: readonly Param[];
  readonly python: string;
  readonly chart: ChartKind;
  readonly outcomes: readonly OutcomeRule[];
  readonly checks: readonly { readonly name: string; readonly title: Text }[];
  /** Empty when its runs have no table. */
  readonly columns: readonly Column[];
  readonly reference: Reference | null;
}

export type RunStatus = 'queued' | 'running' | 'done';

export interface Check {
  readonly name: string;
  readonly held: boolean;
  readonly expected: string;
  readonly actual: string;
}

export interface Wait {
  readonly task: string;
  readonly object: string;
  readonly holder: string;
}

export interface Run {
  readonly id: string;
  readonly scenario: string;
  readonly params: Readonly<Record<string, ParamValue>>;
  /** Whether this browser's session started it. */
  readonly mine: boolean;
  readonly status: RunStatus;
  readonly queuePosition: number | null;
  readonly ended: string | null;
  readonly exit: { readonly code: number | null; readonly signal: number | null } | null;
  readonly outcome: {
    readonly text: string;
    readonly class: OutcomeClass | null;
    /** Index of the scenario's declared outcome that it is, or null. */
    readonly rule: number | null;
  } | null;
  readonly checks: readonly Check[];
  readonly metrics: Readonly<Record<string, number>>;
  readonly waitsFor: readonly Wait[];
  readonly table: readonly (readonly Cell[])[];
  readonly isolation: { readonly tier: string; readonly layers: readonly string[] } | null;
  readonly createdAt: string;
}

export interface Segment {
  readonly task: number | null;
  readonly t: number;
  readonly text: string;
}

export interface FieldError {
  readonly pointer: string;
  readonly detail: string;
}
