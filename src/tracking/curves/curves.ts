/**
 * The curves of many runs, thinned for a page: each with all its least and greatest values, and with how many points it has.
 * Memory is that of a part of the points, however long the curves are. A long curve is kept as it was thinned (`thinned`),
 * and read anew only when its run logged something since.
 */
import { setImmediate } from 'node:timers/promises'
import { longPage } from '../../db/long-work.ts'
import type { Sql } from '../../db/sql.ts'
import { columnsOf, packed, unpacked } from './packed.ts'
import {
  type By,
  countPoints,
  type Found,
  type Place,
  selectCurves,
  selectPoints,
  selectPointsAfter,
  upsertThinned,
} from './queries.ts'
import { type Columns, createThinner } from './thin.ts'

export type { By } from './queries.ts'

export type Curve = Columns & { runId: string; key: string; points: number }

export type CurvesRequest = { runIds: readonly string[]; keys: readonly string[]; by: By; most: number }

/** Points that one statement reads: 16 bytes each, and twice that as text on their way. */
const PART = 250_000
/** What is kept is thinned to so many; who asks for more has the points read. */
export const KEPT_POINTS = 500
/** Shorter ones are read as fast as what would be kept of them. */
const KEPT_FROM = 2_000

export function createCurves({ sql }: { sql: Sql }) {
  /** By run, then by key, each as they were asked for. A metric that a run never logged is left out. */
  async function read(request: CurvesRequest): Promise<Curve[]> {
    const { runIds, keys, by, most } = request
    const found = await longPage(() => selectCurves(sql, request))
    const curves = new Map<number, Curve>()
    const unknown: Found[] = []
    for (const [i, curve] of found.entries()) {
      if (i % 64 === 63) await setImmediate()
      const { seriesId, runId, key, points } = curve
      if (curve.packed === null || points === null || most > KEPT_POINTS) unknown.push(curve)
      else curves.set(seriesId, { runId, key, points, ...again(unpacked(curve.packed), most) })
    }
    for (const curve of await readNow(sql, unknown, by, most)) curves.set(curve.seriesId, curve)
    const places = new Map(runIds.map((runId, i) => [runId, i]))
    const ofKeys = new Map(keys.map((key, i) => [key, i]))
    return [...curves.values()].sort(
      (a, b) => places.get(a.runId)! - places.get(b.runId)! || ofKeys.get(a.key)! - ofKeys.get(b.key)!,
    )
  }
  return { read }
}

async function readNow(sql: Sql, found: readonly Found[], by: By, most: number) {
  const curves: (Curve & { seriesId: number })[] = []
  for (const few of ofRuns(found)) {
    const counted = await longPage(() =>
      countPoints(
        sql,
        few.map(({ seriesId }) => seriesId),
      ),
    )
    const points = new Map(counted.map((row) => [row.seriesId, row.points]))
    const made: (Made & Found)[] = []
    for (const part of partsOf(few, points)) {
      const columns = await thinnedPart(sql, part, by, most, points)
      made.push(
        ...part.flatMap((curve) =>
          columns.has(curve.seriesId) ? [{ ...curve, ...columns.get(curve.seriesId)! }] : [],
        ),
      )
    }
    await keep(sql, by, made)
    for (const { seriesId, runId, key, points: n, shown } of made)
      curves.push({ seriesId, runId, key, points: n, ...shown })
  }
  return curves
}

type Made = { points: number; shown: Columns; kept: Columns }

async function thinnedPart(
  sql: Sql,
  part: readonly Found[],
  by: By,
  most: number,
  points: ReadonlyMap<number, number>,
) {
  const made = new Map<number, Made>()
  const thin = (seriesId: number, shown: ReturnType<typeof createThinner>, kept: ReturnType<typeof createThinner>) =>
    made.set(seriesId, { points: shown.count(), shown: shown.points(), kept: kept.points() })
  const [first] = part
  if (part.length === 1 && first && (points.get(first.seriesId) ?? 0) > PART) {
    const [shown, kept] = [createThinner(most), createThinner(KEPT_POINTS)]
    let after: Place | undefined
    do {
      const from = after
      const read = await longPage(() =>
        selectPointsAfter(sql, { seriesId: first.seriesId, by, after: from, limit: PART }),
      )
      if (!read) break
      const columns = columnsOf(read.x, read.values)
      shown.add(columns)
      kept.add(columns)
      after = read.end ?? undefined
    } while (after)
    thin(first.seriesId, shown, kept)
    return made
  }
  const ids = part.map(({ seriesId }) => seriesId)
  for (const { seriesId, x, values } of await longPage(() => selectPoints(sql, ids, by))) {
    const columns = columnsOf(x, values)
    const [shown, kept] = [createThinner(most), createThinner(KEPT_POINTS)]
    shown.add(columns)
    if (most === KEPT_POINTS) thin(seriesId, shown, shown)
    else {
      kept.add(columns)
      thin(seriesId, shown, kept)
    }
    await setImmediate()
  }
  return made
}

async function keep(sql: Sql, by: By, made: readonly (Made & Found)[]): Promise<void> {
  const rows = made
    .filter(({ points }) => points >= KEPT_FROM)
    .map(({ seriesId, revision, points, kept }) => ({ seriesId, revision, points, packed: packed(kept) }))
  if (rows.length > 0) await upsertThinned(sql, by, rows)
}

/** A few runs at a time: what one run logged at a time lies in the same pages of the table. */
function ofRuns(found: readonly Found[], atOnce = 10): Found[][] {
  const byRun = new Map<string, Found[]>()
  for (const curve of found) byRun.set(curve.runId, [...(byRun.get(curve.runId) ?? []), curve])
  const runs = [...byRun.values()]
  return Array.from({ length: Math.ceil(runs.length / atOnce) }, (_, i) =>
    runs.slice(i * atOnce, (i + 1) * atOnce).flat(),
  )
}

/** Parts of no more points than a statement reads, or of one curve. */
function partsOf(found: readonly Found[], points: ReadonlyMap<number, number>): Found[][] {
  const parts: Found[][] = []
  let room = 0
  for (const curve of found) {
    const n = points.get(curve.seriesId) ?? 0
    if (parts.length === 0 || n > room) {
      parts.push([])
      room = PART
    }
    parts.at(-1)!.push(curve)
    room -= n
  }
  return parts
}

function again(columns: Columns, most: number): Columns {
  if (columns.x.length <= most) return columns
  const thinner = createThinner(most)
  thinner.add(columns)
  return thinner.points()
}
