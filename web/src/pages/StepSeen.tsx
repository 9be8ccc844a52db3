// What a class saw at a step: in sentences, and as a histogram.
import type { JSX } from 'preact';
import type { BoardStep, OutcomeRule, Participant, Scenario, SeenOutcome, WorkshopStep } from '../api/types';
import { HistogramView, type Bin } from '../charts/HistogramView';
import { useApp, type App } from '../store/app';
import { byMeaning, ruleOfSeen, tally, type Group } from '../store/board';
import { naturalOrder } from '../store/experiment';
import { Prose } from '../ui/controls';
import { ClassBadge } from './badges';

/** An outcome as the reader knows it: its text, or the way it ended. */
export function seenName(app: App, { text, ended }: SeenOutcome): string {
  if (ended === null) return app.t('board.others');
  return ended === 'completed' && text !== null ? text : app.word('ended', ended);
}

/** The declared outcome that an outcome of this step is. */
export function ruleFor(step: WorkshopStep | undefined, scenario: Scenario | undefined): (seen: SeenOutcome) => OutcomeRule | null {
  if (scenario === undefined) return () => null;
  const declared = Object.fromEntries(scenario.params.map((param) => [param.name, param.fallback] as const));
  return (seen) => ruleOfSeen(scenario.outcomes, { ...declared, ...step?.params }, seen);
}

function Sentence({ group, total }: { readonly group: Group; readonly total: number }): JSX.Element {
  const app = useApp();
  const args = { seen: group.seen, total };
  return (
    <li class={group.class ?? ''}>
      {group.class !== null && <ClassBadge of={group.class} />}
      <span>
        {group.rule === null
          ? <>{app.t('board.sawOutcome', args)} <code>{seenName(app, group.outcome)}</code></>
          : <><strong>{app.t('board.saw', args)}</strong>{app.space()}<Prose text={app.say(group.rule.meaning)} /></>}
      </span>
    </li>
  );
}

interface StepSeenProps {
  readonly seen: BoardStep;
  readonly participants: readonly Participant[];
  readonly step: WorkshopStep | undefined;
  readonly scenario: Scenario | undefined;
}

export function StepSeen({ seen, participants, step, scenario }: StepSeenProps): JSX.Element {
  const app = useApp();
  const ruleOf = ruleFor(step, scenario);
  const meanings = tally(seen, participants, ruleOf, byMeaning(scenario?.outcomes ?? []));
  if (meanings.total === 0) return <p class="muted">{app.t('board.nobodyYet')}</p>;
  const named = tally(seen, participants, ruleOf, (outcome) => seenName(app, outcome));
  const bins = naturalOrder(named.groups.map((group) => ({
    group, outcome: { text: group.key, ended: group.outcome.ended ?? '' },
  }))).map(({ group }): Bin => ({
    name: group.key,
    completed: group.outcome.ended === 'completed',
    class: group.class,
    shares: [group.seen / named.total],
  }));
  const [most] = named.groups;
  return (
    <div class="step-seen">
      <ul class="plain sentences">
        {meanings.groups.map((group) => <Sentence key={group.key} group={group} total={meanings.total} />)}
      </ul>
      {bins.length > 1 && (
        <HistogramView
          bins={bins}
          label={app.t('board.histogram', { outcomes: bins.length, outcome: most.key, seen: most.seen, total: named.total })}
        />
      )}
    </div>
  );
}
