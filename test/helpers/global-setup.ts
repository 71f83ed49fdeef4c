import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'

/** Runs once for each kind of test that is about to run. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (process.env.WEIR_TEST_ONLY_COLLECT) return undefined // test/architecture/bare-machine.test.ts runs no test
  build()
  return project.name === 'unit' ? undefined : holdTestServer()
}

/** Worker threads and spawned commands run from dist/, so it must be of the same source as the tests. Under a second. */
function build(): void {
  if (process.env.WEIR_TEST_BUILT === '1') return
  process.env.WEIR_TEST_BUILT = '1'
  const script = fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url))
  execFileSync(process.execPath, [script], { stdio: 'inherit' })
}

/** One PostgreSQL from before the first test file to after the last: without this it would start for each file. */
async function holdTestServer(): Promise<() => Promise<void>> {
  const { sweepTestDatabases, testServer } = await import('./pg.ts')
  const server = await testServer()
  await sweepTestDatabases()
  return async () => {
    await sweepTestDatabases()
    server.release()
  }
}
