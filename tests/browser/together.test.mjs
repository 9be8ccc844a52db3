// A class in which things happen at the same time: two tabs, two of one name, an instructor who edits
// while others work, an answer that does not come.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { none, startPeople, startServer } from './help.mjs';

let server;
let people;
let ann;
let bob;

before(async () => {
  server = await startServer();
  people = await startPeople(2);
  for (const { context } of people.people) context.setDefaultTimeout(10000);
  [ann, bob] = await Promise.all(people.people.map((one) => one.newPage()));
});
after(async () => {
  await people?.stop();
  assert.equal(await server?.stop(), 0, 'the server ends cleanly');
});

const button = (page, name) => page.getByRole('button', { name, exact: typeof name === 'string' });

async function send(method, path, body, key) {
  const answer = await fetch(`${server.url}/api/v1${path}`, {
    method,
    headers: { 'Content-Type': 'application/json', ...(key === undefined ? {} : { Authorization: `Bearer ${key}` }) },
    body: JSON.stringify(body),
  });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
  return answer.json();
}

const RACE = { scenario: 'race-counter', params: { n: 20 }, schedule: { mode: 'random' } };
const make = (steps = [RACE, { scenario: 'deadlock-two-locks' }]) => send('POST', '/workshops', { title: 'Together', steps });
const take = ({ id }, step, name) => send('POST', '/runs?wait=20', { workshop: { id, step, name } });
const board = async ({ id }) => (await fetch(`${server.url}/api/v1/workshops/${id}/board`)).json();

async function join(page, { id }, name) {
  await page.goto(`${server.url}/w/${id}`);
  await page.getByLabel('Your name').fill(name);
  await button(page, 'Take part').click();
}

async function runHere(page) {
  await button(page, /^Run/).click();
  await page.waitForURL(/\/r\//);
  await page.locator('.verdict').waitFor();
}

const focused = (page) => page.evaluate(() => document.activeElement.id);

test('the focus goes along when one joins and when one is somebody else', async () => {
  const made = await make();
  await join(ann, made, 'Ann');
  await button(ann, 'Run').waitFor();
  assert.equal(await focused(ann), 'step-title');
  await button(ann, 'Not you?').click();
  await ann.getByLabel('Your name').waitFor();
  assert.equal(await focused(ann), 'participant');
});

test('two of one name: who has run nothing yet is asked', async () => {
  const made = await make();
  await Promise.all([join(ann, made, 'Kim'), join(bob, made, 'kim')]);
  await Promise.all([button(ann, 'Run').waitFor(), button(bob, 'Run').waitFor()]);
  await runHere(ann);
  await bob.getByText('Kim takes part already. Is that you, on another device?').waitFor();
  await none(bob.getByText('Open your run'), 'it is not his');
  await button(bob, 'No, take another name').click();
  await bob.getByLabel('Your name').fill('Kim 2');
  await button(bob, 'Take part').click();
  await runHere(bob);
  assert.deepEqual((await board(made)).participants.map((one) => one.name).sort(), ['Kim', 'Kim 2']);
  await ann.goto(`${server.url}/w/${made.id}?step=1`);
  await ann.getByText('Open your run').waitFor();
  await none(ann.getByText(/takes part already/), 'she was there first');
});

test('the setup one sees is the setup that is run, also after the instructor has changed it', async () => {
  const made = await make();
  await join(ann, made, 'Ann');
  await ann.getByText('Operations per thread: 20; Random').waitFor();
  await send('PUT', `/workshops/${made.id}`, { steps: [{ ...RACE, params: { n: 33 } }] }, made.instructor_key);
  await ann.getByText('Operations per thread: 33; Random').waitFor();
  await runHere(ann);
  const { participants: [{ cells: [cell] }] } = await board(made);
  const stored = await (await fetch(`${server.url}/api/v1/runs/${cell.run}`)).json();
  assert.equal(stored.params.n, 33);
});

test('what is wrong in a folded setup is shown', async () => {
  const made = await make();
  await join(ann, made, 'Ann');
  await ann.getByText('Your setup').click();
  await ann.getByLabel('Operations per thread').fill('0');
  await ann.getByText('Your setup').click();
  await button(ann, 'Run').click();
  await ann.locator('.setup [aria-invalid="true"]').waitFor();
  await ann.waitForFunction(() => document.activeElement.getAttribute('aria-invalid') === 'true');
  assert.equal((await board(made)).participants.length, 0);
});

test('run again from the page of one’s run stays in the workshop; of another’s run it does not', async () => {
  const made = await make([{ scenario: 'race-counter', params: { n: 5 } }, RACE]);
  const others = await take(made, 0, 'Eve');
  await join(ann, made, 'Ann');
  await runHere(ann);
  const runs = async (step) => (await board(made)).participants.find((one) => one.name === 'Ann').cells.find((cell) => cell.step === step)?.runs;
  const leave = async (name) => {
    const from = ann.url();
    await button(ann, name).click();
    await ann.waitForURL((url) => url.href.split('#')[0] !== from.split('#')[0]);
  };
  await leave('Run again');
  await ann.locator('.workshop-strip', { hasText: 'step 1 of 2 · Ann' }).waitFor();
  assert.equal(await runs(0), 2);
  await ann.getByRole('link', { name: 'Next step' }).click();
  await ann.waitForURL(/step=2/);
  await runHere(ann);
  const before = await ann.locator('.ran-how strong').innerText();
  await leave('Run with another seed');
  await ann.locator('.workshop-strip', { hasText: 'step 2 of 2 · Ann' }).waitFor();
  assert.equal(await runs(1), 2);
  await ann.waitForFunction((text) => document.querySelector('.ran-how strong').innerText !== text, before);
  assert.equal(await ann.getByRole('link', { name: 'Change and run' }).getAttribute('href'), `/w/${made.id}?step=2`);

  await ann.goto(`${server.url}/r/${others.id}`);
  await ann.locator('.workshop-strip').waitFor();
  await leave('Run again');
  await ann.locator('.workshop-strip').waitFor({ state: 'detached' });
  assert.equal((await board(made)).participants.find((one) => one.name === 'Eve').cells[0].runs, 1);
});

test('run again when the workshop was closed says so', async () => {
  const made = await make([{ scenario: 'race-counter', params: { n: 5 } }]);
  await join(ann, made, 'Ann');
  await runHere(ann);
  await send('PUT', `/workshops/${made.id}`, { closed: true }, made.instructor_key);
  await ann.route('**/api/v1/runs', async (route) => {
    const answer = await route.fetch();
    assert.equal(answer.status(), 409);
    await route.fulfill({ response: answer });
  });
  await button(ann, 'Run again').click();
  await ann.getByText('This workshop is closed: it takes no more runs.').waitFor();
  await ann.unroute('**/api/v1/runs');
});

test('a draft in two tabs: what is added in one is in the other, which takes nothing away', async () => {
  await ann.goto(`${server.url}/w/new`);
  await ann.getByLabel('Add a step').fill('generator');
  await ann.locator('.add-button').first().click();
  const tab = await people.people[0].newPage();
  await tab.goto(`${server.url}/s/race-counter?n=7`);
  await button(tab, 'Add to a workshop').click();
  await tab.getByText('Steps in your draft: 2.').waitFor();
  await ann.locator('.make-step').nth(1).waitFor();
  await ann.getByLabel('Title').fill('Two tabs');
  await ann.reload();
  await ann.locator('.make-step .muted', { hasText: '7' }).waitFor();
  assert.equal(await ann.getByLabel('Title').inputValue(), 'Two tabs');
  await tab.evaluate(() => {
    const steps = Array.from({ length: 40 }, () => ({ scenario: 'race-counter', query: '', note: '' }));
    localStorage.setItem('interleave.workshop.draft', JSON.stringify({ title: '', steps }));
  });
  await button(tab, 'Add to a workshop').click();
  await tab.getByText('A workshop has at most 40 steps.').waitFor();
  await tab.evaluate(() => localStorage.removeItem('interleave.workshop.draft'));
  await tab.close();
});

test('a board stays as it is while an answer does not come, and is right once it does', async () => {
  const made = await make();
  await take(made, 0, 'Eve');
  await ann.goto(`${server.url}/w/${made.id}/board`);
  await ann.locator('.tile').first().waitFor();
  let refused = 0;
  await ann.route(`**/api/v1/workshops/${made.id}`, (route) => {
    refused++;
    return refused === 1 ? route.fulfill({ status: 429, body: '{}' }) : route.continue();
  });
  await send('PUT', `/workshops/${made.id}`, { title: 'Renamed' }, made.instructor_key);
  await ann.getByRole('heading', { name: 'Renamed' }).waitFor();
  assert.ok(refused > 1);
  assert.equal(await ann.locator('.tile:not(.empty)').count(), 1);
  await ann.unroute(`**/api/v1/workshops/${made.id}`);
});

test('a step is shown though its scenario did not come at first', async () => {
  const made = await make();
  let refused = 0;
  await ann.route('**/api/v1/scenarios/race-counter', (route) => {
    refused++;
    return refused === 1 ? route.fulfill({ status: 429, body: '{}' }) : route.continue();
  });
  await join(ann, made, 'Ann');
  await button(ann, 'Run').waitFor();
  assert.ok(refused > 1);
  await ann.unroute('**/api/v1/scenarios/race-counter');
});

test('an empty board shows how to come in; then it shows who came', async () => {
  const made = await make();
  await ann.goto(`${server.url}/w/${made.id}/board`);
  await ann.locator('.invite .qr').waitFor();
  await take(made, 0, 'Grace Brewster Murray Hopper');
  await ann.locator('.tile').first().waitFor();
  await none(ann.locator('.invite'));
  const { height } = await ann.locator('.board-table tbody tr').first().boundingBox();
  assert.ok(height < 60, `a name of four words takes at most two lines, not ${height} px`);
});

test('without names everybody has a number that stays theirs', async () => {
  const made = await make();
  await take(made, 0, 'Mia');
  await ann.goto(`${server.url}/w/${made.id}/board`);
  await ann.getByLabel('Names').uncheck();
  await ann.locator('tbody th', { hasText: 'Participant 1' }).waitFor();
  const first = () => ann.locator('tr', { hasText: 'Participant 1' }).locator('.tile').first().getAttribute('href');
  const href = await first();
  await take(made, 0, 'Ada');
  await ann.locator('tbody th', { hasText: 'Participant 2' }).waitFor();
  assert.equal(await first(), href);
});

test('Escape closes the code that is shown over a projected board, not the projection', async () => {
  const made = await make();
  await take(made, 0, 'Eve');
  await ann.goto(`${server.url}/w/${made.id}/board`);
  await button(ann, 'Projector').click();
  await button(ann, 'Show the link on a projector').click();
  await ann.locator('dialog .qr').waitFor();
  await ann.evaluate(() => dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' })));
  await ann.locator('.projector').waitFor();
});

test('no page complained', () => {
  assert.deepEqual(people.complaints.filter((text) => !/status of (409|429)/.test(text)), []);
});
