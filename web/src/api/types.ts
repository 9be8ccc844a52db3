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

/** Who decides which task runs next: the kernel (free), or a strategy, one task at a time. */
export type ScheduleMode = 'free' | 'random' | 'pct' | 'round-robin' | 'replay';
/** What a sleep is worth under a strategy: as much as it says, or nothing. */
export type Timing = 'virtual' | 'ignored';

/** A schedule to ask for; what a mode does not take is absent. */
export interface ScheduleRequest {
  readonly mode: ScheduleMode;
  readonly seed?: number;
  readonly depth?: number;
  readonly timing?: Timing;
  readonly token?: string;
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
  readonly schedules: readonly ScheduleMode[];
  readonly explorable: boolean;
  /** Why it has only the free schedule, if it does. */
  readonly freeOnly: Text | null;
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

/** Why a token could not be followed: a code with the figures that go with it. */
export interface Reason {
  readonly code: string;
  readonly figures: Readonly<Record<string, number>>;
}

/** The schedule a run ran under. What does not apply to its mode, or is not known yet, is null. */
export interface RunSchedule {
  readonly mode: ScheduleMode;
  readonly seed: number | null;
  readonly depth: number | null;
  readonly timing: Timing | null;
  /** Repeats the run; null when it is free or would be too long. */
  readonly token: string | null;
  /** Operations executed. */
  readonly steps: number | null;
  readonly preemptions: number | null;
  /** Why the token could not be followed, in English. */
  readonly problem: string | null;
  readonly reason: Reason | null;
}

/** A task about to do something to an object. */
export interface Operation {
  readonly task: string;
  readonly taskId: number;
  readonly operation: string;
  readonly object: string | null;
}

/** An operation that could come next; the token takes it and stops after it. */
export interface Enabled extends Operation {
  readonly token: string;
}

/** Where a task stood when a controlled run ended or stopped, about to do something. */
export interface Position extends Operation {
  /** Of the program's source, from 1. */
  readonly line: number | null;
  /** It could go on; otherwise it waits. */
  readonly enabled: boolean;
}

/** One side of a race; its event is a place in the order of time, or null when it left none. */
export interface Access extends Operation {
  readonly event: number | null;
}

/** Two accesses that nothing orders, in the order of the run. */
export interface DataRace {
  readonly object: string;
  readonly first: Access;
  readonly second: Access;
}

export interface Run {
  readonly id: string;
  readonly scenario: string;
  readonly params: Readonly<Record<string, ParamValue>>;
  readonly schedule: RunSchedule;
  readonly enabled: readonly Enabled[];
  /** Of every task that had not ended. */
  readonly positions: readonly Position[];
  readonly races: readonly DataRace[];
  /** Why nobody can go on, in a sentence. */
  readonly explanation: Text | null;
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
  /** Where it belongs in a workshop, if it does. */
  readonly workshop: Seat | null;
  readonly createdAt: string;
}

/** Somebody's place at a step of a workshop; steps count from 0. */
export interface Seat {
  readonly id: string;
  readonly step: number;
  readonly name: string;
}

/** A setup that may leave open what it likes, with what the class is told of it. */
export interface WorkshopStep {
  readonly scenario: string;
  readonly params: Readonly<Record<string, ParamValue>>;
  /** Null: as the scenario has it. */
  readonly schedule: RunSchedule | null;
  readonly note: string;
  /** As the server has it: a step that was run has to be sent back so. */
  readonly raw: Readonly<Record<string, unknown>>;
}

export interface Workshop {
  readonly id: string;
  readonly title: string;
  /** It takes no runs. */
  readonly closed: boolean;
  /** The request had the instructor's key. */
  readonly mayChange: boolean;
  /** Told once, to who makes it. */
  readonly key: string | null;
  readonly steps: readonly WorkshopStep[];
  readonly createdAt: string;
}

/** What to make or change a workshop with. */
export interface WorkshopRequest {
  readonly title?: string;
  readonly steps?: readonly Readonly<Record<string, unknown>>[];
  readonly closed?: boolean;
}

/** One way in which runs of a step ended. */
export interface SeenOutcome {
  /** Null when the run came to none. */
  readonly text: string | null;
  readonly class: OutcomeClass | null;
  /** Null for all that found no room in the list. */
  readonly ended: string | null;
  readonly rule: number | null;
}

export interface BoardOutcome extends SeenOutcome {
  readonly runs: number;
  readonly participants: number;
}

export interface BoardStep {
  readonly step: number;
  readonly participants: number;
  readonly runs: number;
  readonly done: number;
  readonly outcomes: readonly BoardOutcome[];
}

/** What somebody did at a step. */
export interface BoardCell {
  readonly step: number;
  readonly runs: number;
  /** The last one. */
  readonly run: string;
  readonly going: boolean;
  readonly outcome: SeenOutcome | null;
  /** The outcomes of all runs, as places in the step's list. */
  readonly saw: readonly number[];
}

export interface Participant {
  readonly name: string;
  /** Of the last run. */
  readonly step: number;
  readonly cells: readonly BoardCell[];
}

/** The whole board, or as a change of it the parts that are different. */
export interface Board {
  readonly closed: boolean;
  readonly steps: readonly BoardStep[];
  readonly participants: readonly Participant[];
}

export type ExperimentKind = 'repeat' | 'explore' | 'shrink';

/** One way the executions of an experiment ended. */
export interface FoundOutcome {
  readonly text: string;
  readonly class: OutcomeClass | null;
  /** Index of the scenario's declared outcome that it is, or null. */
  readonly rule: number | null;
  readonly ended: string;
  readonly count: number;
  readonly share: number;
  /** Those of the schedule that the token is; null when nobody counted. */
  readonly preemptions: number | null;
  /** Number of the first execution that ended so, from 1. */
  readonly first: number | null;
  /** A stored run that ended so. */
  readonly run: string | null;
  /** A schedule that ends so. */
  readonly token: string | null;
}

/** Many executions of one setup: free runs, every schedule one after the other, or ever shorter ways. */
export interface Experiment {
  readonly id: string;
  readonly kind: ExperimentKind;
  readonly scenario: string;
  /** Whether this browser's session started it. */
  readonly mine: boolean;
  readonly params: Readonly<Record<string, ParamValue>>;
  readonly count: number | null;
  readonly maxPreemptions: number | null;
  readonly maxSchedules: number | null;
  readonly maxSeconds: number | null;
  readonly timing: Timing | null;
  /** Of shrinking: the way that was given. */
  readonly token: string | null;
  /** How many preemptions it has; null until it was followed. */
  readonly givenPreemptions: number | null;
  /** An experiment of the other kind with the same setup. */
  readonly beside: string | null;
  readonly status: RunStatus;
  readonly queuePosition: number | null;
  readonly ended: string | null;
  readonly done: number;
  readonly total: number | null;
  /** Every schedule within the bounds was covered. */
  readonly complete: boolean;
  readonly schedules: number;
  readonly blocked: number;
  readonly cut: number;
  /** Executions whose outcome found no room in the table. */
  readonly others: number;
  readonly wallNs: number | null;
  readonly outcomes: readonly FoundOutcome[];
  readonly createdAt: string;
}

export type ExperimentRequest =
  | { readonly kind: 'repeat'; readonly count: number; readonly beside?: string }
  | {
    readonly kind: 'explore';
    readonly max_preemptions: number | null;
    readonly max_seconds?: number;
    readonly timing?: Timing;
    readonly beside?: string;
  }
  | { readonly kind: 'shrink'; readonly token: string };

export interface Segment {
  readonly task: number | null;
  readonly t: number;
  readonly text: string;
}

export interface FieldError {
  readonly pointer: string;
  readonly code: string;
  readonly detail: string;
  /** Of a number that is out of range. */
  readonly minimum: number | null;
  readonly maximum: number | null;
}
