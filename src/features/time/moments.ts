import { addMs, type Instant, nextInstant } from '../../base/instant.ts'
import type { Project, Source } from '../../config/project.ts'
import type { DuckSession } from '../../lake/duck.ts'
import type { Lake, Recorded } from '../../lake/lake.ts'
import { limitOf } from '../../wire/limits.ts'
import { type KnownStop, type MomentsAnswer, STOP_KINDS, timeSnapshotJson, type ValidStop } from '../../wire/time.ts'
import type { Catalogue } from '../define/catalogue.ts'
import { plainInDuck } from '../define/value-types.ts'
import { changeFilesOf } from '../offline/join.ts'
import type { JoinMode } from '../offline/snapshot-selection.ts'
import { changeRowsSql } from '../offline/view-rows.ts'
import { labelOfModel, type Subject, sourceAsView, sourcesOf } from './subject.ts'

type Deps = { project: Project; catalogue: Catalogue; lake: Lake; session: DuckSession }
type Found = { at: Instant; kind: ValidStop['kinds'][number]; source: string }

/**
 * The moments at which an answer can become another one, for sliders to stop at. On the axis of valid_at: where a snapshot
 * or a change describes something, and where one becomes older than the ttl (of a training set: where labels become
 * mature). On the axis of known_at: every recording and every withdrawal.
 */
export async function momentsOf(
  deps: Deps,
  subject: Subject,
  { now, mode }: { now: Instant; mode: JoinMode },
): Promise<Omit<MomentsAnswer, 'of'>> {
  const sources = sourcesOf(deps, subject)
  const histories = await Promise.all(sources.map(({ source }) => deps.lake.history({ source: source.name })))
  const found: Found[] = []
  let thinned = false
  for (const [i, { source, ttls }] of sources.entries()) {
    const history = histories[i] ?? []
    const moments = await describedBy(deps, source, history)
    thinned ||= moments.thinned
    found.push(...stopsOf(deps, subject, { source, ttls, history, moments: moments.at, mode }))
  }
  const most = limitOf('timeStops')
  const valid = merged(found.filter(({ at }) => at <= now))
  const all = histories.flat().sort((a, b) => a.seq - b.seq)
  const named = all.slice(-most)
  const known = knownStops(named)
  const last = known.at(-1)?.at ?? now
  return {
    // The clocks of two hosts may differ: what was recorded is never in the future.
    now: last > now ? last : now,
    valid: spread(valid, most),
    thinned: thinned || valid.length > most,
    known,
    snapshots: named.map((s) => timeSnapshotJson(s, s.withdrawn?.recordedAt ?? null)),
    left_out: all.length - named.length,
  }
}

type Given = {
  source: Source
  ttls: readonly number[]
  history: readonly Recorded[]
  moments: readonly Instant[]
  mode: JoinMode
}

function stopsOf({ project }: Deps, subject: Subject, { source, ttls, history, moments, mode }: Given): Found[] {
  const stop = (kind: Found['kind']) => (at: Instant) => ({ at, kind, source: source.name })
  if (subject.kind === 'models') {
    const label = labelOfModel(project, subject.name)
    return label.source === source.name ? moments.map((at) => addMs(at, label.horizonMs)).map(stop('mature')) : []
  }
  return [
    ...moments.map(stop(source.kind === 'snapshot' ? 'state' : 'change')),
    ...ttls.flatMap((ttl) => moments.map((at) => nextInstant(addMs(at, ttl))).map(stop('expires'))),
    ...(mode === 'served' ? history.map((s) => s.availableAt).map(stop('available')) : []),
  ]
}

/** The moments that the rows of a source describe, also of versions that were withdrawn. */
async function describedBy(
  { lake, session }: Deps,
  source: Source,
  history: readonly Recorded[],
): Promise<{ at: Instant[]; thinned: boolean }> {
  if (source.kind === 'snapshot' || history.length === 0) {
    return { at: [...new Set(history.map((s) => s.validAt))].sort(), thinned: false }
  }
  const most = limitOf('timeStops')
  const view = { ...sourceAsView(source, []), keys: [], features: [] }
  const rows = changeRowsSql(view, await changeFilesOf(lake, history))
  const found = await session.rows<{ at: Instant; all: number }>(
    `SELECT ${plainInDuck('_ts', 'UnixTimestamp')} AS at, "all" FROM (
       SELECT _ts, count(*) OVER () AS "all", row_number() OVER (ORDER BY _ts) AS n FROM (SELECT DISTINCT _ts FROM (${rows}))
     ) WHERE n = 1 OR n = "all" OR n % greatest(1, ceil("all" / ${most})::BIGINT) = 0 ORDER BY _ts`,
  )
  return { at: found.map((row) => row.at), thinned: found.length < (found[0]?.all ?? 0) }
}

function merged(found: readonly Found[]): ValidStop[] {
  const byMoment = new Map<Instant, Found[]>()
  for (const one of found) byMoment.set(one.at, [...(byMoment.get(one.at) ?? []), one])
  return [...byMoment.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([at, all]) => ({
      at,
      kinds: STOP_KINDS.filter((kind) => all.some((one) => one.kind === kind)),
      sources: [...new Set(all.map((one) => one.source))],
    }))
}

/** At most so many, evenly, the first and the last among them. */
export function spread<T>(list: readonly T[], most: number): T[] {
  if (list.length <= most) return [...list]
  return Array.from({ length: most }, (_, i) => list[Math.round((i * (list.length - 1)) / (most - 1))]!)
}

function knownStops(history: readonly Recorded[]): KnownStop[] {
  const stops = new Map<string, KnownStop>()
  const add = (at: Instant, kind: KnownStop['kind'], id: string) => {
    const stop = stops.get(`${at} ${kind}`) ?? { at, kind, snapshots: [] }
    stop.snapshots.push(id)
    stops.set(`${at} ${kind}`, stop)
  }
  for (const { id, recordedAt, withdrawn } of history) {
    add(recordedAt, 'recorded', id)
    if (withdrawn) add(withdrawn.recordedAt, 'withdrawn', id)
  }
  return [...stops.values()].sort((a, b) => (a.at < b.at ? -1 : 1))
}
