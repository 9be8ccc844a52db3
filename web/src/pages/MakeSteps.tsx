// The steps of a draft: one is open at a time. They are moved by buttons.
import { useSignal, type Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useLayoutEffect } from 'preact/hooks';
import { listScenarios } from '../api/client';
import type { Scenario, ScenarioSummary } from '../api/types';
import { useApp } from '../store/app';
import {
  NOT_REFUSED, NOTE_MOST, STEPS_MOST, addStep, changeStep, isWrong, moveStep, noteProblem, removeStep,
  type Draft, type DraftRefusals, type DraftStep, type Scenarios, type StepRefusals,
} from '../store/draft';
import { scenarioPath } from '../store/route';
import { joinQuery, scheduleToQuery } from '../store/schedule';
import { toQuery } from '../store/setup';
import { IconButton } from '../ui/controls';
import { useLoaded } from '../ui/useLoaded';
import { StepFields } from './StepFields';
import { StepText, setupText } from './StepText';
import { search } from './search';

const FOUND_MOST = 8;

interface NoteProps {
  readonly step: DraftStep;
  readonly refused: StepRefusals;
  readonly change: (note: string) => void;
}

function NoteField({ step, refused, change }: NoteProps): JSX.Element {
  const app = useApp();
  const problem = noteProblem(step.note) ?? refused.note;
  return (
    <div class="field">
      <label class="field-title" for="step-note">{app.t('make.note')}</label>
      <textarea
        id="step-note"
        rows={4}
        value={step.note}
        aria-invalid={problem !== null}
        aria-describedby={`step-note-help${problem === null ? '' : ' step-note-error'}`}
        onInput={(event) => change(event.currentTarget.value)}
      />
      {problem !== null && <p id="step-note-error" class="field-error">{app.t(problem.key, problem.args)}</p>}
      <p id="step-note-help" class="field-help">{app.t('make.noteHelp', { most: NOTE_MOST })}</p>
    </div>
  );
}

interface StepProps {
  readonly step: DraftStep;
  readonly at: number;
  readonly count: number;
  /** The first place it may be moved to. */
  readonly first: number;
  readonly locked: boolean;
  readonly scenario: Scenario | undefined;
  readonly open: boolean;
  readonly wrong: boolean;
  readonly refused: StepRefusals;
  readonly toggle: () => void;
  readonly change: (patch: Partial<Pick<DraftStep, 'query' | 'note'>>) => void;
  readonly move: (by: -1 | 1) => void;
  readonly remove: () => void;
}

function Inside({ step, scenario, locked, refused, change }: StepProps): JSX.Element {
  const app = useApp();
  if (scenario === undefined) return <p class="field-error">{app.t('missing.scenario', { id: step.scenario })}</p>;
  return (
    <>
      {locked
        ? <p class="field-help">{[app.t('make.locked'), setupText(app, scenario, step.query)].join(app.space())}</p>
        : (
          <StepFields
            scenario={scenario}
            query={step.query}
            without={null}
            refused={refused}
            change={(texts, schedule) => change({
              query: joinQuery(toQuery(scenario.params, texts), scheduleToQuery(schedule)),
            })}
          />
        )}
      {refused.other !== null && <p class="field-error">{app.t(refused.other.key, refused.other.args)}</p>}
      <NoteField step={step} refused={refused} change={(note) => change({ note })} />
      <p class="small"><a href={scenarioPath(step.scenario, step.query)} target="_blank" rel="noopener">{app.t('make.look')}</a></p>
    </>
  );
}

function Step(props: StepProps): JSX.Element {
  const app = useApp();
  const { step, at, count, first, locked, scenario, open, wrong, toggle, move, remove } = props;
  const title = scenario === undefined ? step.scenario : app.say(scenario.title);
  const args = { step: at + 1, title };
  return (
    <li class={`panel make-step ${wrong ? 'wrong' : ''}`}>
      <div class="make-step-head">
        <h3>
          <button type="button" id={`step-${step.key}`} class="make-step-title" aria-expanded={open} onClick={toggle}>
            <span class="step-number">{at + 1}</span> {title}
          </button>
        </h3>
        {!locked && (
          <div class="tools">
            <IconButton id={`up-${step.key}`} icon="up" label={app.t('make.up', args)} disabled={at <= first} onClick={() => move(-1)} />
            <IconButton id={`down-${step.key}`} icon="down" label={app.t('make.down', args)} disabled={at === count - 1} onClick={() => move(1)} />
            <IconButton icon="close" label={app.t('make.remove', args)} onClick={remove} />
          </div>
        )}
      </div>
      {!open && scenario !== undefined && <StepText scenario={scenario} query={step.query} note={step.note} />}
      {open && <div class="make-step-body"><Inside {...props} /></div>}
      {wrong && !open && <p class="field-error">{app.t('make.error.step')}</p>}
    </li>
  );
}

/** The catalogue, to choose from. */
function Add({ error, add }: {
  readonly error: string | null;
  readonly add: (scenario: ScenarioSummary) => void;
}): JSX.Element {
  const app = useApp();
  const query = useSignal('');
  const { value } = useLoaded('scenarios', listScenarios);
  const found = search(value.value ?? [], query.value, (name) => app.word('family', name));
  return (
    <div class="panel add-step">
      <div class="field">
        <label class="field-title" for="add-step">{app.t('make.add')}</label>
        <input
          id="add-step"
          type="search"
          placeholder={`${app.t('gallery.search')}: ${app.t('gallery.searchHint')}`}
          value={query.value}
          aria-invalid={error !== null}
          aria-describedby={error === null ? 'add-step-found' : 'add-step-found add-step-error'}
          onInput={(event) => { query.value = event.currentTarget.value; }}
          onKeyDown={(event) => { if (event.key === 'Enter') event.preventDefault(); }}
        />
        {error !== null && <p id="add-step-error" class="field-error">{error}</p>}
        <p id="add-step-found" class="muted small" role="status">{app.t('gallery.found', { count: found.length })}</p>
      </div>
      <ul class="plain add-list">
        {found.slice(0, FOUND_MOST).map((scenario) => (
          <li key={scenario.id}>
            <button type="button" class="choice-button add-button" onClick={() => add(scenario)}>
              <strong>{app.say(scenario.title)}</strong>
              <span class="small muted">{app.word('family', scenario.family)}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

interface StepsProps {
  readonly draft: Draft;
  readonly used: number;
  readonly scenarios: Scenarios;
  /** The key of the open one. */
  readonly open: Signal<number | null>;
  readonly tried: boolean;
  readonly refused: DraftRefusals;
  readonly error: string | null;
  readonly set: (draft: Draft) => void;
}

export function Steps({ draft, used, scenarios, open, tried, refused, error, set }: StepsProps): JSX.Element {
  const app = useApp();
  const said = useSignal('');
  const focused = useSignal<readonly string[]>([]);
  // What was moved is another place of the page: the focus goes with it, to what can be pressed there.
  useLayoutEffect(() => {
    const at = focused.value.map((id) => document.getElementById(id)).find((one) => one !== null && !one.matches(':disabled'));
    at?.focus();
  }, [focused.value]);
  const { steps } = draft;
  const nameOf = (id: string): string => (scenarios[id] === undefined ? id : app.say(scenarios[id].title));
  const move = (step: DraftStep, by: -1 | 1): void => {
    set(moveStep(draft, step.key, by));
    said.value = app.t('make.moved', { title: nameOf(step.scenario), step: steps.indexOf(step) + by + 1, count: steps.length });
    focused.value = by < 0 ? [`up-${step.key}`, `down-${step.key}`] : [`down-${step.key}`, `up-${step.key}`];
  };
  const remove = (step: DraftStep): void => {
    const at = steps.indexOf(step);
    set(removeStep(draft, step.key));
    said.value = app.t('make.removed', { title: nameOf(step.scenario) });
    focused.value = [steps[at + 1] ?? steps[at - 1]].flatMap((one) => (one === undefined ? [] : [`step-${one.key}`])).concat('add-step');
  };
  const add = (scenario: ScenarioSummary): void => {
    set(addStep(draft, scenario.id, ''));
    said.value = app.t('make.added', { title: app.say(scenario.title), step: steps.length + 1 });
  };
  return (
    <section class="make-steps" aria-labelledby="make-steps">
      <h2 id="make-steps">{app.t('make.steps')}</h2>
      <ol class="plain">
        {steps.map((step, i) => {
          const of = refused.each[i] ?? NOT_REFUSED;
          return (
            <Step
              key={step.key}
              step={step}
              at={i}
              count={steps.length}
              first={used}
              locked={i < used}
              scenario={scenarios[step.scenario]}
              open={open.value === step.key}
              wrong={refused.each[i] !== undefined || (tried && isWrong(step, scenarios[step.scenario]))}
              refused={of}
              toggle={() => { open.value = open.value === step.key ? null : step.key; }}
              change={(patch) => set(changeStep(draft, step.key, patch))}
              move={(by) => move(step, by)}
              remove={() => remove(step)}
            />
          );
        })}
      </ol>
      <p class="visually-hidden" role="status">{said.value}</p>
      {steps.length < STEPS_MOST && <Add error={error} add={add} />}
    </section>
  );
}
