// Finding scenarios by what is written about them, in either language.
import type { ScenarioSummary } from '../api/types';

const FAMILIES: readonly string[] = [
  'processes', 'pools', 'pipes', 'memory', 'locks', 'threads', 'coroutines', 'performance',
];

/** The families that occur, in the order of the catalogue; unknown ones last. */
export function familiesOf(scenarios: readonly ScenarioSummary[]): string[] {
  const place = (name: string): number => {
    const known = FAMILIES.indexOf(name);
    return known < 0 ? FAMILIES.length : known;
  };
  const names = [...new Set(scenarios.map((scenario) => scenario.family))];
  return names.sort((a, b) => place(a) - place(b));
}

/** Scenarios that contain every word of the query; `familyName` is the family as the reader sees it. */
export function search(
  scenarios: readonly ScenarioSummary[],
  query: string,
  familyName: (family: string) => string,
): ScenarioSummary[] {
  const words = query.toLowerCase().split(/\s+/).filter((word) => word !== '');
  return scenarios.filter((s) => {
    const text = [s.id, s.family, familyName(s.family), s.title.en, s.title.zh, s.summary.en,
      s.summary.zh, s.lesson.en, s.lesson.zh].join('\n').toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** The ids most like a mistyped one, best first. */
export function nearest(ids: readonly string[], typed: string, most: number): string[] {
  const pairs = (word: string): Set<string> =>
    new Set(Array.from({ length: Math.max(0, word.length - 1) }, (_, i) => word.slice(i, i + 2)));
  const wanted = pairs(typed.toLowerCase());
  const score = (id: string): number => [...pairs(id)].filter((pair) => wanted.has(pair)).length;
  return [...ids].sort((a, b) => score(b) - score(a)).slice(0, most).filter((id) => score(id) > 0);
}
