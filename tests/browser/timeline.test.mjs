// What a reader can do with the timeline, and that the address holds all of it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { colour, drawn, none, pixels, run, settled, started } from './help.mjs';

let server;
let browser;
let pool;
started(async (aServer, aBrowser) => {
  [server, browser] = [aServer, aBrowser];
  pool = await run(server.url, 'pool-map-order');
});

async function opened(path, options) {
  const page = await browser.newPage(options);
  await page.goto(server.url + path);
  await page.locator('.lane-name').first().waitFor();
  await settled(page);
  return page;
}

const SETTLES_MS = 400;
const fragment = async (page) => {
  await page.waitForTimeout(SETTLES_MS);
  return new URLSearchParams(new URL(page.url()).hash.slice(1));
};
const press = async (page, ...keys) => {
  await page.locator('.lanes').focus();
  for (const key of keys) await page.keyboard.press(key);
};
const picture = (page) => page.evaluate(() => document.querySelector('.lanes canvas').toDataURL());
const names = (page) => page.locator('.lane-name .lane-title').allTextContents();

test('rows stand in groups, which fold; each object has its strip', async () => {
  const page = await opened(`/r/${pool.id}`);
  assert.deepEqual(await page.locator('.group-head').allTextContents().then((all) => all.map((t) => t.replace(/[\s\d]+$/, ''))),
    ['Processes', 'Threads', 'Objects']);
  assert.ok((await names(page)).includes('task queue'));
  const { [await colour(page, '--level')]: level } = await pixels(page, [await colour(page, '--level')]);
  assert.ok(level > 20, 'the queues are filled now and then');
  const before = (await names(page)).length;
  await page.getByRole('button', { name: /^Objects/ }).click();
  assert.ok((await names(page)).length < before);
  assert.equal((await fragment(page)).get('f'), 'object');
  await page.close();
});

test('zoom, selection, marks and pins are in the address, and come back from it', async () => {
  const page = await opened(`/r/${pool.id}`);
  await press(page, 'ArrowDown', 'ArrowRight', 'ArrowRight', 'm', 'p', '>', '>', 'w', 'w');
  const said = await fragment(page);
  assert.match(said.get('v'), /^-?[\d.]+~[\d.]+$/);
  assert.match(said.get('s'), /^\d+@\d+e$/);
  assert.match(said.get('m'), /^\d+$/);
  assert.match(said.get('p'), /^t\d+$/);
  const [address, shown, pinned] = [page.url(), await picture(page), await page.locator('.pinned-names .lane-title').textContent()];
  const other = await opened(new URL(address).pathname + new URL(address).hash);
  await drawn(other);
  assert.equal(await other.locator('.pinned-names .lane-title').textContent(), pinned);
  assert.equal(await picture(other), shown, 'the same picture, to the pixel');
  const whole = (of) => of.toString().replace(/\.\d+/g, '');
  assert.equal(whole(await fragment(other)), whole(said));
  await page.close();
  await other.close();
});

test('the arrows reach objects too: what they do is said, and the address holds it', async () => {
  const page = await opened(`/r/${pool.id}`);
  const said = page.locator('.timeline [role="status"]').first();
  const chosen = page.locator('.lane-name[aria-current="true"] .lane-title');
  const rows = await names(page);
  await press(page, ...rows.map(() => 'ArrowDown'));
  assert.equal(await chosen.textContent(), rows.at(-1), 'the last row is an object, and the way ends there');
  assert.equal(rows.at(-1), 'result queue');
  await press(page, 'ArrowUp');
  assert.equal(await chosen.textContent(), 'task queue');
  for (let i = 0; i < 40 && !/Waiting for it: worker/.test(await said.textContent()); i++) await press(page, 'ArrowRight');
  assert.match(await said.textContent(), /^task queue: has \d+ items? of at most [\d,]+\. Waiting for it: worker \d/);
  const moment = await said.textContent();
  await press(page, 'ArrowRight', 'ArrowLeft');
  assert.equal(await said.textContent(), moment, 'there and back');
  assert.match(await page.locator('.details .sentence').textContent(), /^task queue has \d/);
  assert.ok((await pixels(page, [await colour(page, '--accent')]))[await colour(page, '--accent')] > 40, 'the box is drawn');
  assert.match((await fragment(page)).get('s'), /^o\d+@\d+$/);
  const shown = await picture(page);
  await page.reload();
  await page.locator('.details .sentence').waitFor();
  await drawn(page);
  assert.equal(await said.textContent(), moment);
  assert.equal(await picture(page), shown, 'the same picture, to the pixel');
  await press(page, '.');
  assert.match((await fragment(page)).get('s'), /^o\d+@\d+e$/);
  await press(page, 'p');
  assert.equal(await page.locator('.pinned-names .lane-title').textContent(), 'task queue');
  await press(page, 'o');
  assert.equal(await chosen.textContent(), 'task queue', 'by order, too');
  await press(page, 'o', 'ArrowDown');
  assert.equal(await chosen.textContent(), 'main', 'the tasks are below what is pinned');
  await page.close();
});

test('a click on an object says how things are with it', async () => {
  const page = await opened(`/r/${pool.id}`);
  const name = await page.locator('.lane-name', { hasText: 'task queue' }).boundingBox();
  const canvas = await page.locator('.lanes canvas').boundingBox();
  await page.mouse.click(canvas.x + canvas.width / 2, name.y + name.height / 2);
  assert.match(await page.locator('.details .sentence').textContent(), /^task queue has \d+ items?/);
  await page.close();
});

test('a move is taken back and done again', async () => {
  const page = await opened(`/r/${pool.id}`);
  const start = await picture(page);
  await press(page, 'w');
  await drawn(page);
  const near = await picture(page);
  assert.notEqual(near, start);
  await press(page, 'z');
  await drawn(page);
  assert.equal(await picture(page), start);
  await press(page, 'Z');
  await drawn(page);
  assert.equal(await picture(page), near);
  await page.close();
});

test('a search finds events, counts them and goes from one to the next', async () => {
  const page = await opened(`/r/${pool.id}`);
  await page.getByRole('searchbox').fill('queue.got task');
  const status = page.locator('.timeline-search [role="status"]');
  const count = Number((await status.textContent()).split(' ')[0]);
  assert.ok(count > 3);
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  assert.equal(await status.textContent(), `2 of ${count}`);
  assert.match(await page.locator('.details').textContent(), /queue\.got task queue/);
  await page.keyboard.press('Shift+Enter');
  assert.equal(await status.textContent(), `1 of ${count}`);
  await page.getByRole('searchbox').fill('nothing-like-it');
  assert.equal(await status.textContent(), '0 events');
  await page.close();
});

test('by order every event has the same room; the moment stays selected', async () => {
  const page = await opened(`/r/${pool.id}`);
  await press(page, 'ArrowRight', '>', '>');
  const details = await page.locator('.details dl').textContent();
  const at = (await fragment(page)).get('s');
  await page.getByRole('button', { name: 'By order' }).click();
  const said = await fragment(page);
  assert.deepEqual([said.get('c'), said.get('s')], ['order', at]);
  assert.equal(await page.locator('.details dl').textContent(), details);
  await press(page, '>', '<');
  assert.equal((await fragment(page)).get('s'), at);
  await page.close();
});

test('a replay goes through the run and takes details along; a step is an event', async () => {
  const page = await opened(`/r/${pool.id}`);
  await page.locator('.replay select').selectOption({ label: '4×' });
  await page.getByRole('button', { name: 'Play' }).click();
  await page.waitForTimeout(700);
  await page.getByRole('button', { name: 'Pause' }).click();
  const at = (await fragment(page)).get('s');
  assert.match(at, /^\d+@\d+e$/);
  const slider = page.getByRole('slider', { name: 'Moment of the run' });
  assert.ok(Number(await slider.inputValue()) > 0);
  await page.getByRole('button', { name: 'Next event of any task' }).click();
  const next = (await fragment(page)).get('s');
  assert.ok(Number(next.split('@')[1].slice(0, -1)) >= Number(at.split('@')[1].slice(0, -1)));
  await page.getByRole('button', { name: 'Previous event of any task' }).click();
  assert.equal((await fragment(page)).get('s'), at);
  await slider.fill('1000');
  assert.match(await page.locator('.details').textContent(), /task\.ended/);
  await page.close();
});

test('with less motion a replay goes from event to event', async () => {
  const page = await browser.newPage();
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.goto(`${server.url}/r/${pool.id}`);
  await page.locator('.lane-name').first().waitFor();
  await page.locator('.replay select').selectOption({ label: '4×' });
  await page.getByRole('button', { name: 'Play' }).click();
  await page.waitForTimeout(600);
  await page.getByRole('button', { name: 'Pause' }).click();
  const t = Number((await fragment(page)).get('s').split('@')[1].slice(0, -1));
  assert.ok(t < 1_000_000, 'a few events on, not a share of the time');
  await page.close();
});

test('the minimap leads anywhere', async () => {
  const page = await opened(`/r/${pool.id}`);
  await press(page, 'w', 'w', 'w');
  const map = await page.locator('.minimap canvas').boundingBox();
  await page.mouse.click(map.x + map.width * 0.9, map.y + 10);
  const [from] = (await fragment(page)).get('v').split('~').map(Number);
  assert.ok(from > pool.metrics.wall_ns * 0.5);
  await page.close();
});

test('the line of the program goes with the selected moment', async () => {
  const page = await opened(`/r/${pool.id}`);
  await none(page.locator('.program'), 'nothing is selected');
  await page.getByRole('searchbox').fill('item.delivered');
  await page.keyboard.press('Enter');
  const lit = page.locator('.program .place-row.lit');
  await lit.waitFor();
  assert.match(await lit.textContent(), /pool_\w+\(|imap_next\(|async_get\(/);
  const line = await lit.getAttribute('data-line');
  assert.equal(await page.locator('.details dt', { hasText: 'Line' }).locator('+ dd').textContent(), line);
  assert.match(await lit.locator('.place-mark').textContent(), /^main /);
  await page.close();
});

test('an item is followed', async () => {
  const page = await opened(`/r/${pool.id}`);
  const plain = await picture(page);
  await page.getByRole('searchbox').fill('item.started =3');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Follow' }).click();
  assert.equal((await fragment(page)).get('i'), '3');
  assert.notEqual(await picture(page), plain);
  await page.close();
});

test('the picture is kept as SVG and PNG', async () => {
  const page = await opened(`/r/${pool.id}`);
  for (const [label, start] of [['SVG', Buffer.from('<svg ')], ['PNG', Buffer.from([0x89, 0x50, 0x4e, 0x47])]]) {
    await page.locator('.toolbar .menu summary').click();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByText(`Download as ${label}`).click()]);
    const bytes = readFileSync(await download.path());
    assert.ok(bytes.subarray(0, start.length).equals(start), label);
    assert.ok(bytes.length > 5000, label);
  }
  await page.close();
});

test('a link and a frame show what the sender sees', async () => {
  const page = await opened(`/r/${pool.id}`);
  await press(page, 'ArrowRight', 'w', 'w');
  await fragment(page);
  await browser.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.locator('.toolbar .menu summary').click();
  await page.getByText('Copy code to embed it').click();
  const code = await page.evaluate(() => navigator.clipboard.readText());
  const address = /src="([^"]+)"/.exec(code)[1].replaceAll('&amp;', '&');
  assert.equal(new URL(address).hash, new URL(page.url()).hash);
  const theirs = createServer((_, answer) => {
    answer.setHeader('Content-Type', 'text/html');
    answer.end(`<title>a page of somebody else</title>${code}`);
  });
  await new Promise((resolve) => { theirs.listen(0, '127.0.0.1', resolve); });
  const host = await browser.newPage();
  await host.goto(`http://127.0.0.1:${theirs.address().port}/`);
  const frame = host.frameLocator('iframe');
  await frame.locator('.lane-name').first().waitFor();
  await none(frame.locator('header.header'));
  assert.match(await frame.locator('h1 a').getAttribute('href'), new RegExp(`^/r/${pool.id}#v=`));
  await frame.locator('.toolbar .menu summary').click();
  await frame.getByRole('button', { name: 'Copy code to embed it' }).click();
  await frame.locator('.menu-list').getByText('Copied').waitFor();
  await host.close();
  theirs.close();
  await page.close();
});

test('over plain HTTP a link is copied too, and the menu stays', async () => {
  const page = await browser.newPage();
  await page.addInitScript(() => {
    Object.defineProperty(navigator, 'clipboard', { value: undefined });
    addEventListener('copy', ({ target }) => { window.copied = target.value; });
  });
  await page.goto(`${server.url}/r/${pool.id}`);
  await page.locator('.lane-name').first().waitFor();
  await press(page, 'ArrowRight', 'w');
  await fragment(page);
  await page.locator('.toolbar .menu summary').focus();
  for (const key of ['Enter', 'Tab', 'Enter']) await page.keyboard.press(key);
  await page.locator('.menu-list').getByText('Copied').waitFor();
  assert.equal(await page.evaluate(() => window.copied), page.url());
  await page.waitForFunction(() => document.activeElement.textContent === 'Copied');
  await page.close();
});

test('no page complained', () => {
  // The browser tells that a frame may not have the clipboard; it has the other way.
  assert.deepEqual(browser.complaints.filter((text) => !/Clipboard API has been blocked/.test(text)), []);
});
