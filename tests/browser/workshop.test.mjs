// A class: the instructor makes a workshop, three take part, the board fills; it is closed, edited,
// taken along as CSV, deleted. Four people, each with a browser of their own.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { none, root, startPeople, startServer } from './help.mjs';

const shots = join(root, 'build/shots');
let folder;
let server;
let people;
let teacher;
let desk;
const class3 = [];
let link;
let key;
const id = () => new URL(link).pathname.split('/')[2];

before(async () => {
  mkdirSync(shots, { recursive: true });
  folder = mkdtempSync(join(tmpdir(), 'interleave-class-'));
  server = await startServer('--database', join(folder, 'class.db'));
  people = await startPeople(4);
  for (const { context } of people.people) context.setDefaultTimeout(10000);
  teacher = await people.people[0].newPage();
  desk = await people.people[0].newPage();
  class3.push(...await Promise.all(people.people.slice(1).map((one, i) => one.newPage({
    width: i === 0 ? 390 : 1280, language: i === 2 ? 'zh-CN' : 'en',
  }))));
});
after(async () => {
  await people?.stop();
  assert.equal(await server?.stop(), 0, 'the server ends cleanly');
  rmSync(folder, { recursive: true, force: true });
});

const button = (page, name) => page.getByRole('button', { name, exact: typeof name === 'string' });
const shot = (page, name) => page.screenshot({ path: join(shots, `class-${name}.png`), fullPage: true });

/** What a phone reads where the code is, as it is on the screen. */
async function read(page, code) {
  const png = (await code.screenshot()).toString('base64');
  const blank = await page.context().newPage();
  await blank.addScriptTag({ path: join(root, 'web/node_modules/jsqr/dist/jsQR.js') });
  const found = await blank.evaluate(async (bytes) => {
    const image = new Image();
    image.src = `data:image/png;base64,${bytes}`;
    await image.decode();
    const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height });
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    const { data, width, height } = context.getImageData(0, 0, image.width, image.height);
    return globalThis.jsQR(data, width, height)?.data ?? null;
  }, png);
  await blank.close();
  return found;
}

test('a setup is put into the draft, others are found; the draft outlives a reload', async () => {
  await teacher.goto(`${server.url}/s/race-counter?n=20&schedule=random`);
  await button(teacher, 'Add to a workshop').click();
  await teacher.getByRole('link', { name: 'Go to the draft' }).click();
  await teacher.waitForURL(/\/w\/new$/);
  await teacher.locator('.make-step .muted', { hasText: 'Random' }).waitFor();
  await teacher.getByLabel('Add a step').fill('deadlock two');
  await button(teacher, /each waits for the other/).first().click();
  await teacher.locator('.make-step').nth(1).waitFor();
  await teacher.reload();
  assert.equal(await teacher.locator('.make-step').count(), 2);
});

test('steps are moved by keyboard, and the focus goes with them', async () => {
  const titles = () => teacher.locator('.make-step-title').allInnerTexts();
  await teacher.locator('.make-step-title', { hasText: 'Two threads, one counter' }).waitFor(); /* once it is known */
  const before = await titles();
  const up = button(teacher, /^Move step 2 up/);
  await up.focus();
  await teacher.keyboard.press('Enter');
  await teacher.getByText(/is now step 1 of 2/).waitFor({ state: 'attached' });
  assert.notDeepEqual(await titles(), before);
  const focused = await teacher.evaluate(() => document.activeElement.getAttribute('aria-label'));
  assert.match(focused, /^Move step 1 down/, 'up is nowhere to go');
  await teacher.keyboard.press('Enter');
  await teacher.getByText(/is now step 2 of 2/).waitFor({ state: 'attached' });
  assert.deepEqual(await titles(), before);
});

test('what is wrong is said where it is, also when only the server knows', async () => {
  await button(teacher, 'Make the workshop').click();
  await teacher.getByText('Enter a title of 1 to 120 characters.').waitFor();
  await teacher.waitForFunction(() => document.activeElement.id === 'workshop-title');
  await teacher.getByLabel('Title').fill('Races on Monday');
  await teacher.route('**/api/v1/workshops', async (route) => {
    const body = JSON.parse(route.request().postData());
    body.steps[0].params.n = 10 ** 9;
    await route.continue({ postData: JSON.stringify(body) });
  });
  await button(teacher, 'Make the workshop').click();
  await teacher.locator('.make-step.wrong .field-error', { hasText: /^Must be/ }).waitFor();
  await teacher.unroute('**/api/v1/workshops');
  await teacher.getByLabel('Note for the class').fill('Run it.\nThen run it again.');
  await shot(teacher, 'making');
});

test('it is made: one link, a code that leads there, a key that is told once', async () => {
  await button(teacher, 'Make the workshop').click();
  await teacher.getByRole('heading', { name: 'Races on Monday is ready' }).waitFor();
  const code = teacher.locator('.invite .qr');
  await code.waitFor();
  link = await teacher.locator('.invite .code-address a').getAttribute('href').then((path) => server.url + path);
  assert.equal(await read(teacher, code), link);
  key = await teacher.locator('.key').innerText();
  await shot(teacher, 'made');
  await button(teacher, 'Show the link on a projector').click();
  const large = teacher.locator('dialog .qr');
  await large.waitFor();
  assert.equal(await read(teacher, large), link);
  assert.ok((await large.boundingBox()).height > 350, 'it is large');
  assert.match(await teacher.locator('dialog .code-id').innerText(), /^\w{3}-\w{3}-\w{3}$/);
  await shot(teacher, 'projected-link');
  await teacher.keyboard.press('Escape');
  await button(teacher, 'I have kept it').click();
  await none(teacher.getByText(key));
  await teacher.getByRole('link', { name: 'Open the board' }).click();
  await teacher.locator('.invite .qr').waitFor();
});

async function takePart(page, name) {
  await page.getByLabel(/Your name|你的名字/).fill(name);
  await button(page, /^(Take part|参加)$/).click();
}

async function runStep(page) {
  await button(page, /^(Run|Run again|运行|再运行一次)$/).click();
  await page.waitForURL(/\/r\//);
  await page.locator('.workshop-strip strong').waitFor();
  await page.locator('.verdict').waitFor();
}

test('three join, by link, by id, and under a name of their own', async () => {
  const [ann, bob, lei] = class3;
  await ann.goto(link);
  await takePart(ann, ' ');
  await ann.getByText('Enter a name of 1 to 40 characters.').waitFor();
  await takePart(ann, 'Ann');
  await ann.getByText('Then run it again.').waitFor();
  await none(ann.getByText('What others saw'), 'not before one has run it');
  await runStep(ann);
  assert.match(await ann.locator('.workshop-strip').innerText(), /step 1 of 2 · Ann/);

  await bob.goto(`${server.url}/w`);
  await bob.getByLabel('Id of the workshop').fill('zzz-zzz-zzz');
  await button(bob, 'Go').click();
  await bob.getByText('There is no workshop with this id.').waitFor();
  await bob.getByLabel('Id of the workshop').fill(id().replaceAll('-', '').toUpperCase());
  await button(bob, 'Go').click();
  await bob.waitForURL(new RegExp(`/w/${id()}`));
  await takePart(bob, 'ann');
  await bob.getByText('Ann takes part already. Is that you, on another device?').waitFor();
  await button(bob, 'No, take another name').click();
  await takePart(bob, 'Bob');
  await runStep(bob);

  await lei.goto(link);
  await takePart(lei, '李雷');
  await runStep(lei);
  await lei.getByRole('link', { name: '下一个环节' }).click();
  await lei.waitForURL(/step=2/);
  await runStep(lei);
});

test('the board has filled meanwhile, without a reload', async () => {
  await teacher.locator('.board-table tbody tr').nth(2).waitFor();
  await teacher.locator('.tile:not(.going):not(.empty)').nth(3).waitFor();
  assert.match(await teacher.locator('.counts-line').innerText(), /^3 participants · 4 runs/);
  await teacher.getByText(/^\d of 3 saw:?$/).first().waitFor();
  const names = await teacher.locator('tbody th').allInnerTexts();
  assert.deepEqual([...names].sort(), ['Ann', 'Bob', '李雷']);
  await button(teacher, 'Progress').click();
  assert.equal(await teacher.locator('tbody th').first().innerText(), '李雷', 'who is furthest');
  await shot(teacher, 'board');
});

test('tiles are reached by arrows and open the run', async () => {
  const tile = teacher.locator('tbody tr').first().locator('.tile').first();
  await tile.focus();
  assert.equal(await teacher.locator('.board-table [tabindex="0"]').count(), 1, 'one tab stop');
  await teacher.keyboard.press('ArrowRight');
  await teacher.waitForFunction(() => /^李雷, step 2/.test(document.activeElement.textContent));
  await teacher.keyboard.press('Enter');
  await teacher.waitForURL(/\/r\//);
  await teacher.locator('.workshop-strip', { hasText: 'step 2 of 2 · 李雷' }).waitFor();
  await teacher.goBack();
  await teacher.locator('.tile').first().waitFor();
});

test('what others saw is shown to who has run it, and grows', async () => {
  const [ann, bob] = class3;
  await ann.getByRole('link', { name: 'Back to the workshop' }).click();
  await ann.getByRole('heading', { name: 'What others saw' }).waitFor();
  await ann.getByText(/^\d of 3 saw:?$/).first().waitFor();
  await shot(ann, 'step');
  await bob.getByRole('link', { name: 'Next step' }).click();
  await runStep(bob);
  await teacher.locator('tr', { hasText: 'Bob' }).locator('.tile:not(.empty)').nth(1).waitFor();
});

test('for the wall: large, without names if one likes', async () => {
  await teacher.getByLabel('Names').uncheck();
  await button(teacher, 'Projector').click();
  await teacher.locator('.projector').waitFor();
  await none(teacher.getByText('李雷'));
  assert.equal(await teacher.locator('.header').isVisible(), false);
  await shot(teacher, 'projector');
  await teacher.keyboard.press('Escape');
  await teacher.locator('.header').waitFor();
  await teacher.getByLabel('Names').check();
});

test('closed: nobody runs any more, everybody is told, everything is there', async () => {
  const [ann] = class3;
  await button(teacher, 'Close it').click();
  await teacher.getByText('This workshop is closed').first().waitFor();
  await ann.getByText('This workshop is closed').waitFor();
  await none(button(ann, /^Run/));
  await ann.getByRole('heading', { name: 'What others saw' }).waitFor();
  await button(teacher, 'Open it again').click();
  await button(ann, 'Run again').waitFor();
});

test('edited: notes and later steps; what was run stays as it is', async () => {
  await teacher.getByRole('link', { name: 'Edit', exact: true }).click();
  await teacher.waitForURL(/\/edit$/);
  await teacher.getByText('Steps that have runs already: 2.').waitFor();
  await none(button(teacher, /^Move step/));
  await teacher.locator('.make-step-title').first().click();
  await none(teacher.locator('.make-step-body .choice'), 'no form');
  await teacher.getByLabel('Note for the class').fill('Look closely.');
  await teacher.getByLabel('Add a step').fill('generator');
  await teacher.locator('.add-button').first().click();
  await teacher.getByLabel('Title').fill('Races on Tuesday');
  await button(teacher, 'Save the changes').click();
  await teacher.waitForURL(/\/board$/);
  await teacher.getByRole('heading', { name: 'Races on Tuesday' }).waitFor();
  assert.equal(await teacher.locator('.board-steps > li').count(), 3);
  const [ann] = class3;
  await ann.getByText('Look closely.').waitFor();
});

test('CSV has a line a run', async () => {
  const [download] = await Promise.all([
    teacher.waitForEvent('download'), teacher.getByRole('link', { name: 'Download CSV' }).click(),
  ]);
  assert.equal(download.suggestedFilename(), `workshop-${id()}.csv`);
  const answer = await fetch(`${server.url}/api/v1/workshops/${id()}/board?format=csv`);
  assert.equal((await answer.text()).trim().split('\r\n').length, 1 + 5);
});

test('without the key there are no controls; with it there are', async () => {
  const [, bob] = class3;
  await bob.goto(`${link}/board`);
  await bob.locator('.tile').first().waitFor();
  await none(button(bob, 'Close it'));
  await bob.getByText('I am the instructor').click();
  await bob.getByLabel(/The key you were shown/).fill('A'.repeat(22));
  await button(bob, 'Use the key').click();
  await bob.getByText('That is not the key of this workshop.').waitFor();
  await bob.getByLabel(/The key you were shown/).fill(key);
  await button(bob, 'Use the key').click();
  await button(bob, 'Close it').waitFor();
});

test('the board comes back by itself after the server was away', async () => {
  const { host } = new URL(server.url);
  await server.stop();
  await teacher.getByText('The connection was lost.').waitFor();
  server = await startServer('--database', join(folder, 'class.db'), '--listen', host);
  await teacher.getByText('The connection was lost.').waitFor({ state: 'detached' });
  const [ann] = class3;
  await ann.getByRole('link', { name: /each waits for the other/ }).click();
  await ann.waitForURL(/step=2/);
  await runStep(ann);
  await teacher.locator('tr', { hasText: 'Ann' }).locator('.tile:not(.empty):not(.going)').nth(1).waitFor();
});

test('this browser knows its workshops', async () => {
  await desk.goto(`${server.url}/history`);
  await desk.getByRole('link', { name: 'Races on Tuesday', exact: true }).waitFor();
  await desk.getByText('made here').waitFor();
});

test('a link to a setup is a code too', async () => {
  await desk.goto(`${server.url}/s/race-counter?n=7`);
  await button(desk, 'QR code').click();
  await desk.locator('dialog .qr').waitFor();
  assert.equal(await read(desk, desk.locator('dialog .qr')), `${server.url}/s/race-counter?n=7`);
  const [ann] = class3;
  const { href } = new URL(ann.url());
  await ann.getByText('Share', { exact: true }).click();
  await button(ann, 'QR code').click();
  await ann.locator('dialog .qr').waitFor();
  assert.equal((await read(ann, ann.locator('dialog .qr'))).split('#')[0], href.split('#')[0]);
  await ann.keyboard.press('Escape');
});

test('deleted once its id was typed; then it is nowhere', async () => {
  const [ann] = class3;
  await ann.goto(link);
  await ann.locator('.step-list').waitFor();
  await button(teacher, 'Delete').click();
  const yes = button(teacher, 'Delete it');
  assert.equal(await yes.isDisabled(), true);
  await teacher.getByLabel(/To confirm, type/).fill(id());
  await yes.click();
  await teacher.waitForURL(/\/w$/);
  await ann.getByText('There is no workshop with this link.').waitFor();
  await desk.goto(link);
  await desk.getByText('There is no workshop with this link.').waitFor();
  await desk.goto(`${server.url}/history`);
  await none(desk.getByText('Races on Tuesday'));
});

test('no page complained', () => {
  // But for the time the server was away.
  assert.deepEqual(people.complaints.filter((text) => !/net::ERR_|status of 503/.test(text)), []);
});
