import { test } from 'node:test';
import assert from 'node:assert/strict';
import { family, one } from './family.mjs';

family('performance', {
  anomalies: [
    ['parallel-speedup', { comm_us: 500 }, 'loss', 10],
  ],
  extremes: [
    ['parallel-speedup', { workers_max: 64, tasks: 1, serial_fraction: 1 }],
    ['parallel-speedup', { workers_max: 64, tasks: 2000, time_scale: 0.2 }],
    ['parallel-speedup', { mode: 'simulated', workers_max: 64, cores: 64, tasks: 2000, comm_us: 10000 }],
  ],
  more() {
    test('parallel-speedup on the simulated machine is the arithmetic of Amdahl', async () => {
      const run = await one('parallel-speedup', { mode: 'simulated', cores: 64, serial_fraction: 0.25 });
      for (const [workers, speedup, amdahl, gustafson] of run.table) {
        if (64 % workers === 0) assert.ok(Math.abs(speedup - amdahl) < 0.002, `${workers}: ${speedup}`);
        assert.ok(Math.abs(amdahl - 1 / (0.25 + 0.75 / workers)) < 0.001);
        assert.ok(Math.abs(gustafson - (0.25 + 0.75 * workers)) < 0.001);
      }
    });
  },
});
