/*
 * Ratios of the pages, each against a peer in the same run; nothing fails on a time. The timeline of
 * the run page with all it draws, flame-chart-js and echarts show the same slices and make the same
 * moves, one a frame, with the frame rate's limit off. A case that takes too long is left out.
 *
 * "work" is what the page's own thread computed per frame, in processor time: other programs on the
 * machine hardly change it. Intervals also hold what Chromium needs to bring a frame to the screen.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { root, run, startBrowser, startServer } from '../browser/help.mjs';

const { build } = createRequire(join(root, 'web/package.json'))('esbuild');
const here = join(root, 'tests/bench/web');
const shipped = join(root, process.env.BUILD ?? 'build', 'web');

const UNLIMITED = ['--disable-frame-rate-limit', '--disable-gpu-vsync', '--js-flags=--expose-gc'];
const LANES = [16, 256], SLICES = [10_000, 100_000, 1_000_000];
const PLAY_MS = 3000, PLAY_MOST_MS = 20_000, CASE_MS = 50_000;
/* A frame that took longer than this is not tried with ten times as much. */
const SLOW_MS = 100;
const STREAM = { lanes: 16, rate: 50_000, seconds: 5 };
const OPENED = 7;

const quantile = (list, q) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * q))];
const median = (list) => quantile(list, 0.5);
const mb = (bytes) => (bytes / 1e6).toFixed(1);
const name = (lanes, slices) => `${slices / 1000}k x ${lanes}`;

function bundle(entryPoints, outdir) {
  return build({
    absWorkingDir: root, entryPoints, outdir, bundle: true, minify: true, format: 'iife', target: 'es2021',
    charset: 'utf8', jsx: 'automatic', jsxImportSource: 'preact', nodePaths: [join(root, 'web/node_modules')],
    define: { 'process.env.NODE_ENV': '"production"' }, metafile: true, logLevel: 'error',
  });
}

/** The pages to measure, in a folder. */
async function buildPages(folder) {
  await bundle(['ours.tsx', 'flame.ts', 'echarts.ts'].map((file) => join(here, file)), folder);
  for (const page of ['ours', 'flame', 'echarts'])
    writeFileSync(join(folder, `${page}.html`), `<!doctype html><meta charset="utf-8"><title>${page}</title>
      <link rel="stylesheet" href="ours.css"><body><script src="${page}.js"></script></body>`);
}

/** Bytes of what the page holds, after everything else has been let go; columns are kept outside the heap. */
async function heapOf(session) {
  for (let i = 0; i < 3; i++) await session.send('HeapProfiler.collectGarbage');
  const { usedSize, backingStorageSize = 0 } = await session.send('Runtime.getHeapUsage');
  return usedSize + backingStorageSize;
}

/** Seconds of processor time of the page's own thread since it began. */
async function worked(session) {
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const { metrics } = await session.send('Performance.getMetrics');
  return metrics.find(({ name: metric }) => metric === 'TaskDuration').value;
}

const within = (ms, promise) => {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error('too long')), ms); });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

async function openBench(browser, folder, page) {
  const tab = await browser.newPage();
  await tab.goto(pathToFileURL(join(folder, `${page}.html`)).href);
  await tab.waitForFunction(() => globalThis.bench !== undefined);
  return tab;
}

async function measure(browser, folder, page, lanes, slices) {
  const tab = await openBench(browser, folder, page);
  const session = await browser.context.newCDPSession(tab);
  const before = await heapOf(session);
  const shown = await tab.evaluate(([l, s]) => globalThis.bench.load(l, s), [lanes, slices]);
  const idle = await worked(session);
  const { intervals, frames, whole } = await tab.evaluate(([ms, most]) => globalThis.bench.play(ms, most), [PLAY_MS, PLAY_MOST_MS]);
  const work = 1000 * (await worked(session) - idle) / frames;
  if (intervals.length === 0) throw new Error(`${frames} frames took more than ${PLAY_MOST_MS / 1000} s`);
  const heap = await heapOf(session) - before;
  const lanesOnly = page === 'ours' ? await tab.evaluate(() => globalThis.bench.laneBytes()) : null;
  const exact = page === 'ours' && slices === 1_000_000 && lanes === 16
    ? await tab.evaluate(() => globalThis.bench.exact()) : null;
  await tab.close();
  return { shown, frames: intervals.length, whole, work, p50: median(intervals), p95: quantile(intervals, 0.95), heap, lanesOnly, exact };
}

function tell(page, lanes, slices, found) {
  const figures = typeof found === 'string' ? found
    : `p50 ${found.p50.toFixed(1).padStart(6)} ms, p95 ${found.p95.toFixed(1).padStart(6)} ms, work ${found.work.toFixed(1).padStart(6)} ms, heap ${mb(found.heap).padStart(6)} MB`
      + `  (${found.shown} slices, ${found.frames} frames${found.whole ? '' : ', not all moves'})`;
  console.log(`  ${name(lanes, slices).padEnd(12)} ${page.padEnd(8)} ${figures}`);
}

/** Every case in one browser, which is started anew only after a case that never came back. */
async function measureAll(folder) {
  const all = {};
  let browser = await startBrowser(...UNLIMITED);
  for (const lanes of LANES)
    for (const page of ['ours', 'flame', 'echarts']) {
      let last = 0;
      for (const slices of SLICES) {
        let found;
        if (last > SLOW_MS) found = `left out, as with a tenth of it a frame took ${Number.isFinite(last) ? `${last.toFixed(0)} ms` : 'too long'}`;
        else
          try {
            found = await within(CASE_MS, measure(browser, folder, page, lanes, slices));
            last = found.p50;
          } catch (error) {
            found = `left out: ${error.message}`;
            last = Infinity;
            await browser.stop();
            browser = await startBrowser(...UNLIMITED);
          }
        all[`${page} ${name(lanes, slices)}`] = found;
        tell(page, lanes, slices, found);
      }
    }
  await browser.stop();
  return all;
}

function compare(what, aim, above, below) {
  const known = Number.isFinite(above) && Number.isFinite(below);
  console.log(`${what}: ${known ? (above / below).toFixed(3) : 'not measured'} (aim ${aim})`);
}

function tellRatios(all) {
  const of = (page, slices, lanes = 16) => all[`${page} ${name(lanes, slices)}`];
  compare('frame, p95, ours / flame-chart-js, 100k x 16', '0.5 or less', of('ours', 100_000).p95, of('flame', 100_000).p95);
  compare('frame, p95, ours / flame-chart-js, 100k x 256', '0.5 or less', of('ours', 100_000, 256).p95, of('flame', 100_000, 256).p95);
  compare('work a frame, ours / flame-chart-js, 100k x 16', 'none set', of('ours', 100_000).work, of('flame', 100_000).work);
  compare('frame, p50, ours / echarts, 100k x 16', '0.025 or less', of('ours', 100_000).p50, of('echarts', 100_000).p50);
  compare('frame, p95, ours, 1M / 100k, 16 lanes', '2.5 or less', of('ours', 1_000_000).p95, of('ours', 100_000).p95);
  compare('heap, ours / flame-chart-js, 1M x 16', '0.12 or less', of('ours', 1_000_000).heap, of('flame', 1_000_000).heap);
  compare('the same of the lanes alone, without events, objects and what is drawn', 'none set', of('ours', 1_000_000).lanesOnly, of('flame', 1_000_000).heap);
  const { exact } = of('ours', 1_000_000);
  if (exact) console.log(`columns of another colour than by counting every slice, 1M x 16: ${exact.wrong} of ${exact.looked} (aim 0)`);
}

/* With the usual 60 frames a second: a frame is dropped when the next one comes after more than one and a half. */
async function measureStream(folder) {
  const browser = await startBrowser();
  const tab = await openBench(browser, folder, 'ours');
  const session = await browser.context.newCDPSession(tab);
  const still = await tab.evaluate(({ lanes, rate, seconds: s }) => globalThis.bench.prepare(lanes, rate, s), STREAM);
  const idle = await worked(session);
  const { intervals, events, seconds } = await tab.evaluate(() => globalThis.bench.stream());
  const work = 1000 * (await worked(session) - idle) / intervals.length;
  await browser.stop();
  const usual = median(still);
  const dropped = (list) => list.filter((ms) => ms > 1.5 * usual).length;
  console.log(`frames dropped while ${STREAM.rate} events a second come in for ${STREAM.seconds} s (the view follows, `
    + `${events} events in ${seconds.toFixed(1)} s): ${dropped(intervals)} of ${intervals.length} (aim 0); `
    + `when nothing comes in: ${dropped(still)} of ${still.length}`);
  console.log(`  counted: intervals between frames over 1.5 x ${usual.toFixed(1)} ms; the longest ${Math.max(...intervals).toFixed(1)} ms; work ${work.toFixed(1)} ms a frame`);
}

async function tellBytes() {
  const { outputFiles: [{ contents }] } = await build({
    stdin: { resolveDir: here, contents: `
      import * as echarts from 'echarts/core';
      import { CustomChart } from 'echarts/charts';
      import { DataZoomComponent, GridComponent } from 'echarts/components';
      import { CanvasRenderer } from 'echarts/renderers';
      echarts.use([CustomChart, DataZoomComponent, GridComponent, CanvasRenderer]);
      globalThis.echarts = echarts;` },
    bundle: true, minify: true, format: 'iife', target: 'es2021', write: false, logLevel: 'error',
  });
  const peer = brotliCompressSync(contents).length;
  const server = await startServer();
  const { id } = await run(server.url, 'producer-consumer');
  for (const [what, path] of [['the gallery', '/'], ["a run's page", `/r/${id}`]]) {
    const files = await fetchedBy(server.url, path);
    const bytes = (wanted) => files.filter(wanted).reduce((sum, file) => sum + brotliSize(file), 0);
    const scripts = bytes((file) => file.endsWith('.js'));
    console.log(`first load of ${what}, brotli: ${bytes(() => true)} bytes, ${files.length} files; scripts / echarts' core with one series: `
      + `${(scripts / peer).toFixed(3)} (aim ${path === '/' ? '0.25 or less' : 'none set'})  [${scripts} / ${peer} bytes]`);
  }
  await server.stop();
}

/** The files of the pages that a browser with nothing in its cache asks for until nothing more comes. */
async function fetchedBy(url, path) {
  const browser = await startBrowser();
  const tab = await browser.newPage();
  const files = new Set();
  tab.on('request', (request) => {
    const { origin, pathname } = new URL(request.url());
    if (origin === url && !pathname.startsWith('/api/')) files.add(pathname === path ? '/index.html' : pathname);
  });
  await tab.goto(url + path, { waitUntil: 'networkidle' });
  await tab.locator('.card, .lane-name').first().waitFor();
  await browser.stop();
  return [...files];
}

const brotliSize = (file) => readFileSync(`${join(shipped, file)}.br`).length;

/** In the page: the time at which the lanes first have a colour. */
function watch() {
  requestAnimationFrame(function look() {
    const canvas = document.querySelector('.lanes canvas');
    const { width, height } = canvas ?? { width: 0, height: 0 };
    const data = width > 1 && height > 1 ? canvas.getContext('2d').getImageData(0, 0, width, height).data : [];
    if (data.some((value) => value !== 0)) globalThis.drawnAt = performance.now();
    else requestAnimationFrame(look);
  });
}

async function measureOpening() {
  const server = await startServer();
  const browser = await startBrowser();
  const { id, metrics } = await run(server.url, 'producer-consumer');
  const times = [];
  for (let i = 0; i < OPENED; i++) {
    const tab = await browser.newPage();
    await tab.addInitScript(watch);
    await tab.goto(`${server.url}/r/${id}`);
    times.push(await (await tab.waitForFunction(() => globalThis.drawnAt)).jsonValue());
    await tab.close();
  }
  await browser.stop();
  await server.stop();
  console.log(`navigation to a drawn timeline, a run of ${metrics.events ?? '?'} events on a server here, p50 of ${OPENED}: `
    + `${median(times).toFixed(0)} ms  [${times.map((ms) => ms.toFixed(0)).join(' ')}]`);
}

const PARTS = {
  frames: async (folder) => {
    console.log('== frames while the view pans and zooms, heap after (rulers, labels, arrows, objects and overview on)');
    tellRatios(await measureAll(folder));
  },
  live: async (folder) => {
    console.log('== a live run');
    await measureStream(folder);
  },
  opening: async () => {
    console.log('== opening a page');
    await tellBytes();
    await measureOpening();
  },
};

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(PARTS);
const folder = mkdtempSync(join(tmpdir(), 'interleave-bench-web-'));
try {
  await buildPages(folder);
  for (const part of wanted) await PARTS[part](folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
