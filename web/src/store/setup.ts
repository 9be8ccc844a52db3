// A setup: the parameters of a scenario as texts in a form, in an address, and as values to send.
import type { Param, ParamValue } from '../api/types';
import type { App } from './app';
import { LIST_MOST, type FieldProblem } from './refusal';

export type Texts = Readonly<Record<string, string>>;

/** What is wrong with what the server was asked for, by the name of the field. */
export type Refusals = Readonly<Record<string, FieldProblem>>;

export const textOf = (value: ParamValue): string =>
  (typeof value === 'object' ? value.join(',') : String(value));

/** A value in the words of the form. */
export function valueText(app: App, param: Param | undefined, text: string): string {
  const choice = param?.choices.find((c) => c.value === text);
  if (choice !== undefined) return app.say(choice.title);
  if (param?.type === 'boolean') return app.t(text === 'true' ? 'form.on' : 'form.off');
  return text;
}

export function defaults(params: readonly Param[]): Texts {
  return Object.fromEntries(params.map((param) => [param.name, textOf(param.fallback)]));
}

const INTEGER = /^[+-]?\d+$/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function inRange(param: Param, value: number): FieldProblem | null {
  const { minimum, maximum } = param;
  if ((minimum === null || value >= minimum) && (maximum === null || value <= maximum)) return null;
  return { key: 'form.error.range', args: { minimum: minimum ?? '−∞', maximum: maximum ?? '∞' } };
}

function checkList(param: Param, text: string): FieldProblem | null {
  const parts = text.split(',').map((part) => part.trim());
  if (!parts.every((part) => INTEGER.test(part))) return { key: 'form.error.list' };
  if (parts.length > LIST_MOST) return { key: 'form.error.many', args: { most: LIST_MOST } };
  return parts.map((part) => inRange(param, Number(part))).find((p) => p !== null) ?? null;
}

/** What is wrong with a text for this parameter, or null. */
export function checkText(param: Param, text: string): FieldProblem | null {
  const trimmed = text.trim();
  switch (param.type) {
    case 'integer':
      return INTEGER.test(trimmed) ? inRange(param, Number(trimmed)) : { key: 'form.error.integer' };
    case 'number':
      return NUMBER.test(trimmed) ? inRange(param, Number(trimmed)) : { key: 'form.error.number' };
    case 'boolean':
      return trimmed === 'true' || trimmed === 'false' ? null : { key: 'form.error.boolean' };
    case 'choice':
      return param.choices.some((c) => c.value === trimmed) ? null : { key: 'form.error.choice' };
    case 'integer-list':
      return checkList(param, trimmed);
  }
}

/** The value of a text that was checked. */
export function valueOf(param: Param, text: string): ParamValue {
  const trimmed = text.trim();
  switch (param.type) {
    case 'integer':
    case 'number':
      return Number(trimmed);
    case 'boolean':
      return trimmed === 'true';
    case 'choice':
      return trimmed;
    case 'integer-list':
      return trimmed.split(',').map(Number);
  }
}

export function valuesOf(params: readonly Param[], texts: Texts): Record<string, ParamValue> {
  return Object.fromEntries(params.map((p) => [p.name, valueOf(p, texts[p.name] ?? '')]));
}

/** The texts of an address; what it does not say is as declared. */
export function fromQuery(params: readonly Param[], query: string): Texts {
  const said = new URLSearchParams(query);
  return Object.fromEntries(params.map((p) => [p.name, said.get(p.name) ?? textOf(p.fallback)]));
}

/** The address of a setup: only what differs from the declared values. */
export function toQuery(params: readonly Param[], texts: Texts): string {
  const said = params.filter((p) => texts[p.name] !== textOf(p.fallback))
    .map((p): [string, string] => [p.name, texts[p.name] ?? '']);
  return new URLSearchParams(said).toString().replaceAll('%2C', ',');
}

export function queryOfValues(
  params: readonly Param[],
  values: Readonly<Record<string, ParamValue>>,
): string {
  const texts = params.map((p) => [p.name, textOf(values[p.name] ?? p.fallback)] as const);
  return toQuery(params, Object.fromEntries(texts));
}
