// Bundles decode.ts for node into the file that is named, with the esbuild of the pages.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const esbuild = createRequire(new URL('../../../web/package.json', import.meta.url))('esbuild');
await esbuild.build({
  entryPoints: [fileURLToPath(new URL('decode.ts', import.meta.url))],
  outfile: process.argv[2],
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node18',
  logLevel: 'warning',
});
