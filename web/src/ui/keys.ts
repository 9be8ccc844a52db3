// The keys there are, for those who look them up.
import type { MessageKey } from '../messages';

export interface KeyGroup {
  readonly title: MessageKey;
  readonly intro: MessageKey;
  /** What is pressed, and what it does. */
  readonly keys: readonly (readonly [readonly string[], MessageKey])[];
}

export const KEYS: readonly KeyGroup[] = [
  {
    title: 'timeline.title',
    intro: 'help.intro',
    keys: [
      [['←', '→'], 'help.slices'],
      [['↑', '↓'], 'help.lanes'],
      [[',', '.'], 'help.events'],
      [['<', '>'], 'help.anyEvents'],
      [['[', ']'], 'help.causes'],
      [['W', 'S'], 'help.zoom'],
      [['A', 'D'], 'help.pan'],
      [['F'], 'help.fit'],
      [['0'], 'help.all'],
      [['Z', 'Shift Z'], 'help.undo'],
      [['M', 'Shift M'], 'help.mark'],
      [['N', 'Shift N'], 'help.found'],
      [['P'], 'help.pin'],
      [['O'], 'help.ordered'],
      [['Esc'], 'help.escape'],
      [['?'], 'help.help'],
    ],
  },
  {
    title: 'step.title',
    intro: 'help.stepIntro',
    keys: [
      [['←', '→'], 'help.step'],
      [['1', '…', '9'], 'help.choose'],
      [['Home', 'End'], 'help.ends'],
    ],
  },
];
