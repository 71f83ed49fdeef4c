/**
 * The figures of serving, a row for each file of bench/serving: `npm run bench -- serving` runs all, `npm run bench -- serving
 * forest start` the named ones. Each server is a process of its own; ours and its peers take turns in short rounds. The load
 * comes from the same machine: where it has two cores, the one that makes the load has a part of them.
 */
import { readdirSync } from 'node:fs'
import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { BenchResult } from './harness.ts'
import { loadName } from './serving/rig/load.ts'
import type { Row } from './serving/rig/row.ts'
import { openStage } from './serving/rig/stage.ts'

const FOLDER = fileURLToPath(new URL('./serving', import.meta.url))

/** What may be named behind the benchmark. */
export const rows: readonly string[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replace(/\.ts$/, ''))

export async function run(named: readonly string[] = []): Promise<BenchResult[]> {
  const average = loadavg()[0] ?? 0
  console.log(`  load by ${loadName()}; ${average.toFixed(1)} others wanted a core when it began`)
  const stage = await openStage()
  const results: BenchResult[] = []
  try {
    for (const name of named.length > 0 ? named : rows) {
      const { row } = (await import(`./serving/${name}.ts`)) as { row: Row }
      console.log(`  ${name}: ${row.says}`)
      results.push(...(await row.run(stage)))
    }
    return results
  } finally {
    await stage.close()
  }
}
