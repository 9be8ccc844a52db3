// A learner's way through the pages without a mouse: nothing is out of reach, the focus is never lost.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { none, run, settled, started } from './help.mjs';

let server;
let browser;
started((aServer, aBrowser) => { [server, browser] = [aServer, aBrowser]; });

async function opened(path) {
  const page = await browser.newPage();
  await page.goto(server.url + path);
  await page.locator('h1').waitFor();
  await settled(page);
  return page;
}

const isAt = (page, selector) => page.evaluate((wanted) => document.activeElement.matches(wanted), selector);

/* What takes the focus does so once it is drawn, or once what had it is gone: soon, if not at once. */
async function soon(page, is, selector, why = '') {
  const there = await page.waitForFunction(is, selector, { timeout: 3000 }).catch(() => null);
  assert.ok(there, `${why}: the focus is not at ${selector}`);
}
const comesTo = (page, selector, why) => soon(page, (wanted) => document.activeElement.matches(wanted), selector, why);
const comesInto = (page, selector, why) => soon(page, (wanted) => document.activeElement.closest(wanted) !== null, selector, why);
const hasFocus = (page) => comesTo(page, ':not(body)');

const FAR = 120;

/** Presses Tab until it is there; `key` may be Shift+Tab. */
async function tabTo(page, selector, key = 'Tab') {
  for (let i = 0; i < FAR; i++) {
    if (await isAt(page, selector)) return;
    await page.keyboard.press(key);
    assert.equal(await isAt(page, 'body'), false, `on the way to ${selector} the focus is lost`);
  }
  assert.fail(`${selector} cannot be reached`);
}

async function press(page, ...keys) {
  for (const key of keys) await page.keyboard.press(key);
}

const inContent = async (page, where) => await comesInto(page, '#content', `the focus is in the content ${where}`);

test('from the gallery to a shared step, by keyboard alone', async () => {
  const page = await opened('/');
  await press(page, 'Tab');
  await comesTo(page, '.skip');
  assert.ok((await page.locator('.skip').boundingBox()).y >= 0, 'it is seen when it has the focus');
  await press(page, 'Enter');
  await comesTo(page, '#content');
  assert.equal(new URL(page.url()).hash, '', 'the address is left alone');
  await tabTo(page, 'input[type="search"]');
  await page.keyboard.type('race-counter');
  await tabTo(page, 'a[href="/s/race-counter"]');
  await press(page, 'Enter');
  await page.locator('.guess').waitFor();
  await inContent(page, 'of the scenario');

  await tabTo(page, '.guess input[type="radio"]');
  await press(page, 'Space');
  await page.getByText('Noted. Now run it.').waitFor();
  await tabTo(page, 'input[name="variant"]');
  await press(page, 'ArrowDown');
  await tabTo(page, '#field-n');
  await press(page, 'ControlOrMeta+a');
  await page.keyboard.type('20');
  await tabTo(page, '.run-button');
  await press(page, 'Enter');
  await page.locator('.verdict').waitFor();
  await inContent(page, 'of the run');

  await tabTo(page, '.toolbar .menu summary');
  await press(page, 'Enter', 'Tab');
  await comesInto(page, '.menu-list');
  await press(page, 'Escape');
  await comesTo(page, '.toolbar .menu summary');
  await none(page.locator('.toolbar .menu[open]'));
  await tabTo(page, '.lanes');
  await press(page, 'ArrowRight', 'ArrowDown');
  await page.locator('.details .sentence').waitFor();
  await tabTo(page, '.group-head');
  await press(page, 'Enter');
  assert.equal(await page.locator('.group-head').first().getAttribute('aria-expanded'), 'false');
  await press(page, 'Enter');
  await tabTo(page, '.details .panel-head button');
  await press(page, 'Enter');
  await comesTo(page, '.lanes', 'back at the lanes, where the details came from');

  await tabTo(page, '.actions a.button', 'Shift+Tab');
  await press(page, 'Enter');
  await page.locator('.setup').waitFor();
  await inContent(page, 'of the setup');
  await tabTo(page, '.experiment-buttons button');
  await press(page, 'Enter');
  await page.locator('.found-row .row-button').first().waitFor();
  await inContent(page, 'of the experiment');
  await tabTo(page, '.found-row .row-button');
  await press(page, 'Enter');
  await page.locator('.stepper').waitFor();
  await inContent(page, 'of the witness');
  const witness = page.url();
  await tabTo(page, '.stepper');
  await press(page, 'Home');
  await page.locator('.choice-button').first().waitFor();
  await comesInto(page, '.stepper');
  await press(page, '1');
  await page.locator('.step-place').getByText(/Operation 1 of/).waitFor();
  await comesInto(page, '.stepper', 'the keys go on working');
  assert.notEqual(page.url(), witness);
  await browser.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await tabTo(page, '.actions > .button:has(.icon)', 'Shift+Tab');
  await press(page, 'Enter');
  await page.getByText('Copied').waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), page.url().split('#')[0]);
  await page.close();
});

test('the tour takes the focus along and gives it back', async () => {
  const page = await opened('/');
  await tabTo(page, '.hero button');
  await press(page, 'Enter');
  await page.locator('.tour').waitFor();
  for (let i = 1; i < 6; i++) {
    await comesTo(page, '.tour .primary', `at step ${i}`);
    await press(page, 'Enter');
    await page.getByText(`Step ${i + 1} of 6`).waitFor();
    await page.locator('.toured').waitFor();
  }
  await press(page, 'Escape');
  await none(page.locator('.tour'));
  await page.waitForFunction(() => document.activeElement.closest('#content') !== null);
  await page.close();
});

test('what goes away hands the focus on', async () => {
  const page = await opened('/s/deadlock-two-locks');
  await tabTo(page, '.guess .small-button');
  await press(page, 'Enter');
  await page.locator('.outcomes').waitFor();
  await page.waitForFunction(() => document.activeElement.textContent === 'What can come out');
  await tabTo(page, '.header nav a[href="/help"]', 'Shift+Tab');
  await press(page, 'Enter');
  await page.locator('.guide-states').waitFor();
  await comesTo(page, '#content');
  const { id } = await run(server.url, 'pool-map-order');
  await page.goto(`${server.url}/r/${id}`);
  await page.locator('.verdict').waitFor();
  await tabTo(page, '.actions .primary');
  await press(page, 'Enter');
  await page.waitForURL((url) => url.pathname.startsWith('/r/') && !url.pathname.endsWith(id));
  await page.locator('.verdict').waitFor();
  await comesTo(page, '.actions .primary', 'to be pressed again');
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  await press(page, 'Escape');
  await comesTo(page, '.actions .primary');
  await page.close();
});

test('a button that went away on the page of an experiment hands the focus on', async () => {
  const page = await opened('/s/race-counter?n=2');
  await tabTo(page, '.experiment-buttons button');
  await press(page, 'Enter');
  await page.getByText('Every schedule was covered').waitFor();
  await tabTo(page, '.actions .primary');
  await press(page, 'Enter');
  await page.locator('.actions .primary').waitFor({ state: 'detached' });
  await comesInto(page, '.actions');
  await page.close();
});

test('at the end of the history the focus stays where the button was', async () => {
  const page = await opened('/');
  const data = { scenario: 'semaphore-signal', params: { rounds: 1, delay_ms: 0 }, schedule: { mode: 'round-robin' } };
  for (let i = 0; i < 52; i++) await page.request.post(`${server.url}/api/v1/runs?wait=20`, { data });
  await page.goto(`${server.url}/history`);
  const lines = page.locator('.history-line');
  await lines.nth(49).waitFor();
  const more = page.getByRole('button', { name: 'Show older ones' });
  const older = (url) => url.searchParams.has('cursor');
  await page.route(older, (route) => route.fulfill({ status: 404, json: {} }));
  await more.focus();
  await press(page, 'Enter');
  await page.getByRole('button', { name: 'Try again' }).waitFor();
  await hasFocus(page);
  await page.unroute(older);
  await tabTo(page, '.failure button');
  await press(page, 'Enter');
  await lines.nth(51).waitFor();
  await more.waitFor({ state: 'detached' });
  assert.ok(await lines.count() >= 52);
  await hasFocus(page);
  await press(page, 'Shift+Tab');
  await comesInto(page, '.history-line:last-child');
  await page.close();
});

test('no page complained', () => {
  assert.deepEqual(browser.complaints, []);
});
