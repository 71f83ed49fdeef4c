import { PlatformError } from '../../base/errors.ts'
import { keyColumns } from '../../config/key-places.ts'
import type { Project } from '../../config/project.ts'
import type { Database, Sql } from '../../db/sql.ts'
import type { Subject } from '../../lake/subject.ts'
import type { EntityKey } from '../define/keys.ts'
import { ident } from '../define/quote.ts'
import { type LiveTable, selectLiveTables, subtractRows, updateGeneration } from '../erasure-queries.ts'
import { lockView, nextGeneration, notifyFeaturesChanged } from '../queries.ts'
import type { OnlineStore } from './online-store.ts'
import { qualified } from './postgres-store.ts'

/** Keys of a view whose values came from rows of the subject. */
export type AffectedKey = { view: string; key: EntityKey }

/** Rows of one view's table of live values. */
export type LiveRows = { view: string; table: string; store: string; rows: number }

type Deps = { sql: Database; online: OnlineStore; project: Project }

/**
 * Live values that are the subject's: rows keyed by it (also by it and something else), rows that name it in a feature, and
 * those of the keys given. In every table that there is: of definitions before the present one, of views that the project no
 * longer names, and in Redis whatever lies below our prefix.
 */
export async function eraseLive(deps: Deps, subject: Subject, affected: readonly AffectedKey[]): Promise<LiveRows[]> {
  return eachTable(deps, subject, affected, true)
}

export async function findLive(deps: Deps, subject: Subject, affected: readonly AffectedKey[]): Promise<LiveRows[]> {
  return eachTable(deps, subject, affected, false)
}

/** The tables of PostgreSQL that can hold some, by their qualified names: deleted rows may lie in their pages. */
export async function tablesOfSubject(
  { sql, project }: Deps,
  subject: Subject,
  affected: readonly AffectedKey[],
): Promise<string[]> {
  const tables = (await selectLiveTables(sql)).filter((t) => t.store === 'postgres' && t.columns.length > 0)
  return tables.filter((t) => conditionOf(project, subject, affected, t)).map((t) => qualified(t.table))
}

async function eachTable(
  deps: Deps,
  subject: Subject,
  affected: readonly AffectedKey[],
  erase: boolean,
): Promise<LiveRows[]> {
  const tables = await selectLiveTables(deps.sql)
  const found: LiveRows[] = []
  for (const table of tables.filter((t) => t.store === 'postgres' && t.columns.length > 0)) {
    const where = conditionOf(deps.project, subject, affected, table)
    if (where === undefined) continue
    const rows = erase ? await deleteRows(deps.sql, table, where) : await countRows(deps.sql, table, where)
    if (rows > 0) found.push({ view: table.view ?? table.table, table: table.table, store: 'postgres', rows })
  }
  return deps.online.matching ? [...found, ...(await inStore(deps, subject, affected, tables, erase))] : found
}

type Where = { text: string; values: unknown[] }

async function deleteRows(sql: Sql, { table, view, store }: LiveTable, { text, values }: Where): Promise<number> {
  return sql.tx(async (tx) => {
    // Who brings the view online now is waited for.
    if (view !== null) await lockView(tx, view)
    const [row] = await tx.query<{ n: number; live: number }>(
      `with erased as (delete from ${qualified(table)} where ${text} returning _gone)
       select count(*) as n, count(*) filter (where not _gone) as live from erased`,
      values,
    )
    if (row?.live) await subtractRows(tx, table, store, row.live)
    // Also where no row was left: what servers remember of it goes too.
    if (view !== null) await notifyFeaturesChanged(tx, view)
    return row?.n ?? 0
  })
}

async function countRows(sql: Sql, { table }: LiveTable, { text, values }: Where): Promise<number> {
  const [row] = await sql.query<{ n: number }>(`select count(*) as n from ${qualified(table)} where ${text}`, values)
  return row?.n ?? 0
}

/** As a condition on a table of PostgreSQL; undefined where it can hold none. */
function conditionOf(
  project: Project,
  subject: Subject,
  affected: readonly AffectedKey[],
  table: LiveTable,
): Where | undefined {
  const values: unknown[] = []
  const ways = liveWays(project, subject, table).map((way) => {
    const parts = way.map((column, i) => `${ident(column)}::text = $${values.push(subject.key[i])}`)
    return `(${parts.join(' and ')})`
  })
  const keys = affected.filter((a) => a.view === table.view && a.key.length === table.keyColumns.length)
  if (keys.length > 0) {
    const arrays = table.keyColumns.map((_, i) => `$${values.push(keys.map((a) => a.key[i]))}::text[]`)
    const names = table.keyColumns.map((name) => `${ident(name)}::text`)
    ways.push(`(${names.join(', ')}) in (select * from unnest(${arrays.join(', ')}))`)
  }
  return ways.length === 0 ? undefined : { text: ways.join(' or '), values }
}

/** The columns of a table that name the subject. */
function liveWays(project: Project, subject: Subject, table: LiveTable): string[][] {
  const names = subject.joinKeys.map((key) => key.name)
  const keys = keyNames(project, table)
  const ways: string[][] = []
  // The entity's join keys may have had other names then.
  if (table.entity === subject.entity && keys.length === names.length) ways.push(keys)
  ways.push(names)
  const view = project.featureViews.find((v) => v.name === table.view)
  const source = project.sources.find((s) => s.name === view?.source)
  if (view && source) {
    const held = source.columns.map((c) => c.name)
    for (const way of keyColumns(project, subject.entity, source.name, held)) {
      const live = way.map((column) => {
        const key = view.keys.find((k) => k.column === column)?.name
        return key ?? view.features.find((f) => f.column === column)?.name
      })
      if (live.every((column) => column !== undefined)) ways.push(live as string[])
    }
  }
  const there = new Set(table.store === 'postgres' ? table.columns : keys)
  const possible = ways.filter((way) => way.every((column) => there.has(column)))
  return [...new Map(possible.map((way) => [JSON.stringify(way), way])).values()]
}

function keyNames(project: Project, table: LiveTable): string[] {
  if (table.keyColumns.length > 0) return table.keyColumns
  const keys = table.keys ?? project.featureViews.find((v) => v.name === table.view)?.keys ?? []
  return keys.map((key) => key.name)
}

/** The rows are gone from the table, and a copy of the store from before must not be believed again. */
async function afterErasing(
  { sql, online }: Pick<Deps, 'sql' | 'online'>,
  table: string,
  view: string | null | undefined,
  rows: number,
): Promise<void> {
  if (!view) return
  await sql.tx(async (tx) => {
    await lockView(tx, view)
    const generation = await nextGeneration(tx)
    await online.complete(tx, { view, table }, generation).catch((error) => {
      // A table that lost values is not believed, and with the new number no copy of it will be.
      if (!(error instanceof PlatformError && error.code === 'unavailable')) throw error
    })
    await subtractRows(tx, table, online.name, rows)
    await updateGeneration(tx, { table, store: online.name }, generation)
    await notifyFeaturesChanged(tx, view)
  })
}

/** In a store of its own a row is found by its key alone. A table that nobody knows any more is searched for the whole key. */
async function inStore(
  { sql, online, project }: Deps,
  subject: Subject,
  affected: readonly AffectedKey[],
  tables: readonly LiveTable[],
  erase: boolean,
): Promise<LiveRows[]> {
  const known = new Map(tables.filter((t) => t.store === online.name).map((t) => [t.table, t]))
  const affectedKeys = new Set(affected.map((a) => JSON.stringify([a.view, a.key])))
  const counts = new Map<string, number>()
  const match = (name: string, key: readonly string[]): boolean => {
    const table = known.get(name)
    const names = table && keyNames(project, table)
    const ways =
      table && names ? liveWays(project, subject, table).map((w) => w.map((c) => names.indexOf(c))) : [[...key.keys()]]
    const its = ways.some((way) => way.length === subject.key.length && way.every((k, i) => key[k] === subject.key[i]))
    if (!its && !affectedKeys.has(JSON.stringify([table?.view, key]))) return false
    counts.set(name, (counts.get(name) ?? 0) + 1)
    return true
  }
  await online.matching?.(match, erase)
  for (const [name, rows] of erase ? counts : []) await afterErasing({ sql, online }, name, known.get(name)?.view, rows)
  return [...counts].map(([name, rows]) => {
    return { view: known.get(name)?.view ?? name, table: name, store: online.name, rows }
  })
}
