// What colours look like, in numbers: contrast as WCAG 2 has it, difference as CIEDE2000, and what
// is left of them for those who have only two of the three kinds of cone.
import { readFileSync } from 'node:fs';

export type Tokens = Readonly<Record<string, string>>;

const css = readFileSync('src/colours.css', 'utf8');

/** The variables a rule of colours.css declares. */
export function tokensOf(selector: string): Tokens {
  const start = css.indexOf(`${selector} {`);
  if (start < 0) throw new Error(`no ${selector} in colours.css`);
  const body = css.slice(start + selector.length + 2, css.indexOf('}', start));
  return Object.fromEntries([...body.matchAll(/--([\w-]+):\s*([^;]+);/g)].map(([, name, value]) => [name, value.trim()]));
}

export const THEMES: Readonly<Record<'light' | 'dark', Tokens>> = {
  light: tokensOf(':root'),
  dark: tokensOf(':root[data-theme="dark"]'),
};

export type Rgb = readonly [number, number, number];

/** "#rrggbb" as light of three kinds, each 0 to 1. */
export function linear(hex: string): Rgb {
  if (!/^#[0-9a-f]{6}$/i.test(hex)) throw new Error(`${hex} is no colour`);
  const part = (at: number): number => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [part(1), part(3), part(5)];
}

const luminance = ([r, g, b]: Rgb): number => 0.2126 * r + 0.7152 * g + 0.0722 * b;

/** 1 to 21. */
export function contrast(one: string, other: string): number {
  const [a, b] = [luminance(linear(one)), luminance(linear(other))];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

export type Sight = 'normal' | 'protan' | 'deutan' | 'tritan';

/** Machado, Oliveira and Fernandes 2009, table 1, severity 1. */
const SEEN: Readonly<Record<Sight, readonly [Rgb, Rgb, Rgb]>> = {
  normal: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protan: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deutan: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
  tritan: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
};

const within = (x: number): number => Math.min(Math.max(x, 0), 1);
const times = (rows: readonly [Rgb, Rgb, Rgb], v: Rgb): Rgb =>
  rows.map((row) => row[0] * v[0] + row[1] * v[1] + row[2] * v[2]) as unknown as Rgb;

const TO_XYZ: readonly [Rgb, Rgb, Rgb] = [
  [0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041],
];
/** Under D65. */
const WHITE: Rgb = [0.95047, 1, 1.08883];

export type Lab = readonly [number, number, number];

/** CIELAB of a colour as somebody sees it. */
export function lab(hex: string, sight: Sight = 'normal'): Lab {
  const seen = times(SEEN[sight], linear(hex)).map(within) as unknown as Rgb;
  const [x, y, z] = times(TO_XYZ, seen).map((value, i) => {
    const share = value / WHITE[i];
    return share > 216 / 24389 ? Math.cbrt(share) : (24389 / 27 * share + 16) / 116;
  });
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const degrees = (radians: number): number => ((radians * 180) / Math.PI + 360) % 360;
const sin = (angle: number): number => Math.sin((angle * Math.PI) / 180);
const cos = (angle: number): number => Math.cos((angle * Math.PI) / 180);
const root7 = (c: number): number => Math.sqrt(c ** 7 / (c ** 7 + 25 ** 7));

/** CIEDE2000, after Sharma, Wu and Dalal 2005. */
export function difference([l1, a1, b1]: Lab, [l2, a2, b2]: Lab): number {
  const g = 0.5 * (1 - root7((Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2));
  const [x1, x2] = [a1 * (1 + g), a2 * (1 + g)];
  const [c1, c2] = [Math.hypot(x1, b1), Math.hypot(x2, b2)];
  const [h1, h2] = [c1 === 0 ? 0 : degrees(Math.atan2(b1, x1)), c2 === 0 ? 0 : degrees(Math.atan2(b2, x2))];
  const grey = c1 * c2 === 0;
  const apart = h2 - h1;
  const turn = grey ? 0 : apart > 180 ? apart - 360 : apart < -180 ? apart + 360 : apart;
  const hue = grey ? h1 + h2 : Math.abs(apart) <= 180 ? (h1 + h2) / 2 : (h1 + h2 + (h1 + h2 < 360 ? 360 : -360)) / 2;
  const [light, chroma] = [(l1 + l2) / 2, (c1 + c2) / 2];
  const t = 1 - 0.17 * cos(hue - 30) + 0.24 * cos(2 * hue) + 0.32 * cos(3 * hue + 6) - 0.2 * cos(4 * hue - 63);
  const sl = 1 + (0.015 * (light - 50) ** 2) / Math.sqrt(20 + (light - 50) ** 2);
  const dl = (l2 - l1) / sl;
  const dc = (c2 - c1) / (1 + 0.045 * chroma);
  const dh = (2 * Math.sqrt(c1 * c2) * sin(turn / 2)) / (1 + 0.015 * chroma * t);
  const rotation = -root7(chroma) * 2 * sin(60 * Math.exp(-(((hue - 275) / 25) ** 2)));
  return Math.sqrt(dl ** 2 + dc ** 2 + dh ** 2 + rotation * dc * dh);
}
