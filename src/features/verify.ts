import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { type Instant, instantOfMs } from '../base/instant.ts'
import type { Duck } from '../lake/duck.ts'
import type { Lake } from '../lake/lake.ts'
import type { FeatureValue } from '../wire/features.ts'
import type { ServiceDefinition, ViewDefinition } from './definitions.ts'
import { readEntityFile } from './entity-rows.ts'
import { pointInTimeJoin } from './join.ts'
import type { EntityKey } from './keys.ts'
import type { OnlineStore, StoredRow } from './online-store.ts'
import { ident, literal } from './quote.ts'
import { lostValues } from './refusals.ts'
import { plainInDuck } from './value-types.ts'
import type { OnlineTables } from './view-states.ts'

export type Difference = { key: EntityKey; feature: string; live: FeatureValue; offline: FeatureValue }

/** `newer` counts keys whose live row was pushed and is newer than what the lake knows: there is nothing to compare with. */
export type Verified = {
  view: string
  asOf: Instant | null
  checked: number
  newer: number
  differences: Difference[]
}

type Deps = { online: OnlineStore; lake: Lake; duck: Duck; clock: Clock; tables: OnlineTables }

/**
 * Whether the live values of some keys equal those that the point-in-time join gives for the same moment, from the
 * lake as it was when the view was materialized. `asked` asks for all features of the one view.
 */
export async function verifyView(
  deps: Deps,
  view: ViewDefinition,
  asked: ServiceDefinition,
  sample: number,
): Promise<Verified> {
  // What is stored is compared, whatever its age: the ttl decides at the read.
  const service = { ...asked, views: asked.views.map((v) => ({ ...v, ttlMs: null })) }
  const { online, lake, clock, tables } = deps
  const held = tables.get(view.name)
  if (!held?.snapshot_id || held.recorded_at === null) {
    return { view: view.name, asOf: null, checked: 0, newer: 0, differences: [] }
  }
  if (!(await online.holds(held))) throw lostValues([view.name])
  // Of changes all that were recorded count, up to the bound of the materialization.
  const bound = held.until === 'infinity' ? instantOfMs(clock.nowMs()) : held.until
  const moment = view.changes ? bound : (held.valid_at ?? bound)
  const keys = await online.sample(view, sample)
  const live = await online.reader(service, [held])(keys)
  const offline = await offlineValues(deps, service, keys, moment, held.recorded_at)
  let now: OfflineRow[] | undefined
  const differences: Difference[] = []
  let newer = 0
  for (const [i, key] of keys.entries()) {
    const row = live[i]
    const timestamp = row?.timestamps[0]
    if (!row || timestamp === null || timestamp === undefined) continue
    if (!view.changes && held.valid_at !== null && timestamp > held.valid_at) {
      newer++
      continue
    }
    const found = differencesOf(service, key, row, offline[i])
    if (found.length === 0) continue
    // A change that was pushed to both is in the lake, but was recorded after the materialization.
    now ??= view.changes ? await offlineValues(deps, service, keys, moment, await lake.pinKnownAt()) : offline
    if (view.changes && differencesOf(service, key, row, now[i]).length === 0) newer++
    else differences.push(...found)
  }
  return { view: view.name, asOf: moment, checked: keys.length - newer, newer, differences }
}

type OfflineRow = Record<string, FeatureValue>

function differencesOf(
  service: ServiceDefinition,
  key: EntityKey,
  row: StoredRow,
  offline: OfflineRow | undefined,
): Difference[] {
  return service.stored.flatMap((stored, s) => {
    const [is, was] = [row.values[s] ?? null, offline?.[`s${s}`] ?? null]
    return same(is, was) ? [] : [{ key, feature: stored.feature, live: is, offline: was }]
  })
}

/** The join's answer for these keys at one moment, as of K. */
function offlineValues(
  { lake, duck }: Deps,
  service: ServiceDefinition,
  keys: readonly EntityKey[],
  moment: Instant,
  knownAt: Instant,
): Promise<OfflineRow[]> {
  return lake.withScratch((scratch) =>
    duck.session(async (session) => {
      const path = join(scratch, 'keys.parquet')
      const rows = JSON.stringify(keys.map((key) => Object.fromEntries(key.map((part, i) => [`k${i}`, part]))))
      const columns = service.keys.map((key, i) => `j->>'k${i}' AS ${ident(key.name)}`)
      await session.run(
        `COPY (SELECT ${[...columns, `TIMESTAMPTZ ${literal(moment)} AS event_timestamp`].join(', ')}
         FROM (SELECT unnest(CAST(${literal(rows)} AS JSON[])) AS j)) TO ${literal(path)} (FORMAT parquet)`,
      )
      const entities = await readEntityFile(session, service, path)
      const { sql } = await pointInTimeJoin({ lake, session }, service, entities, { knownAt, mode: 'restated' })
      const values = service.stored.map((s, i) => `${plainInDuck(`s${i}`, s.type)} AS s${i}`)
      return session.rows<OfflineRow>(`SELECT ${['n', ...values].join(', ')} FROM (${sql}) ORDER BY n`)
    }),
  )
}

function same(a: FeatureValue, b: FeatureValue): boolean {
  return a === b || (typeof a === 'bigint' && typeof b !== 'object' && a === BigInt(b as number))
}
