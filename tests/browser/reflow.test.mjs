// Every page at 200 and 400 % and with a reader's own text spacing: nothing is cut, nothing has to be scrolled sideways.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { everyPage, show } from './every.mjs';
import { drawn, started } from './help.mjs';

let server;
let browser;
let pages;
started(async (aServer, aBrowser) => {
  [server, browser] = [aServer, aBrowser];
  pages = await everyPage(server.url);
});

/** A window of 1280 × 1024 at 200 % and at 400 %, and a phone between them. */
const WINDOWS = [[640, 512], [390, 844], [320, 256]];
/** What WCAG 1.4.12 lets a reader ask for. */
const SPACING = `* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
  p { margin-bottom: 2em !important; }`;

/** As a reader's own style sheet would, past the page's policy. */
function ask(rules) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(rules);
  document.adoptedStyleSheets = [sheet];
}

/** What sticks out of the window, or out of its own frame where that does not scroll. */
function cut() {
  const name = (e) => `${e.tagName.toLowerCase()}.${e.getAttribute('class') ?? ''} “${e.textContent.trim().slice(0, 30)}”`;
  const overflow = (e, way) => getComputedStyle(e)[way];
  const inside = (e, test) => { for (let p = e.parentElement; p !== null; p = p.parentElement) if (test(p)) return true; return false; };
  const scrolls = (e) => ['auto', 'scroll'].includes(overflow(e, 'overflowX'));
  const hidden = (e) => e.closest('.visually-hidden, .skip, .found thead, [aria-hidden="true"]') !== null || !e.checkVisibility({ opacityProperty: true });
  const shown = [...document.querySelectorAll('#app *')].filter((e) => !hidden(e));
  const texts = shown.filter((e) => e.matches('button, input, select, summary, .badge')
    || [...e.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim() !== ''));
  // The blanks at the end of a line of code hang over.
  const outside = texts.filter((e) => !e.matches('.place-text > code')).filter((e) => {
    const { left, right, width } = e.getBoundingClientRect();
    return width > 0 && (left < -1 || right > innerWidth + 1) && !inside(e, scrolls);
  });
  const ellipsis = (e) => overflow(e, 'textOverflow') === 'ellipsis';
  const squeezed = texts.filter((e) => e.matches('button, summary, .badge, .button') && !ellipsis(e)
    && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 2));
  const clipped = texts.filter((e) => ['hidden', 'clip'].includes(overflow(e, 'overflowY')) && e.scrollHeight > e.clientHeight + 2);
  return {
    wide: document.documentElement.scrollWidth - innerWidth,
    cut: [...new Set([...outside, ...squeezed, ...clipped])].map(name),
  };
}

for (const language of ['en', 'zh-CN']) {
  test(`nothing is cut, ${language}`, async () => {
    const page = await browser.newPage({ language });
    const wrong = [];
    const look = async (what) => {
      await drawn(page);
      const found = await page.evaluate(cut);
      if (found.wide > 0) wrong.push(`${what}: ${found.wide} pixels too wide`);
      wrong.push(...found.cut.map((one) => `${what}: ${one}`));
    };
    for (const [name, entry] of Object.entries(pages)) {
      await page.setViewportSize({ width: WINDOWS[0][0], height: WINDOWS[0][1] });
      await show(page, server.url, entry);
      for (const [width, height] of WINDOWS) {
        await page.setViewportSize({ width, height });
        await look(`${name} at ${width}`);
      }
      await page.evaluate(ask, SPACING);
      await look(`${name} with wide text`);
    }
    assert.equal(wrong.length, 0, wrong.join('\n'));
    await page.close();
  });
}

test('no page complained', () => {
  assert.deepEqual(browser.complaints, []);
});
