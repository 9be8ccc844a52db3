// Starts the real server on a free port with a fresh database, and Chromium to look at it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
export const build = join(root, process.env.BUILD ?? 'build');
const { chromium } = await import(pathToFileURL(join(root, 'web/node_modules/playwright-core/index.mjs')).href);
export const axeSource = readFileSync(join(root, 'web/node_modules/axe-core/axe.min.js'), 'utf8');

const BROWSER = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** The address the server prints once it serves. */
function address(server) {
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (bytes) => {
      said += bytes;
      const found = /http:\/\/[\d.:]+/.exec(said);
      if (found) resolve(found[0]);
    };
    server.stdout.on('data', hear);
    server.stderr.on('data', hear);
    server.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${said}`)));
  });
}

export async function startServer(...options) {
  const folder = mkdtempSync(join(tmpdir(), 'interleave-browser-'));
  const server = spawn(join(build, 'interleave'), ['serve', '--listen', '127.0.0.1:0',
    '--database', join(folder, 'runs.db'), '--web', join(build, 'web'), ...options]);
  const url = await address(server);
  const stop = () => new Promise((resolve) => {
    server.removeAllListeners('exit');
    server.once('exit', (code) => {
      rmSync(folder, { recursive: true, force: true });
      resolve(code);
    });
    server.kill('SIGTERM');
  });
  return { url, stop };
}

/** A run, done. */
export async function run(url, scenario, params = {}) {
  const response = await fetch(`${url}/api/v1/runs?wait=20`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ scenario, params }),
  });
  if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
  return response.json();
}

const traffic = new WeakMap(); // of a page: what it has asked for and not got yet, and when that changed

/** What `settled` needs to know of a page. Streams of events do not end and are left out; so is what a page asked for that was left since. */
export function watchTraffic(page) {
  const its = { under: new Set(), last: 0, leaves: false };
  const change = (how) => (request) => {
    if (request.resourceType() === 'eventsource') return;
    its.under[how](request);
    its.last = performance.now();
  };
  page.on('request', (request) => {
    if (request.isNavigationRequest() && request.frame() === page.mainFrame()) its.leaves = true;
  });
  page.on('framenavigated', (frame) => {
    if (frame !== page.mainFrame() || !its.leaves) return;
    its.under.clear();
    its.leaves = false;
  });
  page.on('request', change('add'));
  page.on('requestfinished', change('delete'));
  page.on('requestfailed', change('delete'));
  traffic.set(page, its);
}

/** Resolves when a page has all it asked for, has asked for no more since, and that is drawn. */
export async function settled(page) {
  const its = traffic.get(page), start = performance.now();
  while (its.under.size > 0 || performance.now() - its.last < 60) {
    const late = [...its.under].map((request) => request.url());
    assert.ok(performance.now() - start < 30000, `not there after 30 s: ${late.join(' ')}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await drawn(page);
}

/** Opens pages of a context; what they complain about is collected in `complaints`. */
function pageMaker(context, complaints) {
  return async ({ width = 1280, theme = 'light', language = 'en' } = {}) => {
    const page = await context.newPage();
    watchTraffic(page);
    await page.setViewportSize({ width, height: width < 600 ? 844 : 800 });
    page.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return;
      // Asking for what is not there is part of some tests.
      if (!/status of (404|422|429)/.test(message.text())) complaints.push(`${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    // Once a tab: what the page itself keeps must survive a reload.
    await page.addInitScript(([t, l]) => {
      if (sessionStorage.getItem('seeded') !== null) return;
      sessionStorage.setItem('seeded', 'yes');
      localStorage.setItem('interleave.theme', t);
      localStorage.setItem('interleave.language', l);
    }, [theme, language]);
    return page;
  };
}

/** A browser with an empty profile, and further flags. */
export async function startBrowser(...flags) {
  const profile = mkdtempSync(join(tmpdir(), 'interleave-profile-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: BROWSER, headless: true, args: [...FLAGS, ...flags], viewport: { width: 1280, height: 800 },
  });
  const complaints = [];
  const newPage = pageMaker(context, complaints);
  const stop = async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  };
  return { newPage, stop, complaints, context };
}

/**
 * Gives a file of tests a server, with further options, and a browser, from before the first test until
 * after the last. `ready` takes both and makes what the tests need besides.
 */
export function started(ready, ...options) {
  let server;
  let browser;
  before(async () => {
    server = await startServer(...options);
    browser = await startBrowser();
    await ready(server, browser);
  });
  after(async () => {
    await browser?.stop();
    assert.equal(await server?.stop(), 0, 'the server ends cleanly');
  });
}

/** One browser for several people: each has storage and cookies of their own. */
export async function startPeople(count) {
  const browser = await chromium.launch({ executablePath: BROWSER, headless: true, args: FLAGS });
  const complaints = [];
  const people = await Promise.all(Array.from({ length: count }, async () => {
    const context = await browser.newContext();
    return { context, newPage: pageMaker(context, complaints) };
  }));
  return { people, complaints, stop: () => browser.close() };
}

/** How many pixels of the timeline's canvas have each of the wanted colours. */
export function pixels(page, colours) {
  return page.evaluate((wanted) => {
    const canvas = document.querySelector('.lanes canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const counts = Object.fromEntries(wanted.map((colour) => [colour, 0]));
    for (let i = 0; i < data.length; i += 4) {
      const hex = `#${[data[i], data[i + 1], data[i + 2]].map((v) => v.toString(16).padStart(2, '0')).join('')}`;
      if (data[i + 3] === 255 && hex in counts) counts[hex]++;
    }
    return counts;
  }, colours);
}

/** A colour of the page by its name in the style sheet. */
export function colour(page, name) {
  return page.evaluate((n) => getComputedStyle(document.documentElement).getPropertyValue(n).trim(), name);
}

/** Resolves when there is none of these, at once or soon. */
export async function none(locator, why = '') {
  const there = await locator.first().waitFor({ state: 'detached', timeout: 5000 }).catch(() => locator.count());
  assert.ok(!there, `${why} ${locator}: ${there}`);
}

/** Resolves when what was asked for before has been drawn. */
export function drawn(page) {
  return page.evaluate(() => new Promise((resolve) => {
    requestAnimationFrame(() => requestAnimationFrame(resolve));
  }));
}
