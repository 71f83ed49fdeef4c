import { sha256Hex } from '../base/hash.ts'
import type { Sql } from '../db/sql.ts'
import type { AnswerShape } from './answer.ts'

/** A version's shape as it is recorded. */
export type RecordedShape = AnswerShape & { id: number; model: string; version: string; runId: string }

export type Shapes = ReturnType<typeof createShapes>

/** Models and shapes by their numbers, kept in memory once they are known: none ever changes. */
export function createShapes(sql: Sql) {
  const models = new Map<string, number>()
  const ids = new Map<string, number>()
  const known = new Map<number, RecordedShape>()

  /** The number of a model, made where it has none. */
  async function modelOf(name: string): Promise<number> {
    const id = models.get(name) ?? (await findModel(name)) ?? (await insertModel(sql, name))
    models.set(name, id)
    return id
  }

  async function findModel(name: string): Promise<number | undefined> {
    const seen = models.get(name)
    if (seen !== undefined) return seen
    const [row] = await sql.query<{ id: number }>('select id from predictions.model where name = $1', [name])
    if (row) models.set(name, row.id)
    return row?.id
  }

  /** The number of the shape of a version, made where it has none. */
  async function idOf(
    { model, version, runId }: { model: string; version: string; runId: string },
    shapeOf: () => AnswerShape,
  ): Promise<number> {
    const { keys, features } = shapeOf()
    const shape = { keys: JSON.stringify(keys), features: JSON.stringify(features) }
    const digest = sha256Hex(`${shape.keys} ${shape.features}`)
    const name = JSON.stringify([model, version, runId, digest])
    const seen = ids.get(name)
    if (seen !== undefined) return seen
    const id = await insertShape(sql, { model: await modelOf(model), version, runId, digest, ...shape })
    ids.set(name, id)
    return id
  }

  /** Those of a model, of all models where none is named. */
  async function of(model?: string, version?: string): Promise<RecordedShape[]> {
    const rows = await sql.query<RecordedShape>(
      `select s.id, m.name as model, s.version, s.run_id as "runId", s.keys, s.features
       from predictions.shape s join predictions.model m on m.id = s.model
       where ($1::text is null or m.name = $1) and ($2::text is null or s.version = $2) order by s.id`,
      [model ?? null, version ?? null],
    )
    for (const row of rows) known.set(row.id, row)
    return rows
  }

  async function byId(id: number): Promise<RecordedShape> {
    if (!known.has(id)) await of()
    return known.get(id)!
  }

  async function names(): Promise<Map<number, string>> {
    const rows = await sql.query<{ id: number; name: string }>('select id, name from predictions.model order by id')
    return new Map(rows.map(({ id, name }) => [id, name]))
  }

  return { modelOf, findModel, idOf, of, byId, names }
}

async function insertModel(sql: Sql, name: string): Promise<number> {
  await sql.query('insert into predictions.model (name) values ($1) on conflict do nothing', [name])
  const [row] = await sql.query<{ id: number }>('select id from predictions.model where name = $1', [name])
  return row!.id
}

type NewShape = { model: number; version: string; runId: string; digest: string; keys: string; features: string }

async function insertShape(sql: Sql, shape: NewShape): Promise<number> {
  const { model, version, runId, digest, keys, features } = shape
  await sql.query(
    `insert into predictions.shape (model, version, run_id, digest, keys, features)
     values ($1, $2, $3, $4, $5::jsonb, $6::jsonb) on conflict do nothing`,
    [model, version, runId, digest, keys, features],
  )
  const [row] = await sql.query<{ id: number }>(
    'select id from predictions.shape where model = $1 and version = $2 and run_id = $3 and digest = $4',
    [model, version, runId, digest],
  )
  return row!.id
}
