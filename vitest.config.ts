import { defineConfig } from 'vitest/config';

const slow = ['test/scenarios/**/*.test.ts', 'test/crash/**/*.test.ts', 'test/examples/**/*.test.ts'];

export default defineConfig({
  test: {
    testTimeout: 20_000,
    hookTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts', 'clients/typescript/test/**/*.test.ts'],
          exclude: slow,
        },
      },
      {
        extends: true,
        // These start real servers and workers: one file at a time leaves them the processor.
        test: { name: 'scenarios', include: slow, testTimeout: 120_000, hookTimeout: 60_000, fileParallelism: false },
      },
    ],
  },
});
