import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/**
 * Five kinds of test, told apart by file name, so that a name says what a test needs:
 *   *.test.ts          nothing but Node
 *   *.pg.test.ts       real PostgreSQL (embedded, started once; one database cloned per file)
 *   *.e2e.test.ts      the built command line, whole processes
 *   *.browser.test.ts  the console in a real Chromium, before the built server
 *   test/compat/**     the real Python clients in a venv (made by .ci/run)
 */
const shared = {
  globalSetup: ['test/helpers/global-setup.ts'],
  testTimeout: 60_000,
  hookTimeout: 120_000,
  // What a poll waits for comes, or never does: its own second is short on a busy machine.
  expect: { poll: { timeout: 30_000 } },
  pool: 'forks' as const,
}
const alias = { weir: fileURLToPath(new URL('./src/index.ts', import.meta.url)) }

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        resolve: { alias },
        test: {
          ...shared,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['**/*.pg.test.ts', '**/*.e2e.test.ts', '**/*.browser.test.ts', 'test/compat/**'],
        },
      },
      {
        resolve: { alias },
        test: { ...shared, name: 'pg', include: ['test/**/*.pg.test.ts'], exclude: ['test/compat/**'] },
      },
      {
        resolve: { alias },
        test: { ...shared, name: 'e2e', include: ['test/**/*.e2e.test.ts'], testTimeout: 180_000 },
      },
      {
        resolve: { alias },
        test: {
          ...shared,
          name: 'browser',
          include: ['test/**/*.browser.test.ts'],
          globalSetup: [...shared.globalSetup, 'test/console/console-setup.ts'],
          testTimeout: 180_000,
        },
      },
      {
        resolve: { alias },
        test: { ...shared, name: 'compat', include: ['test/compat/**/*.test.ts'], testTimeout: 300_000 },
      },
    ],
  },
})
