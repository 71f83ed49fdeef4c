import { copyFile, mkdir, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { assert } from '../../base/assert.ts'
import { PlatformError } from '../../base/errors.ts'
import { sha256File } from '../../base/hash.ts'
import { requireSameRows } from '../../base/same-rows.ts'
import type { ValueType } from '../../config/project.ts'
import type { Duck } from '../../lake/duck.ts'
import { damaged } from '../../lake/named-by-digest.ts'
import type { ObjectStore } from '../../lake/objects.ts'
import type { Value } from '../../values/values.ts'
import { ident, literal } from '../define/quote.ts'
import { plainInDuck } from '../define/value-types.ts'
import type { TrainingSetRef } from './training-set.ts'

/**
 * Numbers and Bool (0, 1) as doubles, NaN where null; String, Date and UnixTimestamp as text, empty where null.
 * `valid[i]` is 0 where the value is null. An Int64 beyond 2^53 is rounded: a model works on doubles.
 */
export type TrainingColumn = { type: ValueType; values: Float64Array | string[]; valid: Uint8Array }

export type TrainingData = { rows: number; columns: Map<string, TrainingColumn> }

/** What finds a training set again. */
export type StoredTrainingSet = Pick<TrainingSetRef, 'digest' | 'objectKey' | 'columns' | 'rows'>

/** The training set by columns, in the order of the file. Refuses bytes that are not those of the digest, and other rows. */
export async function readTrainingSet(
  deps: { duck: Duck; objects: ObjectStore },
  ref: StoredTrainingSet,
): Promise<TrainingData> {
  const path = await verifiedPath(deps.objects, ref)
  const select = ref.columns.map((c) => `${plainInDuck(ident(c.name), c.type)} AS ${ident(c.name)}`)
  const read = await deps.duck.columns(`SELECT ${select.join(', ')} FROM read_parquet(${literal(path)})`)
  requireSameRows('training set → frame', ref.rows, read.rows)
  const columns = new Map<string, TrainingColumn>()
  for (const [i, { name, type }] of ref.columns.entries()) {
    const column = read.columns[i]
    if (column) columns.set(name, { type, values: column.values, valid: column.valid })
  }
  return { rows: read.rows, columns }
}

/** Its first rows as values: an Int64 has every digit. */
export async function readFirstRows(
  deps: { duck: Duck; objects: ObjectStore },
  ref: StoredTrainingSet,
  count: number,
): Promise<Record<string, Value>[]> {
  const path = await verifiedPath(deps.objects, ref)
  const select = ref.columns.map((c) => `${plainInDuck(ident(c.name), c.type)} AS ${ident(c.name)}`)
  return deps.duck.rows(
    `SELECT ${select.join(', ')} FROM read_parquet(${literal(path)}, file_row_number = true) ORDER BY file_row_number LIMIT $1`,
    [count],
  )
}

/** Copies the Parquet file to a path of the user's, whole or not at all. */
export async function exportTrainingSet(objects: ObjectStore, ref: StoredTrainingSet, path: string): Promise<void> {
  const from = await verifiedPath(objects, ref)
  const temporary = `${path}.${process.pid}.part`
  await mkdir(dirname(path), { recursive: true })
  try {
    await copyFile(from, temporary)
    const written = await sha256File(temporary)
    if (written !== ref.digest) throw damaged(temporary, `it has SHA-256 ${written}`)
    await rename(temporary, path)
  } finally {
    await rm(temporary, { force: true })
  }
}

/** The local file of a training set, its bytes checked. */
export async function verifiedPath(objects: ObjectStore, { objectKey, digest }: StoredTrainingSet): Promise<string> {
  assert(objectKey.includes(digest), `training set '${objectKey}' is named by its digest`)
  try {
    return await objects.local(objectKey)
  } catch (error) {
    if (!(error instanceof PlatformError) || !['corrupt', 'not_found'].includes(error.code)) throw error
    const what = error.code === 'corrupt' ? error.message : `the object store has no '${objectKey}'`
    const message = `this training set cannot be read: ${what}; build it again, as of the same dates it comes to the same bytes`
    throw new PlatformError(error.code, message, { cause: error, details: { object: objectKey } })
  }
}
