// What a page fetches, and what one sees while its code is on its way or does not come.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawn, none, run, started } from './help.mjs';

let server;
let browser;
started((aServer, aBrowser) => { [server, browser] = [aServer, aBrowser]; });

const code = (name) => new RegExp(`/assets/${name}-[A-Z0-9]{8}\\.js$`);

/** A tab with nothing in its cache, and the names of the scripts that it has asked for. */
async function fresh(options) {
  const page = await browser.newPage(options);
  const session = await browser.context.newCDPSession(page);
  await session.send('Network.setCacheDisabled', { cacheDisabled: true });
  const scripts = [];
  page.on('response', (response) => {
    const name = /\/assets\/(.*)-[A-Z0-9]{8}\.js$/.exec(response.url())?.[1];
    if (name !== undefined) scripts.push({ name, headers: response.headers() });
  });
  return { page, asked: (name) => scripts.some((one) => one.name === name), scripts };
}

/** Keeps a script back until it is let go. */
async function hold(page, name) {
  let release;
  const held = new Promise((resolve) => { release = resolve; });
  await page.route(code(name), async (route) => {
    await held;
    await route.continue();
  });
  return release;
}

const shown = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor();

test('the gallery fetches what it needs in one language, and may keep it', async () => {
  const { page, asked, scripts } = await fresh();
  await page.goto(server.url, { waitUntil: 'networkidle' });
  await page.locator('.card').first().waitFor();
  assert.ok(asked('main') && asked('Gallery') && asked('en'));
  for (const name of ['zh-CN', 'RunPage', 'ScenarioPage', 'ExperimentPage', 'HelpPage', 'Help', 'Tour']) {
    assert.ok(!asked(name), name);
  }
  for (const { name, headers } of scripts) {
    assert.match(headers['cache-control'], /immutable/, name);
    assert.equal(headers['content-encoding'], 'br', name);
  }
  await page.getByRole('button', { name: '中文' }).click();
  await shown(page, '看清并发程序真正做了什么');
  assert.ok(asked('zh-CN'));
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  assert.ok(asked('Help'));
  await page.getByRole('dialog').getByRole('link').click();
  await page.waitForURL(/\/help$/);
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  await page.close();
});

test('what a page needs is asked for before its script runs', async () => {
  const made = await run(server.url, 'pool-map-order');
  const { page, asked } = await fresh({ language: 'zh-CN' });
  const release = await hold(page, 'main');
  const came = ['RunPage', 'zh-CN'].map((name) => page.waitForResponse(code(name)));
  await page.goto(`${server.url}/r/${made.id}`, { waitUntil: 'commit' });
  await Promise.all(came);
  await none(page.locator('#app > *'));
  release();
  await page.locator('.lane-name').first().waitFor();
  assert.ok(!asked('Gallery') && !asked('en'));
  await page.close();
});

test('until a page has come the one before stays, and its address', async () => {
  const { page } = await fresh();
  await page.goto(server.url);
  await page.locator('.card').first().waitFor();
  const release = await hold(page, 'ScenarioPage');
  const link = page.getByRole('link', { name: 'Two threads, one counter' });
  await link.scrollIntoViewIfNeeded();
  const before = await page.evaluate(() => scrollY);
  await link.click();
  assert.equal(new URL(page.url()).pathname, '/');
  assert.ok(await page.locator('.card').count() > 0);
  assert.equal(await page.evaluate(() => scrollY), before);
  release();
  await shown(page, 'Two threads, one counter');
  assert.equal(new URL(page.url()).pathname, '/s/race-counter');
  assert.equal(await page.evaluate(() => scrollY), 0);
  await page.goBack();
  await page.locator('.card').first().waitFor();
  await page.close();
});

test('who asks for another page meanwhile gets that one', async () => {
  const { page } = await fresh();
  await page.goto(server.url);
  const release = await hold(page, 'HelpPage');
  await page.getByRole('link', { name: 'Help', exact: true }).click();
  await page.getByRole('link', { name: 'History' }).click();
  await shown(page, 'What you ran');
  const came = page.waitForResponse(code('HelpPage'));
  release();
  await came;
  await drawn(page);
  assert.equal(new URL(page.url()).pathname, '/history');
  await shown(page, 'What you ran');
  await page.close();
});

test('what was started meanwhile does not lead away from where one is going', async () => {
  const made = await run(server.url, 'race-counter', { n: 20 });
  const { page } = await fresh();
  await page.goto(`${server.url}/r/${made.id}`);
  let answer;
  const answered = new Promise((resolve) => { answer = resolve; });
  await page.route('**/api/v1/runs*', async (route) => {
    await answered;
    await route.continue();
  });
  const release = await hold(page, 'HelpPage');
  await page.locator('.actions .menu summary').click();
  await page.getByRole('button', { name: 'a lock', exact: true }).click();
  await page.getByRole('link', { name: 'Help', exact: true }).click();
  const came = page.waitForResponse((response) => response.request().method() === 'POST');
  answer();
  await came;
  await drawn(page);
  release();
  await page.waitForURL(/\/help$/);
  await page.locator('.guide-states').waitFor();
  assert.equal(new URL(page.url()).pathname, '/help');
  await page.close();
});

test('code that does not come is told, with a way on', async () => {
  const made = await run(server.url, 'pool-map-order');
  const { page } = await fresh();
  await page.route(code('RunPage'), (route) => route.fulfill({ status: 404, body: '' }));
  await page.goto(`${server.url}/r/${made.id}`);
  await page.getByRole('alert').getByText('A part of the page did not come.').waitFor();
  await page.unroute(code('RunPage'));
  await page.getByRole('button', { name: 'Load the page anew' }).click();
  await page.locator('.lane-name').first().waitFor();
  await page.close();
});

test('a picture whose code does not come is told beside its menu', async () => {
  const made = await run(server.url, 'pool-map-order');
  const { page } = await fresh();
  await page.goto(`${server.url}/r/${made.id}`);
  await page.locator('.lane-name').first().waitFor();
  await page.route(code('picture'), (route) => route.abort());
  await page.locator('.toolbar .menu summary').click();
  await page.getByText('Download as SVG').click();
  await page.locator('.toolbar').getByRole('alert').getByText('A part of the page did not come.').waitFor();
  await page.close();
});

test('a language whose texts do not come is told in the one there is', async () => {
  const { page } = await fresh();
  await page.goto(server.url);
  await page.route(code('zh-CN'), (route) => route.abort());
  await page.getByRole('button', { name: '中文' }).click();
  await page.getByRole('alert').getByText('A part of the page did not come.').waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'en');
  await page.close();
});

for (const name of ['main', 'en']) {
  test(`without ${name} there is still a sentence in both languages`, async () => {
    const { page } = await fresh();
    await page.route(code(name), (route) => route.abort());
    await page.goto(`${server.url}/#c=order`);
    await page.getByText('The page did not come in full. 页面没有完整加载。').waitFor();
    await page.unroute(code(name));
    await page.getByRole('link', { name: '重新加载' }).click();
    await page.locator('.card').first().waitFor();
    assert.equal(new URL(page.url()).hash, '#c=order', 'the whole address');
    await page.close();
  });
}
