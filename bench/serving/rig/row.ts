import type { BenchResult } from '../../harness.ts'
import type { Stage } from './stage.ts'

/** One row of the table of figures: a file of bench/serving that exports `row`. It is named as its file is. */
export type Row = { says: string; run(stage: Stage): Promise<BenchResult[]> }
