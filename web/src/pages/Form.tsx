// The form of a scenario's parameters, made from their description.
import type { JSX } from 'preact';
import type { Param } from '../api/types';
import { useApp, type App } from '../store/app';
import type { FieldProblem } from '../store/refusal';
import { checkText, type Refusals, type Texts } from '../store/setup';
import { Prose } from '../ui/controls';

export interface FormProps {
  readonly params: readonly Param[];
  readonly texts: Texts;
  /** What the server said about a field, by name. */
  readonly refused: Refusals;
  readonly change: (name: string, text: string) => void;
}

interface FieldProps {
  readonly param: Param;
  readonly text: string;
  readonly error: string | null;
  readonly change: (text: string) => void;
}

const CHIPS_MOST = 4;
const SLIDER_MOST = 1000;

export const fieldId = (name: string): string => `field-${name}`;

/** What is wrong with a field, in the reader's language; what the server says if only it objects. */
function fieldError(app: App, param: Param, text: string, refused: FieldProblem | undefined): string | null {
  const problem = checkText(param, text) ?? refused;
  return problem === undefined ? null : app.t(problem.key, problem.args);
}

/** The bounds of a number, or of each number of a list; empty for other types. */
function range(app: App, param: Param): string {
  if (param.minimum === null || param.maximum === null) return '';
  const args = { minimum: param.minimum, maximum: param.maximum };
  if (param.type === 'integer-list') return app.t('form.list', args);
  return param.type === 'integer' || param.type === 'number' ? app.t('form.range', args) : '';
}

function describedBy(param: Param, error: string | null): string {
  const id = fieldId(param.name);
  return `${id}-range ${id}-help${error === null ? '' : ` ${id}-error`}`;
}

function Choices({ param, text, error, change }: FieldProps): JSX.Element {
  const app = useApp();
  const id = fieldId(param.name);
  if (param.choices.length > CHIPS_MOST) {
    return (
      <select id={id} value={text} aria-describedby={describedBy(param, error)}
        onChange={(event) => change(event.currentTarget.value)}>
        {param.choices.map((c) => <option key={c.value} value={c.value}>{app.say(c.title)}</option>)}
      </select>
    );
  }
  return (
    <div class="choices">
      {param.choices.map((c, i) => (
        <label key={c.value} class={`choice ${c.value === text ? 'chosen' : ''}`}>
          <input
            type="radio"
            id={i === 0 ? id : undefined}
            name={param.name}
            value={c.value}
            checked={c.value === text}
            onChange={() => change(c.value)}
          />
          {app.say(c.title)}
        </label>
      ))}
    </div>
  );
}

function NumberInput({ param, text, error, change }: FieldProps): JSX.Element {
  const id = fieldId(param.name);
  const { minimum, maximum } = param;
  const slider = minimum !== null && maximum !== null
    && (param.type === 'number' || maximum - minimum <= SLIDER_MOST) && param.type !== 'integer-list';
  const step = param.type === 'integer' ? 1 : ((maximum ?? 1) - (minimum ?? 0)) / 100;
  return (
    <div class="number-input">
      <input
        id={id}
        type="text"
        inputMode={param.type === 'number' ? 'decimal' : param.type === 'integer' ? 'numeric' : 'text'}
        autocomplete="off"
        spellcheck={false}
        value={text}
        class={param.type === 'integer-list' ? 'wide' : ''}
        aria-invalid={error !== null}
        aria-describedby={describedBy(param, error)}
        onInput={(event) => change(event.currentTarget.value)}
      />
      {slider && (
        <input
          type="range"
          tabIndex={-1}
          aria-hidden="true"
          min={minimum}
          max={maximum}
          step={step}
          value={Number(text) || 0}
          onInput={(event) => change(event.currentTarget.value)}
        />
      )}
    </div>
  );
}

function Switch({ param, text, error, change }: FieldProps): JSX.Element {
  const app = useApp();
  return (
    <label class="switch">
      <input
        type="checkbox"
        id={fieldId(param.name)}
        aria-label={app.say(param.title)}
        aria-describedby={describedBy(param, error)}
        checked={text === 'true'}
        onChange={(event) => change(String(event.currentTarget.checked))}
      />
      {app.t('form.on')}
    </label>
  );
}

function Field(props: FieldProps): JSX.Element {
  const app = useApp();
  const { param, error } = props;
  const id = fieldId(param.name);
  const chips = param.type === 'choice' && param.choices.length <= CHIPS_MOST;
  const bounds = range(app, param);
  const inside = (
    <>
      {chips
        ? <legend>{app.say(param.title)}</legend>
        : (
          <div class="field-head">
            <label class="field-title" for={id}>{app.say(param.title)}</label>
            {bounds !== '' && <span id={`${id}-range`} class="field-help">{bounds}</span>}
          </div>
        )}
      {param.type === 'choice' && <Choices {...props} />}
      {param.type === 'boolean' && <Switch {...props} />}
      {param.type !== 'choice' && param.type !== 'boolean' && <NumberInput {...props} />}
      {error !== null && <p id={`${id}-error`} class="field-error">{error}</p>}
      <p id={`${id}-help`} class="field-help"><Prose text={app.say(param.help)} /></p>
    </>
  );
  return chips ? <fieldset class="field">{inside}</fieldset> : <div class="field">{inside}</div>;
}

export function Form({ params, texts, refused, change }: FormProps): JSX.Element {
  const app = useApp();
  const errorOf = (param: Param): string | null =>
    fieldError(app, param, texts[param.name] ?? '', refused[param.name]);
  const field = (param: Param): JSX.Element => (
    <Field
      key={param.name}
      param={param}
      text={texts[param.name] ?? ''}
      error={errorOf(param)}
      change={(text) => change(param.name, text)}
    />
  );
  const common = params.filter((param) => param.common);
  const open = common.some((param) => errorOf(param) !== null);
  return (
    <>
      {params.filter((param) => !param.common).map(field)}
      {common.length > 0 && (
        <details class="more" open={open || undefined}>
          <summary>{app.t('scenario.more')}</summary>
          {common.map(field)}
        </details>
      )}
    </>
  );
}
