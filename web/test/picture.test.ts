import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fillColumns } from '../src/timeline/columns';
import { formatEvents, formatTick } from '../src/messages/format';
import { layOut } from '../src/timeline/layout';
import { escaped, svgOf, type Picture } from '../src/timeline/picture';
import { ownerTile, paletteOf, taskTile, type Palette } from '../src/timeline/palette';
import { fitView } from '../src/timeline/scale';
import { TraceDecoder } from '../src/trace/decode';
import { EVENT } from '../src/trace/kinds.gen';
import { advance, finish, newModel, type Model } from '../src/trace/model';
import { STEP, inOrder } from '../src/trace/order';
import { stripsOf } from '../src/trace/strips';
import { THEMES } from './colour';
import { encodeChunk, type TestEvent } from './encode';

const PALETTE: Palette = {
  states: Array.from({ length: 14 }, (_, i) => `#0000${(i + 16).toString(16)}`),
  tasks: Array.from({ length: 8 }, (_, i) => `#00${(i + 16).toString(16)}00`),
  text: '#111111', muted: '#222222', line: '#333333', surface: '#ffffff', sunken: '#eeeeee', level: '#444444',
  accent: '#555555', item: '#666666', control: '#777777', error: '#880000',
};

const EVENTS: readonly TestEvent[] = [
  { t: 0, task: 0, kind: EVENT.TASK_STARTED },
  { t: 100, task: 0, kind: EVENT.LOCK_ACQUIRED, object: 0 },
  { t: 200, task: 1, kind: EVENT.TASK_STARTED },
  { t: 300, task: 1, kind: EVENT.LOCK_WAIT, object: 0 },
  { t: 900, task: 0, kind: EVENT.LOCK_RELEASED, object: 0 },
  { t: 910, task: 1, kind: EVENT.LOCK_ACQUIRED, object: 0, cause: 4 },
];

function modelOf(names: readonly string[]): Model {
  const decoder = new TraceDecoder();
  decoder.push(encodeChunk({
    tasks: names.map((name) => ({ kind: 2, name })), objects: [{ kind: 2, name: 'lock' }], events: EVENTS, last: true,
  }));
  const model = newModel(decoder.log);
  advance(model);
  return model;
}

function pictureOf(names: readonly string[], more: Partial<Picture> = {}): Picture {
  const model = modelOf(names);
  return {
    title: 'A run', model, view: fitView(0, model.until, 600), palette: PALETTE, flags: [],
    layout: layOut(model, { strips: stripsOf(model), pins: [], folded: [] }),
    taskTile: taskTile(PALETTE), ownerTile: ownerTile(PALETTE), arrows: true,
    nameOf: (row) => (row.kind === 'task' ? names[row.id] : 'lock'), groupOf: (group) => group,
    formatTick: (time) => String(time), ...more,
  };
}

/** Elements are closed in the order in which they were opened, and every text is escaped. */
function parse(svg: string): string[] {
  const open: string[] = [];
  const seen: string[] = [];
  const rest = svg.replace(/<(\/?)([a-zA-Z]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/g, (_, closing, name, __, single) => {
    if (closing !== '') assert.equal(open.pop(), name);
    else {
      seen.push(name);
      if (single === '') open.push(name);
    }
    return '';
  });
  assert.deepEqual(open, []);
  assert.doesNotMatch(rest, /[<>]/, 'nothing but text is left');
  return seen;
}

test('a picture is well-formed, whatever the names are', () => {
  const script = '<script>alert(1)</script>';
  for (const [title, ...names] of [['main', 'main', 'worker'], [script, script, 'a & b "c"'], ['\u0000\u0007', 'main', '加法线程 1']]) {
    const { text, width, height } = svgOf(pictureOf(names, { title }));
    const seen = parse(text);
    assert.ok(seen.includes('pattern') && seen.includes('path'));
    assert.doesNotMatch(text, /<script|[\u0000-\u0008]/);
    assert.ok(width === 750 && height > 100);
  }
  assert.equal(escaped('<a href="x">&'), '&lt;a href=&quot;x&quot;&gt;&amp;');
});

test('the boxes of a row are its columns', () => {
  const picture = pictureOf(['main', 'worker']);
  const { text } = svgOf(picture);
  const [row] = picture.layout.rows;
  const states = new Uint8Array(600);
  fillColumns(row.lane, picture.view.scale, picture.model.until, picture.view.first, picture.view.first + 600, states, 0);
  const lane = new RegExp(`<g transform="translate\\(0 ${row.barY}\\)">(.*?)</g>`).exec(text)?.[1] ?? '';
  const shown = new Uint8Array(600);
  for (const [, x, width, state] of lane.matchAll(/<rect x="([\d.]+)" y="0" width="([\d.]+)"[^>]*url\(#t(\d+)\)/g))
    shown.fill(Number(state), Number(x), Number(x) + Number(width));
  assert.deepEqual(shown, states);
});

test('a name has its box, Chinese or not', () => {
  const wide = (name: string): number => {
    const { text } = svgOf(pictureOf(['main', 'worker'], { model: modelOf([name, 'worker']) }));
    const label = new RegExp(`width="([\\d.]+)" height="14" fill="#ffffff"/><text[^>]*>${name}<`).exec(text);
    return Number(label?.[1]);
  };
  assert.deepEqual([wide('abcdef'), wide('加法线程')], [45.6, 54]);
});

test('arrows and marks are drawn as the reader has them', () => {
  const arrows = (picture: Picture): number => svgOf(picture).text.split('C').length - 1;
  assert.ok(arrows(pictureOf(['a', 'b'])) > arrows(pictureOf(['a', 'b'], { arrows: false })));
  assert.match(svgOf(pictureOf(['a', 'b'], { flags: [500] })).text, />1<\/text>/);
  assert.doesNotMatch(svgOf(pictureOf(['a', 'b'], { flags: [5e9] })).text, />1<\/text>/);
});

/** The golden trace as it stands in documents: a picture of each theme, one in time and one by order. */
function goldenPicture(theme: 'light' | 'dark'): string {
  const decoder = new TraceDecoder();
  decoder.push(readFileSync('../tests/golden/trace.bin'));
  const known = newModel(decoder.log);
  advance(known);
  finish(known, known.lastT, true);
  const ordered = theme === 'dark';
  const model = ordered ? inOrder(known).model : known;
  const palette = paletteOf((name) => THEMES[theme][name.slice(2)]);
  return svgOf({
    title: 'Golden', model, palette, arrows: true,
    taskTile: taskTile(palette), ownerTile: ownerTile(palette),
    view: fitView(0, ordered ? model.until : 11_000, 800), flags: [ordered ? 3 * STEP : 9000],
    layout: layOut(model, { strips: stripsOf(model), pins: ['t1'], folded: [] }),
    nameOf: (row) => (row.kind === 'task' ? model.log.tasks : model.log.objects)[row.id].name,
    groupOf: (group) => group,
    formatTick: (time, step) => (ordered ? formatEvents(time / STEP, 'en') : formatTick(time, step, 'en')),
  }).text;
}

for (const theme of ['light', 'dark'] as const) {
  test(`the picture of the golden trace is the one that is kept: ${theme}`, () => {
    const file = `../tests/golden/timeline-${theme}.svg`;
    // An element a line, so that a change can be read.
    const text = `${goldenPicture(theme).replaceAll('><', '>\n<')}\n`;
    parse(text);
    if (process.env.INTERLEAVE_GOLDEN === 'write') writeFileSync(file, text);
    assert.equal(text, readFileSync(file, 'utf8'));
  });
}
