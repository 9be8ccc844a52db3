// The server draws pictures of runs with a list of its own, server/pictures/picture.def: it says the same as
// the style sheet and the timeline's patterns.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { PERIOD, SUB_ROWS, pixel, taskTile, type Palette } from '../src/timeline/palette';
import { STATE, STATE_COUNT } from '../src/trace/states';

const list = readFileSync('../server/pictures/picture.def', 'utf8').split('\n');
const light = /:root \{([^}]*)\}/.exec(readFileSync('src/colours.css', 'utf8'))?.[1] ?? '';

const colours = new Map(list.flatMap((line) => {
  const found = /^COLOUR\((\w+), "([\w-]+)", 0x([0-9a-f]{6})\)$/.exec(line);
  return found === null ? [] : [[found[1], { css: found[2], value: `#${found[3]}` }] as const];
}));

const states = list.flatMap((line) => {
  const found = /^STATE\((\d+), (\w+), (\w+), (.*)\)$/.exec(line);
  return found === null ? []
    : [{ number: Number(found[1]), name: found[2], colour: found[3], rows: found[4].split(', ').map(Number) }];
});

const cssColour = (name: string): string =>
  new RegExp(`--${name}: (#[0-9a-f]{6});`).exec(light)?.[1] ?? `no --${name}`;

test('the colours are those of the light style sheet', () => {
  assert.ok(colours.size > 20);
  for (const { css, value } of colours.values()) assert.equal(value, cssColour(css), css);
});

test('every state is there under its number', () => {
  assert.deepEqual(states.map(({ name, number }) => [name, number]), Object.entries(STATE));
});

test('every state has the timeline’s colour and shape', () => {
  const names = ['surface', 'task-running', 'task-ready', 'task-waiting', 'task-holding', 'task-io', 'task-done',
    'task-error', 'task-asleep', 'task-unrecorded', 'task-waiting', 'task-io', 'task-asleep', 'task-ready'];
  const palette: Palette = {
    states: names.map(cssColour), tasks: [], text: '', muted: '', line: '', surface: '', sunken: '',
    level: '', accent: '', item: '', control: '', error: '',
  };
  const tile = taskTile(palette);
  const held = pixel(cssColour('task-holding'));
  const holds = new Set<number>([STATE.HOLDING, STATE.WAITING_HOLDING, STATE.IO_HOLDING, STATE.ASLEEP_HOLDING,
    STATE.READY_HOLDING]);
  assert.equal(states.length, STATE_COUNT);
  for (const { number, name, colour, rows } of states) {
    assert.equal(rows.length, SUB_ROWS);
    for (let column = 0; column < PERIOD; column++) {
      for (let row = 0; row < SUB_ROWS; row++) {
        const own = (rows[row] >> column) & 1 ? pixel(colours.get(colour)?.value ?? '') : 0;
        const drawn = holds.has(number) && row === SUB_ROWS - 1 ? held : own;
        assert.equal(drawn, tile[(number * PERIOD + column) * SUB_ROWS + row], `${name}, column ${column}, row ${row}`);
      }
    }
  }
});
