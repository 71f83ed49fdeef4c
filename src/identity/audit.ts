/**
 * The trail: who changed what, from what to what, when, from where and why. Tables `identity.audit` and `audit_head`.
 *
 * Invariants:
 * - A change and its row are one transaction: neither is there without the other.
 * - A row is never changed and never deleted. Each holds the hash of the one before it (0024): the database gives number,
 *   moment and hash when the transaction commits, under a lock that nothing else is waited for with.
 * - No key of a person and no value of a feature is in a row; where a reason names one, an erasure takes the reason out.
 */
import { preparedShape } from '../db/prepared-shapes.ts'
import type { Sql } from '../db/sql.ts'
import type { Action } from './audit-actions.ts'
import { actorNow } from './principal.ts'

export type Change = {
  /** What was done: `model.stage`, `delivery.accepted`; all of them in audit-actions.ts. */
  action: Action
  /** What it was done to: a version as `model/3`, an alias as `model@champion`, others by their name or id. */
  on: { kind: string; name: string }
  /** The registered model that it is about. */
  model?: string
  /** What was there before and what is there now; null where there was or is nothing. Small, and without keys of people. */
  from: object | null
  to: object | null
  /** In the words of whoever did it. */
  why?: string | null
}

/** Part of the transaction that makes the change. Whoever acts now is asked of `principal.ts`. */
export async function recordChange(sql: Sql, change: Change): Promise<void> {
  const { action, on, model = null, from, to, why = null } = change
  const by = actorNow()
  await preparedShape(sql, INSERT, [
    by.name,
    by.kind,
    by.token,
    by.from,
    action,
    on.kind,
    on.name,
    model,
    jsonOf(from),
    jsonOf(to),
    why === '' ? null : why,
  ])
}

const INSERT = `
  insert into identity.audit
    (actor, actor_kind, token, origin, action, on_kind, on_name, model, from_value, to_value, why)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9::json, $10::json, $11)`

function jsonOf(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value)
}
