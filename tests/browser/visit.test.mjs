// A learner's visit: the tour, a guess and what came of it, two runs beside each other, what was run.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { none, run, settled, started } from './help.mjs';

let server;
let browser;
started((aServer, aBrowser) => { [server, browser] = [aServer, aBrowser]; });

async function opened(path, options) {
  const page = await browser.newPage(options);
  await page.goto(server.url + path);
  await settled(page);
  return page;
}

test('six steps lead from the gallery to a replayed run', async () => {
  const page = await opened('/');
  await page.getByRole('button', { name: /tour in six steps/ }).click();
  const tour = page.getByRole('complementary', { name: 'Guided tour' });
  const seen = [];
  for (let i = 1; i <= 6; i++) {
    await tour.getByText(`Step ${i} of 6`).waitFor();
    await page.locator('.toured').waitFor();
    seen.push(new URL(page.url()).pathname.split('/')[1]);
    await tour.getByRole('button', { name: i < 6 ? 'Next' : 'Done' }).click();
  }
  assert.deepEqual(seen, ['', 's', 's', 'r', 'r', 'r']);
  await none(tour);
  await none(page.locator('.toured'));
  await page.close();
});

test('who does what a step says is at the next one; who goes elsewhere is told so', async () => {
  const page = await opened('/');
  await page.getByRole('button', { name: /tour in six steps/ }).click();
  const tour = page.getByRole('complementary', { name: 'Guided tour' });
  await page.locator('.toured').click();
  await tour.getByText('Step 2 of 6').waitFor();
  await page.getByRole('link', { name: 'Help' }).first().click();
  await tour.getByText('You have gone another way.').waitFor();
  await tour.getByRole('button', { name: 'Start the tour again' }).click();
  await tour.getByText('Step 1 of 6').waitFor();
  await tour.getByRole('button', { name: 'End the tour' }).click();
  await none(tour);
  await page.close();
});

test('the meaning is hidden until one has guessed and run, or asks for it', async () => {
  const page = await opened('/s/race-counter?variant=lock&n=100');
  await none(page.getByRole('heading', { name: 'What it teaches' }));
  const guess = page.getByRole('group', { name: /Guess before you run/ });
  await guess.getByLabel('count=0').check();
  await page.getByText('Noted. Now run it.').waitFor();
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.locator('.predicted').waitFor();
  assert.match(await page.locator('.predicted').textContent(), /You expected count=0 – and so it was/);
  await page.goBack();
  await page.getByRole('heading', { name: 'What it teaches' }).waitFor();
  await none(guess, 'it is known by now');
  const other = await opened('/s/deadlock-two-locks');
  await other.getByRole('button', { name: 'Show what each of them means' }).click();
  await other.getByRole('heading', { name: 'What it teaches' }).waitFor();
  await page.close();
  await other.close();
});

test('the broken and the fixed one under one ruler, and where they part', async () => {
  const page = await opened('/');
  const made = await page.request.post(`${server.url}/api/v1/runs?wait=20`, {
    data: { scenario: 'race-counter', params: { n: 50 }, schedule: { mode: 'random', seed: 3 } } });
  const { id } = await made.json();
  await page.goto(`${server.url}/r/${id}`);
  await page.locator('.actions .menu summary').click();
  await page.getByRole('button', { name: 'a lock', exact: true }).click();
  await page.waitForURL(new RegExp(`/c/${id}/`));
  await page.getByRole('rowheader', { name: 'Protection' }).waitFor();
  assert.match(await page.locator('.compare-table').first().textContent(), /Protectionnonea lock/);
  await page.getByText(/The first \d+ events? (is|are) the same/).waitFor();
  const canvases = () => page.evaluate(() => [...document.querySelectorAll('.ruler:not(.minimap) canvas')].map((c) => c.toDataURL()));
  await page.locator('.lanes').first().focus();
  for (const key of ['w', 'w', 'a']) await page.keyboard.press(key);
  await page.waitForTimeout(200);
  const bare = (await canvases()).map((data) => data.length);
  assert.equal(bare.length, 2);
  const views = await page.evaluate(() => new URLSearchParams(location.hash.slice(1)).get('v'));
  await page.locator('.lanes').nth(1).focus();
  await page.keyboard.press('0');
  await page.waitForTimeout(500);
  assert.notEqual(await page.evaluate(() => new URLSearchParams(location.hash.slice(1)).get('v')), views,
    'a move in one is a move in both');
  await page.locator('.compare-below .link-button').first().click();
  await page.waitForTimeout(400);
  assert.match(page.url(), /s=\d+@\d+e/);
  await page.close();
});

test('what one looks at in both of two runs comes back from the address', async () => {
  const made = [await run(server.url, 'pool-map-order'), await run(server.url, 'pool-map-order', { workers: 2 })];
  const page = await opened(`/c/${made[0].id}/${made[1].id}`);
  const lanes = page.locator('.lanes');
  const press = async (side, ...keys) => {
    await lanes.nth(side).focus();
    for (const key of keys) await page.keyboard.press(key);
  };
  const said = () => page.locator('.timeline > [role="status"]').allTextContents();
  await page.locator('.pair').waitFor();
  await page.getByText(/The first \d+ events? (is|are) the same/).waitFor();
  await press(0, 'ArrowDown', 'ArrowRight', 'w');
  await press(1, 'ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowRight', 'p');
  await page.waitForTimeout(500);
  const held = new URLSearchParams(new URL(page.url()).hash.slice(1));
  for (const key of ['v', 's', 's2', 'p2', 'm2']) assert.ok(held.has(key), `${key} of ${page.url()}`);
  assert.ok(!held.has('p') && !held.has('v2'), 'what is in sight is one’s for both');
  const [address, sentences] = [page.url(), await said()];
  assert.ok(sentences.length === 2 && sentences.every((text) => text !== '') && sentences[0] !== sentences[1], sentences.join());
  await page.reload();
  await page.locator('.pair').waitFor();
  await page.waitForFunction(() => [...document.querySelectorAll('.timeline > [role="status"]')].filter((p) => p.textContent !== '').length === 2);
  assert.deepEqual(await said(), sentences);
  assert.equal(await page.locator('.compare-side').nth(1).locator('.pinned-names .lane-name').count(), 1);
  await page.waitForTimeout(500);
  const whole = (text) => text.replace(/\.\d+/g, '');
  assert.equal(whole(page.url()), whole(address));
  await page.close();
});

test('how long the waits of two runs were: told, drawn to one scale, and as numbers', async () => {
  const made = [await run(server.url, 'deadlock-two-locks'), await run(server.url, 'race-counter')];
  const page = await opened(`/c/${made[0].id}/${made[1].id}`);
  const panel = page.locator('.pair-panel');
  await panel.locator('p', { hasText: /^Run A: \d+ waits?, .* together\./ }).waitFor();
  await panel.locator('p', { hasText: /^Run B: / }).waitFor();
  await panel.locator('summary').click();
  const cells = await panel.locator('tbody tr').evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll('td')].map((td) => Number(td.textContent))));
  const counted = (side) => cells.reduce((sum, row) => sum + row[side], 0);
  const told = Number(/^Run A: (\d+)/.exec(await panel.locator('p').first().textContent())[1]);
  assert.equal(counted(0), told);
  const boxes = await panel.locator('.column').evaluateAll((all) => all.map((box) => [Number(box.getAttribute('y')), Number(box.getAttribute('height'))]));
  assert.equal(boxes.length, cells.flat().filter((count) => count > 0).length, 'a column for every number');
  const [above, below] = await panel.locator('.chart-axis').evaluateAll((all) => all.map((line) => Number(line.getAttribute('y1'))));
  for (const [y, height] of boxes) assert.ok(Math.abs(y + height - above) < 0.01 || y === below, 'on the axis');
  assert.match(await panel.locator('svg').getAttribute('aria-label'), /Run A: .* Run B: /);
  await page.getByRole('button', { name: '中文' }).click();
  await panel.locator('p', { hasText: /^运行 A：等待 \d+ 次/ }).waitFor();
  await page.close();
});

test('equal runs are said to be equal; a run that is not there is said so', async () => {
  const setup = { scenario: 'race-counter', params: { n: 5 }, schedule: { mode: 'round-robin' } };
  const page = await opened('/');
  const make = async () => (await (await page.request.post(`${server.url}/api/v1/runs?wait=20`, { data: setup })).json()).id;
  const [a, b] = [await make(), await make()];
  await page.goto(`${server.url}/c/${a}/${b}`);
  await page.getByText('They do the same, event by event.').waitFor();
  await page.getByText('Both have the same setup').waitFor();
  await page.goto(`${server.url}/c/${a}/nothing`);
  await page.getByRole('heading', { name: 'There is nothing here' }).waitFor();
  await page.close();
});

test('what was run in this browser is found again, and compared', async () => {
  const page = await opened('/');
  const post = (scenario, params) => page.request.post(`${server.url}/api/v1/runs?wait=20`, { data: { scenario, params } });
  await post('generator-send', { rounds: 2 });
  await post('generator-send', { rounds: 3 });
  await run(server.url, 'semaphore-signal', { rounds: 1, delay_ms: 0 });
  await page.goto(`${server.url}/history`);
  const lines = page.locator('.history-line');
  await lines.first().waitFor();
  const all = await lines.count();
  await none(page.getByText('Semaphore', { exact: false }), 'not what somebody else ran');
  await page.getByRole('searchbox').fill('generator-send rounds=3');
  await page.getByText('1 run', { exact: true }).waitFor();
  assert.ok(all > 1);
  await page.getByRole('searchbox').fill('generator-send');
  await lines.nth(0).getByRole('button', { name: 'Compare' }).click();
  await lines.nth(1).getByRole('link', { name: 'Compare with this one' }).click();
  await page.waitForURL(/\/c\//);
  await page.locator('.compare-table').first().waitFor();
  await page.close();
});

test('the help has every key that works', async () => {
  const page = await opened('/help');
  const keys = await page.locator('.help-keys kbd').allTextContents();
  for (const key of ['W', 'S', 'A', 'D', 'F', '0', 'M', 'N', 'P', 'O', 'Z', ',', '.', '<', '>', '[', ']', 'Esc', '?']) assert.ok(keys.includes(key), key);
  await page.close();
});

test('no page complained', () => {
  assert.deepEqual(browser.complaints, []);
});
