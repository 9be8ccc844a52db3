import assert from 'node:assert/strict';
import { test } from 'node:test';
import { colour, drawn, none, pixels, run, started } from './help.mjs';

let server;
let browser;
started((aServer, aBrowser) => { [server, browser] = [aServer, aBrowser]; });

async function opened(path, options) {
  const page = await browser.newPage(options);
  await page.goto(server.url + path);
  return page;
}

test('from the gallery to a drawn timeline, and back by its link', async () => {
  const page = await opened('/');
  await page.getByRole('searchbox').fill('counter');
  await page.getByRole('link', { name: 'Two threads, one counter' }).click();
  await page.waitForURL(/\/s\/race-counter$/);
  await page.getByRole('radio', { name: 'a lock' }).check();
  await page.getByRole('textbox', { name: 'Operations per thread' }).fill('2000');
  await page.waitForURL(/variant=lock&n=2000$/);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.waitForURL(/\/r\/[\w-]+$/);
  await page.getByText('Ran to its end').waitFor();

  await page.locator('.console-line').waitFor();
  assert.equal(await page.locator('.verdict code').textContent(), 'count=0');
  assert.match(await page.locator('.verdict').textContent(), /As it should be/);
  assert.equal(await page.locator('.checks li.held').count(), 2);
  assert.match(await page.locator('.console-line').last().textContent(), /share = 0/);
  const holding = await colour(page, '--task-holding');
  const running = await colour(page, '--task-running');
  await page.waitForFunction(() => document.querySelectorAll('.lane-name').length >= 4);
  await drawn(page);
  const found = await pixels(page, [holding, running]);
  // How long each state lasted is the kernel's business; that both are drawn is ours.
  assert.ok(found[holding] > 0 && found[running] > 0, JSON.stringify(found));
  assert.ok(found[holding] + found[running] > 300, JSON.stringify(found));

  const link = page.url();
  await page.reload();
  await page.locator('.verdict code').waitFor();
  assert.equal(page.url(), link);
  assert.match(await page.locator('.console-line').last().textContent(), /share = 0/);
  await page.close();
});

test('a run is followed while it goes on', async () => {
  const page = await opened('/s/pipe-pipeline-eof?item_us=40000&items=30&limit_ms=9000');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.getByText('Running', { exact: true }).first().waitFor();
  await page.waitForFunction(() => document.querySelectorAll('.console-line').length >= 3);
  await none(page.locator('.verdict'), 'there is output before there is an outcome');
  assert.ok(await page.locator('.lane-name').count() >= 3);
  await page.locator('.verdict').waitFor();
  assert.match(await page.locator('.verdict').textContent(), /items=30 end/);
  await page.close();
});

test('who waits for whom in a deadlock', async () => {
  const made = await run(server.url, 'pipe-pipeline-eof', { drop_close: 'main-p1-write', limit_ms: 300 });
  const page = await opened(`/r/${made.id}`);
  await page.locator('.verdict', { hasText: made.explanation.en }).waitFor();
  const waits = await page.locator('.waits li').allTextContents();
  assert.equal(waits.length, made.waits_for.length);
  for (const wait of made.waits_for) {
    assert.ok(waits.some((line) => line.includes(wait.task) && line.includes(wait.object)), waits.join());
  }
  const graph = page.getByRole('img', { name: 'Graph of who waits for whom.' });
  assert.equal(await graph.locator('.graph-edge.circular').count(), 2 * made.waits_for.length);
  assert.ok((await graph.getAttribute('aria-label')).includes(waits[0]));
  const error = await colour(page, '--task-error');
  await drawn(page);
  assert.ok((await pixels(page, [error]))[error] > 30, 'waiting for ever is marked');
  await page.close();
});

test('the language is switched, kept, and said to the browser', async () => {
  const page = await opened('/');
  await page.getByRole('button', { name: '中文' }).click();
  await page.getByRole('heading', { name: '看清并发程序真正做了什么' }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'zh-CN');
  await page.reload();
  await page.getByRole('heading', { name: '两个线程一个计数器' }).waitFor();
  await page.getByRole('button', { name: 'English' }).click();
  await page.getByRole('heading', { name: 'Two threads, one counter' }).waitFor();
  await page.close();
});

test('dark colours are switched, kept, and reach the canvas', async () => {
  const made = await run(server.url, 'pool-map-order');
  const page = await opened(`/r/${made.id}`);
  await page.locator('.lane-name').first().waitFor();
  const light = await colour(page, '--task-running');
  await page.getByRole('button', { name: 'Switch to dark colours' }).click();
  const dark = await colour(page, '--task-running');
  assert.notEqual(light, dark);
  await drawn(page);
  const found = await pixels(page, [light, dark]);
  assert.ok(found[dark] > 500 && found[light] === 0, JSON.stringify(found));
  await page.reload();
  assert.equal(await colour(page, '--task-running'), dark);
  await page.close();
});

test('the timeline by keyboard: one tab stop, arrows, zoom, cause, help', async () => {
  const made = await run(server.url, 'pool-map-order');
  const page = await opened(`/r/${made.id}`);
  await page.locator('.lane-name').nth(6).waitFor();
  const lanes = page.getByRole('application', { name: 'Timeline' });
  await lanes.focus();
  await page.keyboard.press('ArrowRight');
  await page.locator('.details .sentence').waitFor();
  assert.match(await page.locator('.details .sentence').textContent(), /^main /);
  await page.keyboard.press('ArrowDown');
  assert.match(await page.locator('.details .sentence').textContent(), /^worker 1 /);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('[');
  assert.match(await page.locator('.details .sentence').textContent(), /^main /, 'its cause is in main');
  const before = await page.locator('.lanes canvas').evaluate((c) => c.toDataURL());
  await page.keyboard.press('w');
  await drawn(page);
  assert.notEqual(await page.locator('.lanes canvas').evaluate((c) => c.toDataURL()), before);
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  await none(page.locator('.timeline canvas[tabindex], .lane-name[tabindex]'));
  await page.close();
});

test('a line of output leads to its event and back', async () => {
  const made = await run(server.url, 'generator-send');
  const page = await opened(`/r/${made.id}`);
  await page.locator('.console-line').nth(2).click();
  await page.locator('.console-line.chosen').waitFor();
  assert.match(await page.locator('.details').textContent(), /print/);
  assert.equal(await page.locator('.turn').count() >= 6, true);
  await page.close();
});

test('a lost update is shown: who read, who wrote in between', async () => {
  const made = await run(server.url, 'race-counter', { n: 3000, window_ns: 10000 });
  const page = await opened(`/r/${made.id}`);
  await page.getByRole('button', { name: 'Show a lost update' }).click();
  assert.match(await page.locator('.details').textContent(), /cell\.wrote/);
  await page.getByRole('button', { name: 'Table' }).click();
  const events = await page.locator('.table-row').allTextContents();
  assert.ok(events.filter((line) => line.includes('cell.read')).length >= 1, events.join('\n'));
  assert.ok(events.filter((line) => line.includes('cell.wrote')).length >= 2, events.join('\n'));
  await page.close();
});

test('a click on a lane says what the task was doing', async () => {
  const made = await run(server.url, 'pool-map-order');
  const page = await opened(`/r/${made.id}`);
  await page.locator('.lane-name').nth(6).waitFor();
  const canvas = await page.locator('.lanes canvas').boundingBox();
  await page.mouse.click(canvas.x + canvas.width / 2, canvas.y + 12);
  assert.match(await page.locator('.details .sentence').textContent(), /^main waits for results of pool/);
  await page.close();
});

test('a value out of range is said at its field and nothing is sent', async () => {
  const page = await opened('/s/pool-map-order?workers=99');
  const field = page.getByRole('textbox', { name: 'Workers' });
  await page.getByText('Must be 1 to 16.').waitFor();
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  assert.equal(await field.evaluate((input) => input === document.activeElement), true);
  assert.equal(await field.getAttribute('aria-invalid'), 'true');
  assert.match(page.url(), /\/s\/pool-map-order/);
  await field.fill('3');
  await none(page.getByText('Must be 1 to 16.'));
  await page.close();
});

test('what only the server objects to is shown at the field too', async () => {
  const page = await opened('/s/pool-map-order');
  await page.route('**/api/v1/runs', async (route) => {
    const body = JSON.parse(route.request().postData());
    body.params.workers = 900;
    await route.continue({ postData: JSON.stringify(body) });
  });
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.locator('.field-error', { hasText: 'Must be 1 to 16.' }).waitFor();
  await page.close();
});

test('run again, change and run, delete', async () => {
  const page = await opened('/s/generator-send?rounds=2');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.waitForURL(/\/r\//);
  const first = page.url();
  await page.locator('.verdict').waitFor();
  await page.getByRole('button', { name: 'Run again' }).click();
  await page.waitForURL((url) => url.pathname.startsWith('/r/') && url.href !== first);
  await page.getByText('rounds=2').waitFor();
  await page.getByRole('link', { name: 'Change and run' }).click();
  await page.waitForURL(/\/s\/generator-send\?rounds=2$/);
  await page.goto(first);
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('button', { name: 'Delete it' }).click();
  await page.waitForURL(/\/s\/generator-send/);
  await page.goto(first);
  await page.getByText('There is no run with this link.').waitFor();
  await page.close();
});

test('an address that is none helps on', async () => {
  const page = await opened('/s/race-conter');
  await page.getByRole('heading', { name: 'There is nothing here' }).waitFor();
  await page.getByRole('link', { name: 'Two threads, one counter' }).click();
  await page.waitForURL(/\/s\/race-counter$/);
  await page.close();
});

test('no page complained', () => {
  assert.deepEqual(browser.complaints, []);
});
