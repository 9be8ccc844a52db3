// Bundles the pages into the given folder: hashed names, compressed siblings, the first load's size.
import { build } from 'esbuild';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const out = process.argv[2] ?? '../build/web';
const assets = join(out, 'assets');

function compress(file) {
  const bytes = readFileSync(file);
  const quality = { [constants.BROTLI_PARAM_QUALITY]: 11 };
  const br = brotliCompressSync(bytes, { params: quality });
  writeFileSync(`${file}.br`, br);
  writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
  return { raw: bytes.length, br: br.length };
}

rmSync(out, { recursive: true, force: true });
mkdirSync(assets, { recursive: true });
const result = await build({
  entryPoints: { app: 'src/main.tsx', boot: 'src/boot.ts', style: 'src/style.css' },
  outdir: assets,
  entryNames: '[name]-[hash]',
  bundle: true,
  minify: true,
  charset: 'utf8',
  format: 'iife',
  target: 'es2021',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  metafile: true,
  logLevel: 'warning',
});

const names = Object.fromEntries(Object.entries(result.metafile.outputs)
  .filter(([, output]) => output.entryPoint)
  .map(([file, output]) => [basename(output.entryPoint).split('.')[0], basename(file)]));
const page = readFileSync('src/index.html', 'utf8')
  .replace(/\{(\w+)\}/g, (_, name) => `/assets/${names[name] ?? names[name === 'app' ? 'main' : name]}`);
writeFileSync(join(out, 'index.html'), page);
writeFileSync(join(out, 'favicon.svg'), readFileSync('src/favicon.svg'));

const files = [...readdirSync(assets).map((name) => join(assets, name)), join(out, 'index.html'),
  join(out, 'favicon.svg')];
const sizes = files.map(compress);
const sum = (key) => sizes.reduce((total, size) => total + size[key], 0);
console.log(`web: first load ${sum('br')} bytes (brotli), ${sum('raw')} unpacked, ${files.length} files`);
