// What programs, participants, instructors and addresses say is text on every page, whatever it means to a browser.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { build, none, run, started } from './help.mjs';

const MARKUP = '<img src=x onerror=alert(1)>'; // as tests/sandbox/hostile/tasks.c
const note = `${MARKUP}\n<script>alert(2)</script> javascript:alert(3) \u202e`;
let url;
let browser;
let id;
let workshop;

const post = async (path, body) => (await fetch(`${url}/api/v1${path}`, {
  method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
})).json();

started(async (server, aBrowser) => {
  [url, browser] = [server.url, aBrowser];
  id = (await run(url, 'markup')).id;
  workshop = await post('/workshops', { title: MARKUP, steps: [{ scenario: 'markup', note }] });
  const taken = await post('/runs?wait=20', { workshop: { id: workshop.id, step: 0, name: MARKUP } });
  assert.equal(taken.ended, 'completed');
}, '--runner', join(build, 'tests/interleave-runner-hostile'));

/** Opens a page and waits for the text; fails when any of it became more than that. */
async function isText(path, { shown = MARKUP, keep = {}, act = async () => {} } = {}) {
  const page = await browser.newPage();
  const made = [];
  page.on('dialog', (dialog) => { made.push(dialog.message()); void dialog.dismiss(); });
  page.on('request', (request) => { if (new URL(request.url()).pathname.endsWith('/x')) made.push(request.url()); });
  await page.addInitScript((entries) => {
    for (const [name, value] of Object.entries(entries)) localStorage.setItem(name, JSON.stringify(value));
  }, keep);
  await page.goto(url + path);
  await act(page);
  if (shown !== null) {
    await page.waitForFunction((text) => document.documentElement.innerText.includes(text)
      || [...document.querySelectorAll('input, textarea')].some((field) => field.value.includes(text)), shown);
  }
  await page.waitForTimeout(300); // an image that does not come is told of later than its element is made
  assert.deepEqual(made, [], path);
  await none(page.locator('[onerror], img[src="x"]'), path);
  await page.close();
}

test('a run, its details, its table and its embedding', async () => {
  await isText(`/r/${id}`);
  await isText(`/r/${id}`, {
    act: async (page) => {
      await page.locator('.lanes').focus();
      for (const key of ['ArrowDown', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(key);
    },
  });
  await isText(`/embed/r/${id}`);
  await isText(`/c/${id}/${id}`);
});

test('an experiment', async () => {
  const made = await post('/experiments?wait=20', { scenario: 'markup', kind: 'repeat', count: 3 });
  await isText(`/x/${made.id}`);
});

test('a workshop, its board and its making', async () => {
  const kept = [{ id: workshop.id, title: MARKUP, name: MARKUP, key: workshop.instructor_key }];
  const keep = { 'interleave.workshops': kept };
  await isText(`/w/${workshop.id}`, { keep });
  await isText(`/w/${workshop.id}?step=1`, { keep });
  await isText(`/w/${workshop.id}/board`, { keep });
  await isText(`/w/${workshop.id}/edit`, { keep });
  await isText('/w', { keep });
  await isText('/w/new', { keep: { 'interleave.workshop.draft': { title: MARKUP, steps: [{ scenario: 'markup', query: `note=${MARKUP}`, note }] } } });
});

test('an address, and what one searches for', async () => {
  const said = encodeURIComponent(MARKUP);
  await isText('/', { act: (page) => page.locator('input[type=search]').first().fill(MARKUP) });
  await isText(`/r/${id}`, { act: (page) => page.locator('input[type=search]').first().fill(MARKUP) });
  await isText(`/s/markup?limit_ms=${said}`, { shown: null });
  await isText(`/s/markup?schedule=replay:${said}`, { shown: null });
  await isText(`/r/${id}?at=${said}&pins=${said}&of=${said}`, { shown: null });
  for (const path of ['/s/', '/r/', '/x/', '/w/', '/c/', '/']) await isText(path + said, { shown: null });
});

test('the pages had nothing to complain about', () => {
  assert.deepEqual(browser.complaints, []);
});
