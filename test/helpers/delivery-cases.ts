import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const BESIDE_THE_REPOSITORY = fileURLToPath(new URL('../../../shared/cases/deliveries', import.meta.url))

/**
 * The folder of the deliveries that people tried (csv, parquet, penguins, baseball …), which are not in the repository:
 * WEIR_CASES/deliveries, else ../shared/cases/deliveries. Undefined where there is none: tests on them say so and are
 * skipped, but not in CI, where a missing folder is a failure.
 */
export function deliveryCases(): string | undefined {
  const named = process.env.WEIR_CASES && join(process.env.WEIR_CASES, 'deliveries')
  const folder = named || BESIDE_THE_REPOSITORY
  if (existsSync(join(folder, 'csv', '00-good', 'customers.csv'))) return folder
  if (named || process.env.CI === 'true') throw new Error(`there are no cases of deliveries in ${folder}`)
  console.warn(`deliveries that people tried are not tested: there are none in ${folder}`)
  return undefined
}
