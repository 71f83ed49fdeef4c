/** A month of streamflow as Feast needs it: the CSVs that Weir ingests, with a moment in each row, as Parquet. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createDuck } from '../../src/lake/duck.ts'
import type { FeastView } from './peer.ts'
import { BENCH_VIEWS, type BenchType, type BenchView } from './views.ts'

export type FeastMonth = {
  views: FeastView[]
  /** `user_id`, `event_timestamp`, `churn_label`: the rows of labels.csv. */
  entities: string
  rows: number
}

const SOURCES: Record<string, string> = {
  subs_profile_fv: 'subscriptions.csv',
  usage_agg_30d_fv: 'usage_agg_30d.csv',
  payments_agg_90d_fv: 'payments_agg_90d.csv',
  support_agg_90d_fv: 'support_agg_90d.csv',
}
const DUCK_TYPES: Record<BenchType, string> = { Int64: 'BIGINT', Float32: 'FLOAT', Bool: 'BOOLEAN', String: 'VARCHAR' }

/** `folder` is one month (month_000 of the real data or of src/generator), `asOf` its date, such as 2024-01-31. */
export async function makeFeastMonth(dir: string, folder: string, asOf: string): Promise<FeastMonth> {
  await mkdir(dir, { recursive: true })
  const at = `TIMESTAMPTZ '${asOf}T00:00:00Z'`
  const entities = join(dir, 'entities.parquet')
  const duck = await createDuck()
  try {
    const views: FeastView[] = []
    for (const view of BENCH_VIEWS) {
      const path = join(dir, `${view.name}.parquet`)
      const csv = csvOf(join(folder, SOURCES[view.name]!))
      await duck.run(`COPY (SELECT user_id, ${at} AS event_timestamp, ${at} AS created, ${columns(view)} FROM ${csv})
        TO '${path}' (FORMAT parquet)`)
      views.push({ ...view, path })
    }
    const labels = csvOf(join(folder, 'labels.csv'))
    await duck.run(`COPY (SELECT user_id, ${at} AS event_timestamp, churn_label::BOOLEAN AS churn_label FROM ${labels})
      TO '${entities}' (FORMAT parquet)`)
    const [count] = await duck.rows<{ n: number }>(`SELECT count(*) AS n FROM read_parquet('${entities}')`)
    return { views, entities, rows: count!.n }
  } finally {
    duck.close()
  }
}

function csvOf(path: string): string {
  return `read_csv('${path}', header = true, all_varchar = true)`
}

function columns(view: BenchView): string {
  return Object.entries(view.features)
    .map(([name, type]) => `${name}::${DUCK_TYPES[type]} AS ${name}`)
    .join(', ')
}
