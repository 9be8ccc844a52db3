// The form of one step's setup: parameters and schedule, as on a scenario's own page.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { Scenario } from '../api/types';
import type { StepRefusals } from '../store/draft';
import { scheduleFromQuery, type ScheduleTexts } from '../store/schedule';
import { fromQuery, type Texts } from '../store/setup';
import { Form } from './Form';
import { SchedulePicker } from './SchedulePicker';

/** Left open, it is not another one for every run, as it is elsewhere. */
const SEED_HELP = 'workshop.seed.help';

interface StepFieldsProps {
  readonly scenario: Scenario;
  /** What stands in the form at first. */
  readonly query: string;
  /** A parameter that is not asked for. */
  readonly without: string | null;
  readonly refused: Pick<StepRefusals, 'params' | 'schedule'>;
  readonly change: (texts: Texts, schedule: ScheduleTexts) => void;
}

export function StepFields({ scenario, query, without, refused, change }: StepFieldsProps): JSX.Element {
  const texts = useSignal<Texts>(fromQuery(scenario.params, query));
  const schedule = useSignal<ScheduleTexts>(scheduleFromQuery(query));
  const set = (next: Texts, when: ScheduleTexts): void => {
    texts.value = next;
    schedule.value = when;
    change(next, when);
  };
  return (
    <>
      <Form
        params={scenario.params.filter((param) => param.name !== without)}
        texts={texts.value}
        refused={refused.params}
        change={(name, text) => set({ ...texts.value, [name]: text }, schedule.value)}
      />
      <SchedulePicker
        scenario={scenario}
        texts={schedule.value}
        refused={refused.schedule}
        change={(when) => set(texts.value, when)}
        seedHelp={SEED_HELP}
      />
    </>
  );
}
