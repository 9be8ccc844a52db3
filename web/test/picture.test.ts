import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fillColumns } from '../src/timeline/columns';
import { layOut } from '../src/timeline/layout';
import { escaped, svgOf, type Picture } from '../src/timeline/picture';
import { ownerTile, taskTile, type Palette } from '../src/timeline/palette';
import { fitView } from '../src/timeline/scale';
import { TraceDecoder } from '../src/trace/decode';
import { EVENT } from '../src/trace/kinds.gen';
import { advance, newModel, type Model } from '../src/trace/model';
import { stripsOf } from '../src/trace/strips';
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
  for (const names of [['main', 'worker'], ['<script>alert(1)</script>', 'a & b "c"'], ['\u0000\u0007', '加法线程 1']]) {
    const { text, width, height } = svgOf(pictureOf(names, { title: names[0] }));
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

test('arrows and marks are drawn as the reader has them', () => {
  const arrows = (picture: Picture): number => svgOf(picture).text.split('C').length - 1;
  assert.ok(arrows(pictureOf(['a', 'b'])) > arrows(pictureOf(['a', 'b'], { arrows: false })));
  assert.match(svgOf(pictureOf(['a', 'b'], { flags: [500] })).text, />1<\/text>/);
  assert.doesNotMatch(svgOf(pictureOf(['a', 'b'], { flags: [5e9] })).text, />1<\/text>/);
});
