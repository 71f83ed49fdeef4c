import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import type { Database, Sql } from '../db/sql.ts'
import type { Suppressions } from '../lake/suppression.ts'
import { lockShortWork } from '../lake/work.ts'
import type { Answered, AnswerShape } from './answer.ts'
import { COPIED, lineOf } from './encode.ts'
import type { KeyPlaces } from './key-ways.ts'
import { MONTHS_AHEAD, type Month, makePartitions, monthOfMs } from './partitions.ts'
import type { Shapes } from './shapes.ts'

export type BatchDeps = {
  sql: Database
  shapes: Shapes
  suppressions: Pick<Suppressions, 'active'>
  /** What the values of a model's answers are of; refuses (not_found) a model that the project does not have. */
  shapeOf(model: string): AnswerShape
  /** Where keys of entities stand in the keys of a model. */
  placesOf(keys: AnswerShape['keys']): KeyPlaces
}

export type Batch = { number: number; rows: readonly Answered[] }

type Placed = { answer: Answered; model: number; shape: number; places: KeyPlaces }

/** Rows that are made into text between two turns of the event loop. */
const SLICE_ROWS = 100

/** A writer of batches under an id of its own. One that was written already is not written again, whoever heard of it. */
export function createBatchWriter({ sql, shapes, suppressions, shapeOf, placesOf }: BatchDeps, id: string) {
  const made = new Set<string>()
  const placed = new Map<string, { model: number; shape: number; places: KeyPlaces }>()

  async function placeOf(answer: Answered): Promise<Placed> {
    const { model, version, runId } = answer
    const name = `${version} ${runId} ${model}`
    let place = placed.get(name)
    if (place === undefined) {
      const shape = shapeOf(model)
      place = {
        model: await shapes.modelOf(model),
        shape: await shapes.idOf({ model, version, runId }, () => shape),
        places: placesOf(shape.keys),
      }
      placed.set(name, place)
    }
    return { answer, ...place }
  }

  /** Partitions of the months of the rows; of this month and the next ones, so that no row waits at the turn of a month. */
  async function makeRoom(model: number, months: Iterable<Month>): Promise<void> {
    const missing = [...new Set(months)].filter((month) => !made.has(`${model} ${month}`))
    if (missing.length === 0) return
    await makePartitions(sql, model, missing)
    for (const month of missing) made.add(`${model} ${month}`)
  }

  return {
    /** Gives how many were left out because they are of somebody who was taken out. */
    async write({ number, rows }: Batch): Promise<{ erased: number }> {
      const all: Placed[] = []
      const months = new Map<number, Set<Month>>()
      for (const answer of rows) {
        const place = await placeOf(answer)
        all.push(place)
        const of = months.get(place.model) ?? new Set()
        months.set(place.model, of.add(monthOfMs(answer.atMs)))
      }
      for (const [model, of] of months) await makeRoom(model, of)
      try {
        return await sql.tx((tx) => writeIn(tx, { suppressions, id, number }, all))
      } catch (error) {
        // A month that retention has dropped meanwhile is made again.
        made.clear()
        throw error
      }
    },
    /** Makes the partitions of this month and the next ones. */
    async makeAhead(names: readonly string[], nowMs: number): Promise<void> {
      const first = monthOfMs(nowMs)
      const months = Array.from({ length: MONTHS_AHEAD + 1 }, (_, i) => first + i)
      for (const name of names) await makeRoom(await shapes.modelOf(name), months)
    },
  }
}

async function writeIn(
  tx: Sql,
  { suppressions, id, number }: { suppressions: Pick<Suppressions, 'active'>; id: string; number: number },
  all: readonly Placed[],
): Promise<{ erased: number }> {
  // From here an erasure waits for us; whoever was asked to be taken out before is seen in the next statement.
  await lockShortWork(tx)
  const suppressed = await suppressions.active(tx)
  const isGone = ({ answer, places }: Placed) =>
    suppressed !== undefined &&
    places.some(
      ({ entity, at }) =>
        suppressed.entities.has(entity) &&
        suppressed.holdsBack(
          entity,
          at.map((i) => String(answer.keys[i])),
        ),
    )
  const rows = suppressed === undefined ? all : all.filter((row) => !isGone(row))
  const fresh = await tx.prepared(
    'predictions writer',
    `insert into predictions.writer (id, written) values ($1, $2)
     on conflict (id) do update set written = excluded.written, at = now() where writer.written < excluded.written
     returning written`,
    [id, number],
  )
  if (fresh.length > 0 && rows.length > 0) {
    await tx.copyIn(
      `copy predictions.answer (${COPIED}) from stdin`,
      Readable.from(linesOf(rows), { objectMode: false }),
    )
  }
  return { erased: all.length - rows.length }
}

async function* linesOf(rows: readonly Placed[]): AsyncGenerator<Buffer> {
  for (let from = 0; from < rows.length; from += SLICE_ROWS) {
    if (from > 0) await setImmediate()
    let text = ''
    for (const { answer, model, shape } of rows.slice(from, from + SLICE_ROWS)) text += lineOf(answer, model, shape)
    yield Buffer.from(text)
  }
}
