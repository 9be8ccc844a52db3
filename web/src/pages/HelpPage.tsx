// How the pages are read and used: what one sees, what one can do, every key.
import type { JSX } from 'preact';
import { GUIDE, type GuideKey } from '../messages/guide';
import { useApp } from '../store/app';
import { STATE, type State } from '../trace/states';
import { Swatch, stateName } from '../timeline/Legend';
import { KeyList } from '../ui/KeyList';
import { useTitle } from '../ui/Shell';
import { Prose } from '../ui/controls';

const STATES: readonly (readonly [State, GuideKey])[] = [
  [STATE.RUNNING, 'guide.running'],
  [STATE.READY, 'guide.ready'],
  [STATE.WAITING, 'guide.waiting'],
  [STATE.IO, 'guide.io'],
  [STATE.HOLDING, 'guide.holding'],
  [STATE.ASLEEP, 'guide.asleep'],
  [STATE.DONE, 'guide.done'],
  [STATE.ERROR, 'guide.error'],
];

const PARTS: readonly (readonly [GuideKey, GuideKey])[] = [
  ['guide.lanes.title', 'guide.lanes'],
  ['guide.arrows.title', 'guide.arrows'],
  ['guide.objects.title', 'guide.objects'],
  ['guide.replay.title', 'guide.replay'],
  ['guide.outcomes.title', 'guide.outcomes'],
  ['guide.schedules.title', 'guide.schedules'],
  ['guide.explore.title', 'guide.explore'],
  ['guide.links.title', 'guide.links'],
  ['guide.workshops.title', 'guide.workshops'],
  ['guide.api.title', 'guide.api'],
];

export function HelpPage(): JSX.Element {
  const app = useApp();
  const texts = GUIDE[app.language.value];
  useTitle(app.t('guide.title'));
  return (
    <div class="page narrow guide">
      <h1>{app.t('guide.title')}</h1>
      {PARTS.map(([title, text]) => (
        <section key={title}>
          <h2>{texts[title]}</h2>
          <p>
            <Prose text={texts[text]} />
            {text === 'guide.api' && <> <a href="/openapi.json">/openapi.json</a></>}
          </p>
          {title === 'guide.lanes.title' && (
            <dl class="guide-states">
              {STATES.map(([state, meaning]) => (
                <div key={state}><dt><Swatch state={state} /> {stateName(app, state)}</dt><dd>{texts[meaning]}</dd></div>
              ))}
            </dl>
          )}
        </section>
      ))}
      <h2>{app.t('help.title')}</h2>
      <div class="help-keys"><KeyList /></div>
    </div>
  );
}
