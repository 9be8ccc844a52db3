/* A server around which things go wrong, as tests/tools/faults.c does them. */
import { closeSync, mkdtempSync, openSync, readSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Server, root } from './server.mjs';

const library = path.join(root, process.env.BUILD ?? 'build', 'tests/faults.so');
/* Why there are none, if so. */
export const noFaults = /-[at]san$/.test(process.env.BUILD ?? '') && 'sanitizers have an allocator of their own';

const SHIFT = 0, MEMORY = 8, DISK = 48, BYTES = 88;

export class Faults {
  /* What is started with `env` has them. */
  constructor(directory) {
    const file = path.join(directory, 'faults');
    this.fd = openSync(file, 'w+');
    this.write(0, ...Array(BYTES / 8).fill(0));
    this.env = { LD_PRELOAD: library, INTERLEAVE_FAULTS: file };
  }

  static async start(options = {}) {
    const directory = options.directory ?? mkdtempSync(path.join(tmpdir(), 'interleave-'));
    const faults = new Faults(directory);
    const env = { ...options.env, ...faults.env };
    faults.server = await Server.start({ ...options, directory, env });
    return faults;
  }

  write(at, ...values) {
    const bytes = Buffer.alloc(8 * values.length);
    values.forEach((value, i) => bytes.writeBigInt64LE(BigInt(value), 8 * i));
    writeSync(this.fd, bytes, 0, bytes.length, at);
  }

  read(at) {
    const bytes = Buffer.alloc(8);
    readSync(this.fd, bytes, 0, 8, at);
    return Number(bytes.readBigInt64LE());
  }

  /* The wall clock is so much later than it is. */
  shift(ms) {
    this.write(SHIFT, ms);
  }

  /* Fails allocations number first … last from now on, and every `every`th. */
  memory({ first = 0, last = first, every = 0 }) {
    this.write(MEMORY, 0, 0, 0, 0, 0);
    this.write(MEMORY, first, last, every);
  }

  disk({ first = 0, last = first, error = 5 }) {
    this.write(DISK, 0, 0, 0, 0, 0);
    this.write(DISK + 8, last, error);
    this.write(DISK, first);
  }

  /* How often the disk failed since it was told to. */
  diskFailed() {
    return this.read(DISK + 32);
  }

  /* Ends what fails; says how often it did, and of how many. */
  calm() {
    this.write(MEMORY, 0, 0, 0);
    this.write(DISK, 0);
    const counts = {
      memory: { seen: this.read(MEMORY + 24), failed: this.read(MEMORY + 32) },
      disk: { seen: this.read(DISK + 24), failed: this.read(DISK + 32) },
    };
    this.write(MEMORY + 24, 0, 0);
    this.write(DISK + 24, 0, 0);
    return counts;
  }

  close() {
    closeSync(this.fd);
  }

  async stop() {
    await this.server.stop();
    this.close();
  }
}
