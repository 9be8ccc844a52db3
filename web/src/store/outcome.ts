// Which of a scenario's declared outcomes a run is.
import type { OutcomeRule, ParamValue, Run } from '../api/types';
import { textOf } from './setup';

/** Whether `text` looks like `pattern`, where * stands for anything. */
export function fits(pattern: string, text: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^]*')}$`).test(text);
}

/** Whether "name=value" or "name!=value", several joined by &, is true of the parameters. */
export function applies(when: string, params: Readonly<Record<string, ParamValue>>): boolean {
  return when === '' || when.split('&').every((condition) => {
    const [, name, not, value] = /^(.*?)(!?)=(.*)$/.exec(condition) ?? [];
    if (name === undefined || params[name] === undefined) return false;
    return (textOf(params[name]) === value) === (not === '');
  });
}

export function ruleOf(rules: readonly OutcomeRule[], run: Run): OutcomeRule | null {
  const { outcome, ended } = run;
  if (outcome !== null && outcome.rule !== null) return rules[outcome.rule] ?? null;
  const found = rules.find((rule) => {
    if (!applies(rule.when, run.params)) return false;
    if (rule.ended !== '' && rule.ended !== 'completed') return rule.ended === ended;
    return outcome !== null && ended === 'completed' && fits(rule.pattern, outcome.text);
  });
  return found ?? null;
}
