// Compiles test/*.test.ts and runs them with node --test.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const out = process.argv[2] ?? '../build/web-test';
const suites = readdirSync('test').filter((name) => name.endsWith('.test.ts'));
rmSync(out, { recursive: true, force: true });
await build({
  entryPoints: suites.map((name) => join('test', name)),
  outdir: out,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  sourcemap: 'inline',
  target: 'node18',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  logLevel: 'warning',
});
const files = suites.map((name) => join(out, name.replace(/\.ts$/, '.mjs')));
const env = { ...process.env, NODE_OPTIONS: '--enable-source-maps' };
process.exitCode = spawnSync(process.execPath, ['--test', ...files], { stdio: 'inherit', env }).status ?? 1;
