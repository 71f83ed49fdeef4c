import type { Instant } from '../../base/instant.ts'
import type { Database } from '../../db/sql.ts'
import { FEATURES_CHANNEL } from '../channel.ts'
import { tableDigest, type ViewDefinition } from '../define/definitions.ts'
import { type OnlineTableRow, selectOnlineTables } from '../queries.ts'

export type ViewState = {
  view: string
  /** Whether there are online values by the present definition. */
  materialized: boolean
  /** The newest moment that it describes, by what was materialized or pushed. */
  validAt: Instant | null
  materializedAt: Instant | null
  rows: number
  ttlMs: number | null
}

/** By view name, only views that are materialized by their present definition. */
export type OnlineTables = ReadonlyMap<string, OnlineTableRow>

/**
 * What is in the online store, read once and then kept until a materialization anywhere says `features_changed`. The
 * same object is given until then, so that readers can hang prepared statements on it.
 */
export function createViewStates(sql: Database, views: readonly ViewDefinition[], store: string) {
  const digests = new Map(views.map((view) => [view.name, tableDigest(view)]))
  let listening: Promise<() => Promise<void>> | undefined
  let cached: Promise<OnlineTables> | undefined
  const invalidate = () => {
    cached = undefined
  }

  async function load(): Promise<OnlineTables> {
    // Listen first, then read: a change between the two is heard.
    listening ??= sql.listen(FEATURES_CHANNEL, invalidate, invalidate)
    await listening.catch((error) => {
      listening = undefined
      throw error
    })
    return present()
  }

  async function present(): Promise<OnlineTables> {
    const rows = await selectOnlineTables(sql.serving, store)
    return new Map(rows.filter((row) => digests.get(row.view) === row.definition).map((row) => [row.view, row]))
  }

  function tables(): Promise<OnlineTables> {
    if (cached) return cached
    const loading = load()
    cached = loading
    loading.catch(() => {
      if (cached === loading) cached = undefined
    })
    return loading
  }

  /** Read anew: pushes move the moment of a view without a word to the readers. */
  async function states(): Promise<ViewState[]> {
    const held = await present()
    return views.map(({ name, ttlMs }) => {
      const row = held.get(name)
      const validAt = [row?.validAt ?? '', row?.pushedUntil ?? ''].sort()[1] || null
      const materializedAt = row?.materializedAt ?? null
      return { view: name, materialized: row !== undefined, validAt, materializedAt, rows: row?.rows ?? 0, ttlMs }
    })
  }

  async function close(): Promise<void> {
    const stop = await listening?.catch(() => undefined)
    listening = undefined
    cached = undefined
    await stop?.()
  }

  return { tables, states, invalidate, close }
}
