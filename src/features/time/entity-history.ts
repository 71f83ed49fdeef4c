import type { DuckSession } from '../../lake/duck.ts'
import type { Lake, Recorded } from '../../lake/lake.ts'
import type { EntityFact } from '../../wire/entities.ts'
import { limitOf } from '../../wire/limits.ts'
import { jsonCell } from '../../wire/time.ts'
import type { ViewDefinition } from '../define/definitions.ts'
import { ident } from '../define/quote.ts'
import { plainInDuck } from '../define/value-types.ts'
import { changeFilesOf, filesOf } from '../offline/join.ts'
import { changeRowsSql, deliverySql, stateRowsSql, viewColumns } from '../offline/view-rows.ts'
import { plainCell } from './read-rows.ts'
import type { Subject } from './subject.ts'
import { keyParts, partsOfView } from './table.ts'
import { isKey } from './view-at.ts'

type Deps = { lake: Lake; session: DuckSession }
type Entity = Extract<Subject, { kind: 'entities' }>

/**
 * Everything that was ever recorded about one entity, newest snapshot first, also what was corrected or withdrawn since: of each
 * snapshot the rows of the key, as each view reads them. `before` and `snapshots` bound it: so many snapshots, by seq.
 */
export async function entityHistory(
  deps: Deps,
  subject: Entity,
  key: string,
  page: { before: number | null; snapshots: number },
): Promise<{ facts: EntityFact[]; before: number | null; cut: boolean }> {
  const parts = keyParts(subject.joinKeys, key)
  const sources = [...new Set(subject.views.map((view) => view.source))]
  const histories = await Promise.all(sources.map((source) => deps.lake.history({ source })))
  const all = histories.flat().sort((a, b) => b.seq - a.seq)
  const older = page.before === null ? all : all.filter((s) => s.seq < page.before!)
  const here = older.slice(0, page.snapshots)
  const facts: (EntityFact & { seq: number })[] = []
  let cut = false
  for (const view of subject.views) {
    const inOrder = parts && partsOfView(subject.joinKeys, view, parts)
    const found = await factsOf(
      deps,
      view,
      here.filter((s) => s.source === view.source && reads(view, s)),
      inOrder,
    )
    cut ||= found.length > limitOf('listItems')
    facts.push(...found.slice(0, limitOf('listItems')))
  }
  facts.sort((a, b) => b.seq - a.seq || (a.valid_at < b.valid_at ? 1 : a.valid_at > b.valid_at ? -1 : 0))
  const last = older.length > here.length ? (here.at(-1)?.seq ?? null) : null
  return { facts: facts.map(({ seq: _, ...fact }) => fact), before: last, cut }
}

/** One that was taken before its source had a column of the view has nothing to tell of it. */
function reads(view: ViewDefinition, { columns }: Recorded): boolean {
  return viewColumns(view).every((name) => columns.some((column) => column.name === name))
}

async function factsOf(
  { lake, session }: Deps,
  view: ViewDefinition,
  snapshots: readonly Recorded[],
  key: readonly string[] | null,
): Promise<(EntityFact & { seq: number })[]> {
  if (snapshots.length === 0) return []
  const inOrder = [...snapshots].sort((a, b) => a.seq - b.seq)
  const bySeq = new Map(inOrder.map((s) => [s.seq, s]))
  const values = view.features.map(({ name, type }, i) => `${plainCell(ident(name), type)} AS v${i}`)
  const from = view.changes ? await changes(lake, view, inOrder, key) : await states(lake, view, inOrder, key)
  const rows = await session.rows<Record<string, unknown>>(
    `SELECT ${[...values, 'seq', 'gone', `${plainInDuck('ts', 'UnixTimestamp')} AS ts`, `${plainInDuck('known', 'UnixTimestamp')} AS known`].join(', ')}
     FROM (${from}) ORDER BY seq DESC, ts DESC, place DESC LIMIT ${limitOf('listItems') + 1}`,
  )
  return rows.map((row) => {
    const snapshot = bySeq.get(Number(row.seq))!
    const gone = row.gone === true
    return {
      seq: snapshot.seq,
      view: view.name,
      valid_at: row.ts === null ? snapshot.validAt : String(row.ts),
      recorded_at: snapshot.recordedAt,
      available_at: row.known !== null ? String(row.known) : view.changes?.availableAt ? null : snapshot.availableAt,
      withdrawn_at: snapshot.withdrawn?.recordedAt ?? null,
      snapshot: snapshot.id,
      deleted: gone,
      values: gone ? view.features.map(() => null) : view.features.map((_, i) => jsonCell(row[`v${i}`])),
    }
  })
}

async function states(lake: Lake, view: ViewDefinition, snapshots: readonly Recorded[], key: readonly string[] | null) {
  const files = await filesOf(lake, snapshots)
  const none = 'NULL::TIMESTAMPTZ'
  return files
    .map((file) => {
      const more = `${file.seq}::BIGINT AS seq, false AS gone, ${none} AS ts, ${none} AS known, 0 AS place`
      return `SELECT ${[...view.features.map((f) => ident(f.name)), more].join(', ')} FROM (${stateRowsSql(view, file)}) WHERE ${isKey(view, key)}`
    })
    .join('\nUNION ALL\n')
}

async function changes(
  lake: Lake,
  view: ViewDefinition,
  snapshots: readonly Recorded[],
  key: readonly string[] | null,
) {
  const seq = deliverySql(snapshots.map((s) => s.seq))
  return `SELECT ${view.features.map((f) => `${ident(f.name)}, `).join('')}${seq}::BIGINT AS seq, _gone AS gone, _ts AS ts, _known_at AS known, _place AS place
    FROM (${changeRowsSql(view, await changeFilesOf(lake, snapshots))}) WHERE ${isKey(view, key)}`
}
