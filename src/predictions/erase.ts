import type { Project } from '../config/project.ts'
import type { Database, Sql } from '../db/sql.ts'
import type { Subject } from '../lake/subject.ts'
import { keyPlacesOf } from './key-ways.ts'
import { dropEmptyPartition } from './partitions.ts'
import type { RecordedShape, Shapes } from './shapes.ts'

/** Answers of a model that hold a subject. */
export type HeldAnswers = { model: string; count: number }
/** A key of a view whose values came from rows of a subject. */
export type ViewKey = { view: string; key: readonly string[] }

export type PredictionsErasure = {
  /** Answers for the subject, by model. What still waits in the memory of a server is left out when it is written. */
  find(subject: Subject): Promise<HeldAnswers[]>
  /** Deletes them, and those for other keys whose features came from rows of the subject. */
  erase(subject: Subject, affected: readonly ViewKey[]): Promise<HeldAnswers[]>
  /** Partitions that rows were deleted from, and that were not written anew since. One without a row is dropped: it is made again when it is needed. */
  tables(): Promise<string[]>
  /** They were written anew. */
  rewritten(tables: readonly string[]): Promise<void>
}

type Deps = {
  sql: Database
  shapes: Shapes
  project: Project
  /** Where a view takes its keys from among those of the rows of a model, as the project is now. */
  rowKeysOf(model: string, view: string): readonly (readonly string[])[]
}

/** Rows of some shapes that have these texts at these places of their key. */
type Held = { shape: RecordedShape; at: readonly number[]; key: readonly string[] }

export function createPredictionsErasure({ sql, shapes, project, rowKeysOf }: Deps): PredictionsErasure {
  const ofSubject = (all: readonly RecordedShape[], { entity, key }: Subject): Held[] =>
    all.flatMap((shape) =>
      keyPlacesOf(project, shape.keys)
        .filter((place) => place.entity === entity && place.at.length === key.length)
        .map(({ at }) => ({ shape, at, key })),
    )
  const ofViews = (all: readonly RecordedShape[], affected: readonly ViewKey[]): Held[] =>
    all.flatMap((shape) => {
      const names = shape.keys.map(({ name }) => name)
      return affected.flatMap(({ view, key }) =>
        rowKeysOf(shape.model, view)
          .map((columns) => columns.map((name) => names.indexOf(name)))
          .filter((at) => at.length === key.length && !at.includes(-1))
          .map((at) => ({ shape, at, key })),
      )
    })
  return {
    async find(subject) {
      return counted(ofSubject(await shapes.of(), subject), (held) => countHeld(sql, held))
    },
    erase(subject, affected) {
      return sql.tx(async (tx) => {
        const all = await shapes.of()
        return counted([...ofSubject(all, subject), ...ofViews(all, affected)], (held) => deleteHeld(tx, held))
      })
    },
    async tables() {
      const rows = await sql.query<{ partition: string }>(
        'select partition from predictions.emptied order by partition',
      )
      const left: string[] = []
      for (const { partition } of rows) {
        if (await dropEmptyPartition(sql, partition)) await forget(sql, [partition])
        else left.push(`predictions.${partition}`)
      }
      return left
    },
    async rewritten(tables) {
      await forget(
        sql,
        tables.map((table) => table.replace(/^predictions\./, '')),
      )
    },
  }
}

async function forget(sql: Sql, partitions: readonly string[]): Promise<void> {
  await sql.query('delete from predictions.emptied where partition = any($1::text[])', [partitions])
}

async function counted(held: readonly Held[], count: (held: Held) => Promise<number>): Promise<HeldAnswers[]> {
  const counts = new Map<string, number>()
  for (const one of held) counts.set(one.shape.model, (counts.get(one.shape.model) ?? 0) + (await count(one)))
  return [...counts].filter(([, count]) => count > 0).map(([model, count]) => ({ model, count }))
}

async function countHeld(sql: Sql, held: Held): Promise<number> {
  const { text, values } = conditionOf(held)
  const [row] = await sql.query<{ count: number }>(
    `select count(*) as count from predictions.answer a where ${text}`,
    values,
  )
  return Number(row?.count ?? 0)
}

async function deleteHeld(tx: Sql, held: Held): Promise<number> {
  const { text, values } = conditionOf(held)
  const rows = await tx.query<{ name: string; count: number }>(
    `with gone as (delete from predictions.answer a where ${text} returning a.tableoid)
     select tableoid::regclass::text as name, count(*) as count from gone group by tableoid`,
    values,
  )
  const names = rows.map(({ name }) => name.replace(/^.*\./, ''))
  await tx.query('insert into predictions.emptied (partition) select unnest($1::text[]) on conflict do nothing', [
    names,
  ])
  return rows.reduce((sum, { count }) => sum + Number(count), 0)
}

/** A whole key is found by the index; a part of one by looking at every row of the shape. */
function conditionOf({ shape, at, key }: Held): { text: string; values: unknown[] } {
  if (at.length === shape.keys.length) {
    const whole = shape.keys.map((_, i) => key[at.indexOf(i)])
    return { text: 'a.shape = $1 and a.key = $2::text[]', values: [shape.id, whole] }
  }
  const parts = at.map((place, i) => `a.key[${place + 1}] = $${i + 2}`)
  return { text: `a.shape = $1 and ${parts.join(' and ')}`, values: [shape.id, ...key] }
}
