import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { must } from '../../src/base/assert.ts'
import { generateMonth } from '../../src/generator/streamflow.ts'
import {
  createEncoder,
  type EncoderSpec,
  encodeColumns,
  type InputColumn,
  type InputType,
  learnEncoder,
} from '../../src/ml/model/encoder.ts'
import type { Matrix } from '../../src/ml/model/trees.ts'
import { allColumns } from '../../test/generator/tables.ts'
import { realMonths } from '../../test/helpers/real-data.ts'

/** The features of the reference project in the order of its service. */
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

export type January = {
  origin: 'real' | 'generated'
  inputs: InputColumn[]
  encoder: EncoderSpec
  matrix: Matrix
  labels: Uint8Array
}

/** The rows that the training room has, in its order (of the keys): the real January where it is, else a generated one. */
export function readJanuary(): January {
  const folder = realMonths()
  const columns = allColumns(folder === undefined ? generateMonth({ month: 0 }) : readFolder(join(folder, 'month_000')))
  const keys = must(columns.get('user_id'))
  const order = keys.map((_, i) => i).sort((a, b) => (keys[a]! < keys[b]! ? -1 : 1))
  const sorted = (name: string) => order.map((i) => must(columns.get(name), name)[i]!)
  const inputs = FEATURES.map(([name, type]) => inputColumn(name, type, sorted(name)))
  const encoder = learnEncoder(inputs)
  return {
    origin: folder === undefined ? 'generated' : 'real',
    inputs,
    encoder,
    matrix: encodeColumns(createEncoder(encoder), inputs, keys.length),
    labels: Uint8Array.from(sorted('churn_label'), (text) => (text === 'True' ? 1 : 0)),
  }
}

function readFolder(folder: string): Record<string, string> {
  const names = Object.keys(generateMonth({ month: 0, customers: 10 })).map((name) => join(folder, name))
  return Object.fromEntries(names.filter(existsSync).map((path) => [path, readFileSync(path, 'utf8')]))
}

function inputColumn(name: string, type: InputType, texts: string[]): InputColumn {
  const valid = Uint8Array.from(texts, (text) => (text === '' ? 0 : 1))
  if (type === 'String') return { name, type, valid, values: texts }
  const numbers = Float64Array.from(texts, (text) => (text === 'True' ? 1 : text === 'False' ? 0 : Number(text)))
  return { name, type, valid, values: numbers }
}
