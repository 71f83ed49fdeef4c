import { must } from '../../base/assert.ts'
import type { Clock } from '../../base/clock.ts'
import { FIRST_INSTANT, type Instant, instantOfMs, LAST_INSTANT } from '../../base/instant.ts'
import type { Database } from '../../db/sql.ts'
import type { Duck, DuckSession } from '../../lake/duck.ts'
import type { Lake } from '../../lake/lake.ts'
import type { Snapshot } from '../../lake/snapshot.ts'
import type { FeatureValue } from '../../wire/features.ts'
import { type ServiceDefinition, tableDigest, type ViewDefinition } from '../define/definitions.ts'
import type { EntityKey } from '../define/keys.ts'
import { lostValues } from '../define/refusals.ts'
import { expectedRows, type LakeRow, makeExpected, pointInTimeValues, sampleExpected } from '../offline/verify-lake.ts'
import { lockView, type OnlineTableRow, selectOnlineTable } from '../queries.ts'
import type { OnlineStore, StoredRow } from './online-store.ts'

/** A feature that differs; `(row)` stands for a whole row that is missing or should not be, `event_timestamp` for its time. */
export type Difference = { key: EntityKey; feature: string; live: FeatureValue; offline: FeatureValue }

/** `newer` counts keys whose live row was pushed and is newer than what the lake knows: there is nothing to compare with. */
export type Verified = {
  view: string
  asOf: Instant | null
  checked: number
  newer: number
  /** Keys that should be live and are not; keys that are live and should not be. Both are differences too. */
  missing: number
  unexpected: number
  differences: Difference[]
}

type Deps = { sql: Database; online: OnlineStore; lake: Lake; duck: Duck; clock: Clock }

/** Keys of one look into the online store. */
const LOOK_KEYS = 5_000

/**
 * Whether the live rows of some keys are those that the lake gives: up to `sample` keys that are live, and as many that
 * should be by the record of what was materialized. Their values are compared with the point-in-time join for the
 * same moment, as of the lake that was materialized, where all of it up to a moment was. `asked` asks for all
 * features of the one view. No materialization of the view runs meanwhile.
 */
export function verifyView(
  deps: Deps,
  view: ViewDefinition,
  asked: ServiceDefinition,
  sample: number,
): Promise<Verified> {
  // What is stored is compared, whatever its age: the ttl decides at the read.
  const service = { ...asked, views: asked.views.map((v) => ({ ...v, ttlMs: null })) }
  return deps.sql.tx(async (tx) => {
    await lockView(tx, view.name)
    const held = await selectOnlineTable(tx, {
      view: view.name,
      definition: tableDigest(view),
      store: deps.online.name,
    })
    const nothing = { view: view.name, asOf: null, checked: 0, newer: 0, missing: 0, unexpected: 0, differences: [] }
    if (!held?.snapshotId || held.recordedAt === null) return nothing
    // Brought before there was a record of it: the next materialization makes one.
    if (view.changes && held.coverage.length === 0) return nothing
    if (!(await deps.online.holds(held))) throw lostValues([view.name])
    const history = await deps.lake.history({ source: view.source }, tx)
    const known = history.filter((snapshot) => snapshot.withdrawn === null)
    return deps.duck.session(async (session) => {
      await makeExpected(session, deps.lake, view, held, known)
      return compare(deps, session, { view, service, held, sample, whole: wholeMoment(view, held, known) })
    })
  })
}

type Asked = {
  view: ViewDefinition
  service: ServiceDefinition
  held: OnlineTableRow
  sample: number
  whole: Instant | null
}

async function compare(
  deps: Deps,
  session: DuckSession,
  { view, service, held, sample, whole }: Asked,
): Promise<Verified> {
  const { lake, clock, online } = deps
  const keys = once([...(await online.sample(view, sample)), ...(await sampleExpected(session, view, sample))])
  const live = await liveRows(online, service, held, keys)
  const expected = await expectedRows(session, view, service, keys)
  const join = (of: readonly EntityKey[], moments: readonly Instant[], knownAt: Instant) =>
    pointInTimeValues({ lake, session }, service, of, moments, knownAt)
  const joined =
    whole === null
      ? expected.map((row) => row?.values ?? [])
      : await join(
          keys,
          keys.map(() => whole),
          held.recordedAt ?? whole,
        )

  const suspects: Suspect[] = []
  for (const [i, key] of keys.entries()) {
    const suspect = { key, live: must(live[i]), expected: expected[i], differences: [] as Difference[] }
    suspect.differences = differencesOf(service, suspect, must(joined[i]))
    if (suspect.differences.length > 0) suspects.push(suspect)
  }
  // A change that was pushed to both is in the lake, but was recorded after the materialization.
  const late = view.changes ? suspects.filter(mayBeLate) : []
  const now = await join(
    late.map((s) => s.key),
    late.map((s) => must(s.live.timestamps[0])),
    LAST_INSTANT,
  )
  const explained = new Set<Suspect>([
    ...late.filter((s, i) => sameRow(s, must(now[i]))),
    ...suspects.filter((s) => wasPushed(view, held, s)),
  ])
  const wrong = suspects.filter((s) => !explained.has(s))
  return {
    view: view.name,
    asOf: momentShown(held, whole) ?? instantOfMs(clock.nowMs()),
    checked: keys.length - explained.size,
    newer: explained.size,
    missing: wrong.filter((s) => !isLive(s)).length,
    unexpected: wrong.filter((s) => isLive(s) && !isExpected(s)).length,
    differences: wrong.flatMap((s) => s.differences),
  }
}

type Suspect = { key: EntityKey; live: StoredRow; expected: LakeRow | undefined; differences: Difference[] }

/** The moment up to which all that the lake knew was brought; null where windows, or an earlier K, left something out. */
function wholeMoment(view: ViewDefinition, held: OnlineTableRow, known: readonly Snapshot[]): Instant | null {
  if (!view.changes) return known.some((s) => s.seq === held.seq) ? held.validAt : null
  const [only, second] = held.coverage
  const last = known.find((s) => s.seq === held.seq)
  if (last && last.recordedAt > (held.recordedAt ?? '')) return null
  return only && !second && only.from === FIRST_INSTANT && only.seq >= held.seq ? only.to : null
}

/** Null for now. */
function momentShown(held: OnlineTableRow, whole: Instant | null): Instant | null {
  const moment = whole ?? held.coverage.at(-1)?.to ?? held.validAt
  return moment === LAST_INSTANT ? null : moment
}

function isLive({ live }: Pick<Suspect, 'live'>): boolean {
  return (live.timestamps[0] ?? null) !== null
}

function isExpected({ expected }: Pick<Suspect, 'expected'>): boolean {
  return expected !== undefined && !expected.gone
}

function differencesOf(
  service: ServiceDefinition,
  row: Omit<Suspect, 'differences'>,
  offline: FeatureValue[],
): Difference[] {
  const { key, live, expected } = row
  const one = (feature: string, is: FeatureValue, was: FeatureValue) => ({ key, feature, live: is, offline: was })
  if (!isLive(row)) return isExpected(row) ? [one('(row)', 'missing', 'there')] : []
  if (!isExpected(row)) return [one('(row)', 'there', expected ? 'deleted' : 'unknown')]
  const moment = live.timestamps[0] ?? null
  const values = service.stored.flatMap((stored, s) => {
    const [is, was] = [live.values[s] ?? null, offline[s] ?? null]
    return same(is, was) ? [] : [one(stored.feature, is, was)]
  })
  return moment === expected?.timestamp
    ? values
    : [one('event_timestamp', moment, expected?.timestamp ?? null), ...values]
}

/** The live row describes a later moment than the record gives, or corrects one of the same moment. */
function mayBeLate(row: Suspect): boolean {
  const [moment] = row.live.timestamps
  if (!moment) return false
  if (!row.expected) return true
  return row.expected.gone ? moment > row.expected.timestamp : moment >= row.expected.timestamp
}

/** Pushes into the online store alone are recorded by their newest moment; a tombstone among them takes a row away. */
function wasPushed(view: ViewDefinition, held: OnlineTableRow, row: Suspect): boolean {
  const [moment] = row.live.timestamps
  if (!view.changes) return Boolean(moment && held.validAt !== null && moment > held.validAt)
  if (held.pushedUntil === null) return false
  if (moment) return mayBeLate(row) && moment <= held.pushedUntil
  return view.changes.deleted !== null && (row.expected?.timestamp ?? LAST_INSTANT) <= held.pushedUntil
}

async function liveRows(
  online: OnlineStore,
  service: ServiceDefinition,
  table: OnlineTableRow,
  keys: readonly EntityKey[],
): Promise<StoredRow[]> {
  const read = online.reader(service, [table])
  const rows: StoredRow[] = []
  for (let at = 0; at < keys.length; at += LOOK_KEYS) rows.push(...(await read(keys.slice(at, at + LOOK_KEYS))))
  return rows
}

function once(keys: readonly EntityKey[]): EntityKey[] {
  return [...new Map(keys.map((key) => [JSON.stringify(key), key])).values()]
}

/** Nulls alone are no row that the lake has of a key that it may not know. */
function sameRow({ live, expected }: Suspect, offline: readonly FeatureValue[]): boolean {
  const known = expected !== undefined || offline.some((value) => value !== null)
  return known && live.values.every((value, i) => same(value ?? null, offline[i] ?? null))
}

function same(a: FeatureValue, b: FeatureValue): boolean {
  return a === b || (typeof a === 'bigint' && typeof b !== 'object' && a === BigInt(b as number))
}
