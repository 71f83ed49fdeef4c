import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createDuck } from '../../src/lake/duck.ts'
import type { InputColumn, InputType } from '../../src/ml/model/encoder.ts'

/** The real January of the reference data, where a machine has it; see its README. Override: WEIR_STREAMFLOW_DATA. */
export const STREAMFLOW =
  process.env.WEIR_STREAMFLOW_DATA ?? fileURLToPath(new URL('../../../shared/data/streamflow', import.meta.url))

export const hasStreamflow = existsSync(`${STREAMFLOW}/month_000/labels.csv`)

const FEATURES: [string, InputType][] = [
  ['months_active', 'Int64'],
  ['monthly_fee', 'Float32'],
  ['paperless_billing', 'Bool'],
  ['plan_stream_tv', 'Bool'],
  ['plan_stream_movies', 'Bool'],
  ['net_service', 'String'],
  ['watch_hours_30d', 'Float32'],
  ['avg_session_mins_7d', 'Float32'],
  ['unique_devices_30d', 'Int64'],
  ['skips_7d', 'Int64'],
  ['rebuffer_events_7d', 'Int64'],
  ['failed_payments_90d', 'Int64'],
  ['support_tickets_90d', 'Int64'],
  ['ticket_avg_resolution_hrs_90d', 'Float32'],
]
const DUCK = {
  Int64: 'BIGINT',
  Float32: 'FLOAT',
  Bool: 'BOOLEAN',
  String: 'VARCHAR',
  Int32: 'INTEGER',
  Float64: 'DOUBLE',
}
const TABLES = ['subscriptions', 'usage_agg_30d', 'payments_agg_90d', 'support_agg_90d', 'labels']

/** The 14 features and the label of all customers, in the order of their keys; `folder` has the six CSV files. */
export async function readMonth(folder: string): Promise<{ inputs: InputColumn[]; labels: Uint8Array; rows: number }> {
  const duck = await createDuck()
  try {
    const [first, ...others] = TABLES.map((table) => `read_csv('${folder}/${table}.csv') AS ${table}`)
    const select = FEATURES.map(([name, type]) => `CAST(${name} AS ${DUCK[type]}) AS ${name}`).join(', ')
    const joins = others.map((other) => `JOIN ${other} USING (user_id)`).join(' ')
    const read = await duck.columns(`SELECT ${select}, churn_label FROM ${first} ${joins} ORDER BY user_id`)
    const inputs = FEATURES.map(([name, type], i): InputColumn => {
      const { values, valid } = read.columns[i]!
      return { name, type, values, valid }
    })
    return { inputs, labels: Uint8Array.from(read.columns[FEATURES.length]!.values as Float64Array), rows: read.rows }
  } finally {
    duck.close()
  }
}
