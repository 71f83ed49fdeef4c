import type { Sql } from '../db/sql.ts'
import { notifyChanged } from './queries/models.ts'

/** Every change of a model is told on this channel, with the model's name, when it commits. */
export const REGISTRY_CHANNEL = 'registry_changed'

export function changed(tx: Sql, name: string): Promise<void> {
  return notifyChanged(tx, REGISTRY_CHANNEL, name)
}
