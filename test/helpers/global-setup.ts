import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Worker threads and spawned commands run from dist/, so it must be of the same source as the tests. Under a second. */
export default function setup(): void {
  if (process.env.WEIR_TEST_BUILT === '1') return
  process.env.WEIR_TEST_BUILT = '1'
  const build = fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url))
  execFileSync(process.execPath, [build], { stdio: 'inherit' })
}
