import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const MAY_MISS = /helpers\/(needs|chromium|redis|s3|real-data)\.ts|\/clients\.ts|skipIf|runIf|process\.env/
const SELF = relative(ROOT, fileURLToPath(import.meta.url))

/** A machine with Node and nothing else: whatever a test needs beyond that is hidden. */
const BARE = {
  PATH: dirname(process.execPath),
  WEIR_CHROMIUM: '/nowhere/chromium',
  WEIR_REDIS_SERVER: '/nowhere/redis-server',
  WEIR_STREAMFLOW_DATA: 'none',
  WEIR_TEST_ONLY_COLLECT: '1',
}

type Report = { testResults: { name: string; message: string; assertionResults: unknown[] }[] }

/** Reads the files as a run would, and runs none of their tests. */
async function collect(files: string[]): Promise<Report> {
  const home = mkdtempSync(join(tmpdir(), 'weir-bare-'))
  afterAll(() => rmSync(home, { recursive: true, force: true }))
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
  const one = ['--pool=threads', '--no-isolate', '--maxWorkers=1', '--testNamePattern=^none of them$']
  const args = [vitest, 'run', ...one, '--reporter=json', ...files]
  const options = { cwd: ROOT, env: { ...BARE, HOME: home }, maxBuffer: 1e8 }
  const stdout = await new Promise<string>((resolve) =>
    execFile(process.execPath, args, options, (_, out) => resolve(out)),
  )
  return JSON.parse(stdout.slice(stdout.indexOf('{'))) as Report
}

describe('a machine with Node and nothing else', () => {
  it('B14: has a test to run or to skip in each file, so that no file fails for want of one', async () => {
    const files = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => join('test', file))
      .filter((file) => file !== SELF && MAY_MISS.test(readFileSync(join(ROOT, file), 'utf8')))
    const { testResults } = await collect(files)
    expect(testResults.map(({ name }) => relative(ROOT, name)).sort()).toEqual(files.sort())
    const empty = testResults.filter(({ assertionResults }) => assertionResults.length === 0)
    expect(empty.map(({ name, message }) => `${relative(ROOT, name)}: ${message}`)).toEqual([])
  }, 240_000)
})
