import { requestIdNow } from '../base/request-id.ts'
import type { Column } from '../features/define/definitions.ts'
import { type EntityKey, type KeyInput, keyValues } from '../features/define/keys.ts'
import type { FeatureValue } from '../wire/features.ts'

/** A key that is asked for, read once. */
export type Asked = {
  /** As it was sent. */
  key: KeyInput
  /** Its join keys in their types. */
  parts: readonly FeatureValue[]
  /** The same as the online store has them. */
  entity: EntityKey
  /** The request that asked; null outside of one. */
  requestId: string | null
  /** When, by the clock that only runs forwards. */
  askedMs: number
}

/** Refuses what can be no key. */
export function askedOf(columns: readonly Column[], key: KeyInput, askedMs = performance.now()): Asked {
  const parts = keyValues(columns, key)
  return { key, parts, entity: parts.map(String), requestId: requestIdNow(), askedMs }
}
