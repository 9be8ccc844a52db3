// Bundles the pages into the given folder: a chunk for each page and each language, hashed names,
// compressed siblings. Tells what a first load of the gallery and of a run's page takes.
import { build } from 'esbuild';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const out = process.argv[2] ?? '../build/web';
const assets = join(out, 'assets');
const common = {
  outdir: assets, entryNames: '[name]-[hash]', chunkNames: '[name]-[hash]', bundle: true, minify: true, charset: 'utf8',
  target: 'es2021', metafile: true, logLevel: 'warning',
};

function compress(file) {
  const bytes = readFileSync(file);
  const quality = { [constants.BROTLI_PARAM_QUALITY]: 11 };
  const br = brotliCompressSync(bytes, { params: quality });
  writeFileSync(`${file}.br`, br);
  writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
  return br.length;
}

const address = (file) => `/${relative(out, file)}`;

/** The file made from each source that has one of its own. */
const made = ({ outputs }) => Object.fromEntries(Object.entries(outputs)
  .filter(([, { entryPoint }]) => entryPoint).map(([file, { entryPoint }]) => [entryPoint, file]));

/** A file and all that it cannot do without. */
function needed({ outputs }, file, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  for (const { path, kind } of outputs[file].imports) if (kind === 'import-statement') needed({ outputs }, path, found);
  return found;
}

/** The page or language that a source is for: RunPage.tsx is that of "run". */
const nameOf = (source) => (source.startsWith('src/pages/')
  ? basename(source, '.tsx').replace(/Page$/, '').toLowerCase() : basename(source, '.ts'));

rmSync(out, { recursive: true, force: true });
mkdirSync(assets, { recursive: true });
const { metafile } = await build({
  ...common, entryPoints: ['src/main.tsx', 'src/style.css'], format: 'esm', splitting: true,
  jsx: 'automatic', jsxImportSource: 'preact',
});
const files = made(metafile);
const main = needed(metafile, files['src/main.tsx']);
const chunks = Object.fromEntries(Object.entries(files).filter(([source]) => /^src\/(pages|messages)\//.test(source))
  .map(([source, file]) => [nameOf(source), [...needed(metafile, file)].filter((one) => !main.has(one)).map(address)]));

const { metafile: boot } = await build({
  ...common, entryPoints: ['src/boot.ts'], format: 'iife', define: { CHUNKS: JSON.stringify(chunks) },
});
Object.assign(files, made(boot));
const preload = (file) => `<link rel="modulepreload" href="${address(file)}">`;
const page = readFileSync('src/index.html', 'utf8')
  .replace('{chunks}', [...main].slice(1).map(preload).join('\n'))
  .replace(/\{([\w.]+)\}/g, (_, name) => address(files[`src/${name}`]));
writeFileSync(join(out, 'index.html'), page);
writeFileSync(join(out, 'favicon.svg'), readFileSync('src/favicon.svg'));

const sizes = Object.fromEntries([...readdirSync(assets).map((name) => join(assets, name)), join(out, 'index.html'),
  join(out, 'favicon.svg')].map((file) => [address(file), compress(file)]));
const first = (name) => [...new Set(['/index.html', ...['src/style.css', 'src/boot.ts'].map((source) => address(files[source])),
  ...[...main].map(address), ...chunks.en, ...chunks[name]])];
const tell = (name) => {
  const list = first(name);
  return `${list.reduce((sum, file) => sum + sizes[file], 0)} bytes of ${list.length} files`;
};
console.log(`web: first load (brotli) of the gallery ${tell('gallery')}, of a run ${tell('run')}; ${Object.keys(sizes).length} files in all`);
