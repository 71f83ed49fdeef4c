import type { ValueType } from '../values/values.ts'
import { type FeatureStatus, type FeatureValue, featureJson } from './features.ts'

/**
 * What Feast's feature server answers, as its Python clients read it. The clients take a value's type from its JSON: `29`
 * is an int64 and `29.0` a double. So a value is written by its declared type, and not by what it happens to be.
 */
export type DeclaredType = ValueType

type Column = { name: string; type: DeclaredType }

export type OnlineAnswer = {
  /** The join keys, and the value of each for every row. */
  keys: (Column & { values: readonly FeatureValue[] })[]
  features: readonly Column[]
  rows: readonly {
    values: readonly FeatureValue[]
    statuses: readonly FeatureStatus[]
    eventTimestamps: readonly (string | null)[]
  }[]
}

/** What a missing event time is in this protocol. */
const EPOCH = '"1970-01-01T00:00:00Z"'

/** One value as JSON: floats with a point or an exponent, integers with every digit, moments in whole seconds. */
export function typedJson(value: FeatureValue, type: DeclaredType): string {
  if (value === null) return 'null'
  if (type === 'Float32' || type === 'Float64') {
    const number = Number(value)
    if (!Number.isFinite(number)) return 'null'
    const text = String(number)
    return Number.isInteger(number) && !text.includes('e') ? `${Object.is(number, -0) ? '-0' : text}.0` : text
  }
  if (type === 'UnixTimestamp' && typeof value === 'string') return String(Math.floor(Date.parse(value) / 1000))
  return featureJson(value)
}

/** The answer of /get-online-features: by column, join keys first, which are always there. */
export function onlineAnswerJson(answer: OnlineAnswer): string {
  return [...onlineAnswerPieces(answer)].join('')
}

/** Rows of one column that are written in one go, a millisecond or two. */
const TURN_ROWS = 2_000

/** The same in pieces, some of them empty: between any two, others can have their turn. */
export function* onlineAnswerPieces({ keys, features, rows }: OnlineAnswer): Generator<string> {
  const names = [...keys, ...features].map((column) => JSON.stringify(column.name))
  yield `{"metadata":{"feature_names":[${names.join(',')}]},"results":[`
  let comma = ''
  const present = rows.map(() => '"PRESENT"').join(',')
  const epochs = rows.map(() => EPOCH).join(',')
  for (const key of keys) {
    const values = key.values.map((value) => typedJson(value, key.type))
    yield `${comma}{"values":[${values.join(',')}],"statuses":[${present}],"event_timestamps":[${epochs}]}`
    comma = ','
  }
  const times = new Map<string, string>()
  const time = (instant: string | null | undefined): string => {
    if (instant === null || instant === undefined) return EPOCH
    const known = times.get(instant)
    if (known !== undefined) return known
    const text = timestampJson(instant)
    times.set(instant, text)
    return text
  }
  for (let f = 0; f < features.length; f++) {
    const type = features[f]!.type
    let values = ''
    let statuses = ''
    let timestamps = ''
    for (let r = 0; r < rows.length; r++) {
      if (r > 0 && r % TURN_ROWS === 0) yield ''
      const row = rows[r]!
      const between = r === 0 ? '' : ','
      const value = typedJson(row.values[f] ?? null, type)
      // A number that JSON cannot write; clients up to 0.61 fail on a null that is called present.
      const status = value === 'null' && row.statuses[f] === 'PRESENT' ? 'NULL_VALUE' : row.statuses[f]
      values += between + value
      statuses += `${between}"${status}"`
      timestamps += between + time(row.eventTimestamps[f])
    }
    yield `${comma}{"values":[${values}],"statuses":[${statuses}],"event_timestamps":[${timestamps}]}`
    comma = ','
  }
  yield ']}'
}

/** RFC 3339 with no, 3 or 6 decimals. */
function timestampJson(instant: string): string {
  if (instant.endsWith('.000000Z')) return `"${instant.slice(0, 19)}Z"`
  return instant.endsWith('000Z') ? `"${instant.slice(0, 23)}Z"` : `"${instant}"`
}

/** The errors of Feast that its clients raise again, by the name of their class. */
export type FeastErrorClass =
  | 'FeatureViewNotFoundException'
  | 'FeatureServiceNotFoundException'
  | 'PushSourceNotFoundException'
  | 'RequestDataNotFoundInEntityRowsException'
  | 'FeatureNameCollisionError'

/** The body of such an error: JSON in a JSON string. */
export function feastErrorJson(name: FeastErrorClass, message: string): string {
  return JSON.stringify(JSON.stringify({ module: 'feast.errors', class: name, message }))
}
