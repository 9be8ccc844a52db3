// What a reader's system asks for: its own colours, less motion, fingers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { everyPage, show } from './every.mjs';
import { colour, drawn, none, started, watchTraffic } from './help.mjs';

let server;
let browser;
let pages;
started(async (aServer, aBrowser) => {
  [server, browser] = [aServer, aBrowser];
  pages = await everyPage(server.url);
});

/** What would tell something by a colour that forced colours take away. */
function lost() {
  const style = (e) => getComputedStyle(e);
  const all = (selector) => [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility());
  const wrong = [];
  for (const e of all('canvas, svg.chart')) {
    const own = style(e).forcedColorAdjust === 'none' && !/, 0\)$/.test(style(e).backgroundColor);
    if (!own) wrong.push(`${e.getAttribute('class')} has no ground of its own`);
  }
  const off = all('[aria-pressed="false"]').map((e) => style(e).backgroundColor);
  for (const e of all('[aria-pressed="true"]')) {
    if (off.includes(style(e).backgroundColor)) wrong.push(`${e.textContent} does not look pressed`);
  }
  for (const e of all('.chosen, .lane-name[aria-current]')) {
    const row = e.matches('.turn') ? e.firstElementChild : e;
    const ring = style(row).outlineStyle === 'solid' && parseFloat(style(row).outlineWidth) >= 2;
    if (!ring && style(row).forcedColorAdjust !== 'none') wrong.push(`${row.className} does not look chosen`);
  }
  for (const e of all('.share-fill')) {
    if (style(e).backgroundColor === style(e.parentElement).backgroundColor) wrong.push('a share is not seen');
  }
  for (const e of all('.level-swatch, .depth-swatch')) {
    if (style(e).backgroundColor === style(e.parentElement).backgroundColor) wrong.push(`${e.className} is not seen`);
  }
  return wrong;
}

for (const scheme of ['light', 'dark']) {
  test(`forced colours, ${scheme}`, async () => {
    const page = await browser.newPage({ theme: scheme === 'light' ? 'dark' : 'light' });
    const wanted = scheme === 'light' ? '#ffffff' : '#15181d';
    await page.emulateMedia({ forcedColors: 'active', colorScheme: scheme });
    const wrong = [];
    for (const [name, entry] of Object.entries(pages)) {
      await show(page, server.url, entry);
      assert.equal(await colour(page, '--surface'), wanted, `${name} is as light as the system, whatever was chosen`);
      wrong.push(...(await page.evaluate(lost)).map((one) => `${name}: ${one}`));
    }
    assert.deepEqual(wrong, []);
    await show(page, server.url, pages.help);
    await none(page.locator('.theme'), 'there is nothing to switch');
    await page.emulateMedia({ forcedColors: 'none' });
    await page.locator('.theme').waitFor();
    await page.close();
  });
}

test('the focus is seen in forced colours', async () => {
  const page = await browser.newPage();
  await page.emulateMedia({ forcedColors: 'active' });
  await show(page, server.url, pages.pool);
  for (let i = 0; i < 24; i++) {
    await page.keyboard.press('Tab');
    const ring = await page.evaluate(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
      return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 ? '' : document.activeElement.outerHTML;
    });
    assert.equal(ring, '');
  }
  await page.close();
});

test('with less motion nothing glides', async () => {
  const page = await browser.newPage();
  await page.emulateMedia({ reducedMotion: 'reduce' });
  for (const name of ['gallery', 'scenario', 'lock', 'explored', 'help']) {
    await show(page, server.url, pages[name]);
    const moving = await page.evaluate(() => [...document.querySelectorAll('*')]
      .filter((e) => parseFloat(getComputedStyle(e).transitionDuration) > 0 || getComputedStyle(e).animationName !== 'none')
      .map((e) => e.outerHTML.slice(0, 80)));
    assert.deepEqual(moving, [], name);
  }
  await page.goto(server.url);
  await page.locator('.card').first().waitFor();
  await page.getByRole('button', { name: /tour in six steps/ }).click();
  await page.locator('.toured').waitFor();
  const at = await page.evaluate(() => scrollY);
  assert.ok(at > 0, 'it went there at once');
  await page.waitForTimeout(300);
  assert.equal(await page.evaluate(() => scrollY), at, 'and stays');
  await page.close();
});

/** A phone: its window, a finger for a pointer. */
async function phone() {
  const context = await browser.context.browser().newContext({
    viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2, locale: 'en',
  });
  const page = await context.newPage();
  watchTraffic(page);
  const session = await context.newCDPSession(page);
  return { page, session, close: () => context.close() };
}

test('fingers find what they are for', async () => {
  const { page, close } = await phone();
  const small = [];
  for (const [name, entry] of Object.entries(pages)) {
    await show(page, server.url, entry);
    small.push(...(await page.evaluate(() => {
      // A link within a sentence is as high as its line.
      const inText = (e) => e.matches('a:not(.button, .small-button, .row-button)') && getComputedStyle(e).display === 'inline';
      return [...document.querySelectorAll('button, a, input, select, summary')]
        .filter((e) => e.checkVisibility({ opacityProperty: true }) && !inText(e) && !e.matches('.skip, [aria-hidden="true"]'))
        .map((e) => {
          const box = (e.closest('label') ?? e).getBoundingClientRect();
          const least = e.matches('.primary, .button') ? 44 : 24;
          return box.width > 0 && (box.height < least - 0.5 || box.width < 24) ? `${e.textContent || e.ariaLabel || e.type} ${Math.round(box.width)}×${Math.round(box.height)}` : '';
        }).filter((one) => one !== '');
    })).map((one) => `${name}: ${one}`));
  }
  assert.deepEqual(small, []);
  await close();
});

const seen = async (page) => {
  await page.waitForTimeout(400);
  const said = new URLSearchParams(new URL(page.url()).hash.slice(1)).get('v');
  return said === null ? null : said.split('~').map(Number);
};

/** Fingers that go from one point to another at the same time. */
async function drag({ page, session }, ...ways) {
  const touch = (type, at) => session.send('Input.dispatchTouchEvent', {
    type, touchPoints: at === null ? [] : ways.map(([from, to], id) => ({ id, x: from[0] + (to[0] - from[0]) * at, y: from[1] + (to[1] - from[1]) * at })),
  });
  await touch('touchStart', 0);
  for (let i = 1; i <= 10; i++) {
    await touch('touchMove', i / 10);
    await drawn(page);
  }
  await touch('touchEnd', null);
}

test('a finger moves the timeline sideways and the page up and down; two zoom', async () => {
  const { page, session, close } = await phone();
  const fingers = (...ways) => drag({ page, session }, ...ways);
  await show(page, server.url, pages.pool);
  await page.locator('.lanes canvas').scrollIntoViewIfNeeded();
  await page.evaluate(() => scrollBy(0, document.querySelector('.lanes').getBoundingClientRect().top - 300));
  await drawn(page);
  const box = await page.locator('.lanes canvas').boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const before = await page.evaluate(() => scrollY);
  await fingers([[x, y], [x, y - 200]]);
  assert.ok(await page.evaluate(() => scrollY) > before + 100, 'the page scrolls under a finger on the lanes');
  await page.evaluate((top) => scrollTo(0, top), before);
  await page.waitForTimeout(400);
  await fingers([[x - 30, y], [x - 90, y]], [[x + 30, y], [x + 90, y]]);
  const near = await seen(page);
  assert.ok(near !== null, 'two fingers zoom');
  assert.equal(await page.evaluate(() => visualViewport.scale), 1, 'the lanes, not the page');
  await fingers([[x + 50, y], [x - 50, y]]);
  const later = await seen(page);
  assert.ok(later[0] > near[0], 'one finger moves what is in sight');
  assert.ok(Math.abs((later[1] - later[0]) - (near[1] - near[0])) < 2, 'at the same scale');
  assert.equal(await page.evaluate(() => scrollX), 0);
  await close();
});

test('on a phone the tour does not lie over what it points at', async () => {
  const { page, close } = await phone();
  await page.goto(server.url);
  await page.getByRole('button', { name: /tour in six steps/ }).click();
  for (let i = 1; i <= 6; i++) {
    await page.getByText(`Step ${i} of 6`).waitFor();
    const shown = page.locator('.toured');
    await shown.waitFor();
    await page.waitForFunction(() => {
      const { left, top, width, height } = document.querySelector('.toured').getBoundingClientRect();
      const there = document.elementFromPoint(left + width / 2, top + Math.min(height / 2, 40));
      return there !== null && there.closest('.tour') === null && there.closest('.setup-actions, .toured') !== null;
    });
    if (i < 6) await page.locator('.tour .primary').click();
  }
  await close();
});

test('no page complained', () => {
  assert.deepEqual(browser.complaints, []);
});
