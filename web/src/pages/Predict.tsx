// Guess first: which of the declared outcomes will it be? Then what each of them means.
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { OutcomeClass, OutcomeRule, Scenario } from '../api/types';
import { useApp, type App } from '../store/app';
import { applies } from '../store/outcome';
import { reveal, type Prediction } from '../store/prediction';
import { valueText, type Texts } from '../store/setup';
import { Prose } from '../ui/controls';
import { ClassBadge } from './badges';

/** "name=value&name!=value" in the words of the form. */
function conditionText(app: App, scenario: Scenario, when: string): string {
  const parts = when.split('&').map((condition) => {
    const [, name = '', not, value = ''] = /^(.*?)(!?)=(.*)$/.exec(condition) ?? [];
    const param = scenario.params.find((p) => p.name === name);
    const title = param === undefined ? name : app.say(param.title);
    return `${title} ${not === '' ? '=' : '≠'} ${valueText(app, param, value)}`;
  });
  return parts.join(app.language.value === 'zh-CN' ? '，' : ', ');
}

/** What the outcome looks like, without saying what it means. */
export function OutcomeLook({ rule }: { readonly rule: OutcomeRule }): JSX.Element {
  const app = useApp();
  return rule.ended === '' || rule.ended === 'completed'
    ? <code>{rule.pattern.replaceAll('*', '…')}</code> : <strong>{app.word('ended', rule.ended)}</strong>;
}

const CLASSES: readonly OutcomeClass[] = ['acceptable', 'interesting', 'forbidden'];

function Meanings({ scenario }: { readonly scenario: Scenario }): JSX.Element {
  const app = useApp();
  const sorted = [...scenario.outcomes].sort((a, b) => CLASSES.indexOf(a.class) - CLASSES.indexOf(b.class));
  return (
    <ul class="outcomes">
      {sorted.map((rule, i) => (
        <li key={i}>
          <div class="outcome-what"><OutcomeLook rule={rule} /><ClassBadge of={rule.class} /></div>
          <p>
            <Prose text={app.say(rule.meaning)} />
            {rule.when !== '' && <span class="when">{conditionText(app, scenario, rule.when)}</span>}
          </p>
        </li>
      ))}
    </ul>
  );
}

interface GuessProps {
  readonly scenario: Scenario;
  readonly texts: Texts;
  readonly prediction: Prediction;
}

/** Those that may come out of this setup; of several that look alike the first. */
function Guess({ scenario, texts, prediction, show }: GuessProps & { readonly show: () => void }): JSX.Element {
  const app = useApp();
  const looks = new Set<string>();
  const possible = scenario.outcomes.map((rule, i) => ({ rule, i })).filter(({ rule }) => {
    const look = `${rule.ended} ${rule.pattern}`;
    if (!applies(rule.when, texts) || looks.has(look)) return false;
    looks.add(look);
    return true;
  });
  return (
    <fieldset class="guess">
      <legend>{app.t('predict.question')}</legend>
      {possible.map(({ rule, i }) => (
        <label key={i}>
          <input type="radio" name="prediction" checked={prediction.rule.value === i}
            onChange={() => { prediction.rule.value = i; }} />
          <OutcomeLook rule={rule} />
        </label>
      ))}
      <p class="muted small" role="status">{prediction.rule.value !== null && app.t('predict.now')}</p>
      <button type="button" class="small-button" onClick={show}>
        {app.t('predict.reveal')}
      </button>
    </fieldset>
  );
}

export function Predict(props: GuessProps): JSX.Element | null {
  const app = useApp();
  const { scenario, prediction } = props;
  const heading = useRef<HTMLHeadingElement>(null);
  const show = (): void => {
    heading.current?.focus({ preventScroll: true });
    reveal(scenario.id, prediction);
  };
  const lesson = (
    <section class="lesson">
      <h2>{app.t('scenario.lesson')}</h2>
      <p><Prose text={app.say(scenario.lesson)} /></p>
    </section>
  );
  if (scenario.outcomes.length === 0) return lesson;
  return (
    <>
      <section>
        <h2 ref={heading} tabIndex={-1}>{app.t('scenario.outcomes')}</h2>
        {prediction.revealed.value ? <Meanings scenario={scenario} /> : <Guess {...props} show={show} />}
      </section>
      {prediction.revealed.value && lesson}
    </>
  );
}
