// Numbers with their units.
import { numberFormat } from './message';

const UNITS = [
  { from: 1e9, by: 1e9, name: 's' },
  { from: 1e6, by: 1e6, name: 'ms' },
  { from: 1e3, by: 1e3, name: 'µs' },
  { from: 0, by: 1, name: 'ns' },
] as const;

/** A duration in the unit that suits it: 1.25 ms. */
export function formatNs(time: number, language: string, digits = 3): string {
  // What rounds to a thousand of one unit is one of the next: 999.95 µs is 1 ms.
  const rounded = Number(Math.abs(time).toPrecision(digits));
  const unit = UNITS.find((u) => rounded >= u.from) ?? UNITS[UNITS.length - 1];
  const number = numberFormat(language, { maximumSignificantDigits: digits });
  return `${number.format(time / unit.by)} ${unit.name}`;
}

/** A share of executions in percent: one that is not the whole is never 100 %. */
export function formatShare(share: number, language: string): string {
  const percent = new Intl.NumberFormat(language, { style: 'percent', maximumSignificantDigits: 3 });
  return share < 1 && share > 0.999 ? `>${percent.format(0.999)}` : percent.format(share);
}

/** A time on a ruler with this step: as many decimals as the step needs. */
export function formatTick(time: number, step: number, language: string): string {
  if (time === 0) return '0';
  const unit = UNITS.find((u) => time >= u.from) ?? UNITS[UNITS.length - 1];
  const decimals = Math.max(0, Math.min(6, Math.ceil(-Math.log10(step / unit.by) - 1e-9)));
  const number = numberFormat(language, {
    minimumFractionDigits: decimals, maximumFractionDigits: decimals,
  });
  return `${number.format(time / unit.by)} ${unit.name}`;
}

/** The number of an event on the ruler of events; between two there is none. */
export function formatEvents(number: number, language: string): string {
  return Number.isInteger(number) ? `#${numberFormat(language).format(number + 1)}` : '';
}

export function formatBytes(bytes: number, language: string): string {
  const [by, unit] = bytes >= 1e6 ? [1e6, 'MB'] : bytes >= 1e4 ? [1e3, 'kB'] : [1, 'B'];
  return `${numberFormat(language, { maximumSignificantDigits: 3 }).format(bytes / by)} ${unit}`;
}
