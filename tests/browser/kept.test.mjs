// What is shared stays: a link that is copied, shown as a code, or put into another page has the server
// keep what it leads to. Copying works without that, too.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run, started } from './help.mjs';

let server;
let page;
started(async (...both) => {
  server = both[0];
  page = await both[1].newPage();
  page.setDefaultTimeout(10000);
});

const kept = async (kind, id) => (await (await fetch(`${server.url}/api/v1/${kind}/${id}`)).json()).kept;
const button = (name) => page.getByRole('button', { name, exact: true });
const answered = (id) => page.waitForResponse((answer) => answer.request().method() === 'PUT' && answer.url().endsWith(id), { timeout: 60000 });

/** Opens a new run, does something with its link, and tells whether it is kept then. */
async function keptAfter(share) {
  const { id } = await run(server.url, 'race-counter', { n: 5 });
  await page.goto(`${server.url}/r/${id}`);
  await page.locator('.lanes').waitFor();
  assert.equal(await kept('runs', id), false);
  await Promise.all([answered(id), share()]);
  return kept('runs', id);
}

async function fromMenu(name) {
  await page.getByText('Share', { exact: true }).click();
  await button(name).click();
}

test('a run whose link is copied', async () => {
  assert.equal(await keptAfter(() => button('Copy link').click()), true);
});

test('a run of which a view, a code to embed it or a QR code is taken', async () => {
  for (const name of ['Copy link to this view', 'Copy code to embed it', 'QR code']) {
    assert.equal(await keptAfter(() => fromMenu(name)), true, name);
  }
});

test('both runs of a comparison', async () => {
  const [a, b] = [await run(server.url, 'race-counter', { n: 5 }), await run(server.url, 'race-counter', { n: 6 })];
  await page.goto(`${server.url}/c/${a.id}/${b.id}`);
  await Promise.all([answered(a.id), answered(b.id), button('Copy link').click()]);
  assert.deepEqual([await kept('runs', a.id), await kept('runs', b.id)], [true, true]);
});

test('an experiment: once it is done, if its link is copied before', async () => {
  const made = await (await fetch(`${server.url}/api/v1/experiments`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ scenario: 'race-counter', params: { n: 5 }, kind: 'repeat', count: 100 }),
  })).json();
  const asked = [];
  page.on('request', (request) => { if (request.method() === 'PUT') asked.push(request.url()); });
  await page.goto(`${server.url}/x/${made.id}`);
  await Promise.all([answered(made.id), button('Copy link').click()]);
  assert.equal(asked.length, 1, 'it is not asked for what would be refused');
  assert.equal(await kept('experiments', made.id), true);
});

test('what cannot be kept is copied all the same', async () => {
  const { id } = await run(server.url, 'race-counter', { n: 5 });
  await page.goto(`${server.url}/r/${id}`);
  await page.route('**/api/v1/runs/*', (route) =>
    (route.request().method() === 'PUT' ? route.fulfill({ status: 404, body: '{}' }) : route.continue()));
  await Promise.all([answered(id), button('Copy link').click()]);
  await page.getByText('Copied', { exact: true }).waitFor();
  await page.unroute('**/api/v1/runs/*');
  assert.equal(await kept('runs', id), false);
});
