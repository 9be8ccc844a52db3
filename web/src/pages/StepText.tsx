// A step of a workshop in words: its setup, and what the class is told of it.
import type { JSX } from 'preact';
import type { Scenario } from '../api/types';
import { useApp, type App } from '../store/app';
import { isMode, scheduleFromQuery } from '../store/schedule';
import { fromQuery, textOf, valueText } from '../store/setup';
import { scheduleText } from './schedules';

/** What is not as declared: "Threads 3, Random, seed 42". */
export function setupText(app: App, scenario: Scenario, query: string): string {
  const texts = fromQuery(scenario.params, query);
  const said = scenario.params.filter((param) => texts[param.name] !== textOf(param.fallback))
    .map((param) => app.t('workshop.value', { name: app.say(param.title), value: valueText(app, param, texts[param.name]) }));
  const { mode, seed, depth } = scheduleFromQuery(query);
  const when = isMode(mode) && mode !== 'free'
    ? [scheduleText(app, { mode, seed: seed === '' ? null : Number(seed), depth: Number(depth) })] : [];
  return [...said, ...when].join(app.language.value === 'zh-CN' ? '；' : '; ');
}

/** A note as it was written, its lines kept. */
export function Note({ text }: { readonly text: string }): JSX.Element | null {
  return text.trim() === '' ? null : <p class="note">{text}</p>;
}

export function StepText({ scenario, query, note }: {
  readonly scenario: Scenario;
  readonly query: string;
  readonly note: string;
}): JSX.Element {
  const app = useApp();
  const setup = setupText(app, scenario, query);
  return (
    <>
      {setup !== '' && <p class="small muted">{setup}</p>}
      <Note text={note} />
    </>
  );
}
