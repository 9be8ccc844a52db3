// Gives decode.ts, bundled as the first argument, every file of the folders that follow.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const { fuzz } = createRequire(import.meta.url)(resolve(process.argv[2]));
let given = 0;
for (const folder of process.argv.slice(3).filter((name) => existsSync(name))) {
  for (const name of readdirSync(folder).filter((file) => !file.startsWith('.'))) {
    try {
      fuzz(readFileSync(join(folder, name)));
    } catch (error) {
      console.error(join(folder, name), error);
      process.exit(1);
    }
    given++;
  }
}
console.log(`decode: ${given} files`);
process.exit(given > 0 ? 0 : 1);
