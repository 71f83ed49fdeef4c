import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeMonths } from '../../src/generator/streamflow.ts'
import type { Missing } from './needs.ts'

const BESIDE_THE_REPOSITORY = fileURLToPath(new URL('../../../shared/data/streamflow', import.meta.url))

/**
 * The folder of the two real months (month_000, month_001), which are not in the repository: WEIR_STREAMFLOW_DATA, else
 * ../shared/data/streamflow. Undefined where there is none (or the variable says `none`): tests on them say so and are skipped.
 */
export function realMonths(): string | undefined {
  const named = process.env.WEIR_STREAMFLOW_DATA
  if (named === 'none') return undefined
  const folder = named || BESIDE_THE_REPOSITORY
  if (existsSync(join(folder, 'month_000', 'labels.csv'))) return folder
  if (named) throw new Error(`WEIR_STREAMFLOW_DATA is ${named}, but there is no month_000/labels.csv in it`)
  return undefined
}

/** They are not in the repository and CI may lack them too. */
export function missingRealMonths(): Missing {
  if (realMonths() !== undefined) return undefined
  return { what: 'the two real months are not here (WEIR_STREAMFLOW_DATA)', ciMayLackIt: true }
}

/** The real months where they are, else two generated ones, written below `dir`. */
export async function someMonths(dir: string): Promise<string> {
  const real = realMonths()
  if (real !== undefined) return real
  await writeMonths(dir, 2)
  return dir
}

/** The first customers of the first month, of whichever months these are. */
export function firstUsers(months: string, count: number): string[] {
  const [, ...rows] = readFileSync(join(months, 'month_000', 'users.csv'), 'utf8').split('\n', count + 1)
  return rows.map((row) => row.split(',')[0]!)
}
