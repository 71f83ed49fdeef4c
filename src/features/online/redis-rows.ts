import { valueText } from '../../values/text.ts'
import type { FeatureValue } from '../../wire/features.ts'
import type { StoredFeature, ViewDefinition } from '../define/definitions.ts'

/** What a script answers for one field. */
export type Reply = string | null
/** `[event_timestamp, created, gone, …features]`. */
export type Row = (string | number | boolean | null)[]

/** Whether a part still holds all that was written up to a generation. */
export function isMarked(mark: Reply | undefined, generation: number): boolean {
  // `loading` is no number.
  return typeof mark === 'string' && Number(mark) >= generation
}

/** The name of a row in its part; never empty, which is the mark's. */
export function fieldOf(key: readonly unknown[]): string {
  return JSON.stringify(key.map(String))
}

/** In an order that does not depend on how the features are written down. */
export function stored(view: ViewDefinition) {
  return [...view.features].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** JSON has no -0 either: it goes as text. */
export function rowJson(row: readonly unknown[]): string {
  const asText = (value: unknown) => typeof value === 'bigint' || Object.is(value, -0)
  return JSON.stringify(row.map((value) => (asText(value) ? valueText(value as number | bigint) : (value ?? null))))
}

/** A feature as it was written by rowJson. */
export function fromJson(value: Row[number], type: StoredFeature['type']): FeatureValue {
  if (value === null) return null
  if (type === 'Int64' || type === 'Int32') {
    const n = Number(value)
    return Number.isSafeInteger(n) ? n : BigInt(value as string)
  }
  if (type === 'Float64') return Number(value)
  return type === 'Float32' ? Math.fround(Number(value)) : value
}
