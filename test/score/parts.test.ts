import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDuck, type Duck } from '../../src/lake/duck.ts'
import { literal } from '../../src/lake/quote.ts'
import { predictOne } from '../../src/ml/model/model-file.ts'
import { publish } from '../../src/score/publish.ts'
import { scoreColumns } from '../../src/score/score-columns.ts'
import { writeResult } from '../../src/score/write-result.ts'
import { writeScores } from '../../src/score/write-scores.ts'
import { randomRows, smallModel } from '../ml/small-model.ts'

let folder: string
let duck: Duck
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-score-'))
  duck = await createDuck()
})
afterAll(async () => {
  duck.close()
  await rm(folder, { recursive: true, force: true })
})

test('rows in are rows out in the same order, over batches, files of scores and row groups, nulls of all types included', async () => {
  const model = await smallModel({ trees: 3 })
  const { inputs } = model.encoder.spec
  const some = randomRows(4, 40, true)
  // More rows than a row group of the features, three files of scores, and the last batch is not full.
  const count = 140_001
  const texts = some.map((row, i) => {
    const values = row.map((value, c) => {
      const text = value === null ? 'NULL' : typeof value === 'string' ? literal(value) : String(value)
      return `CAST(${text} AS ${DUCK_TYPES[inputs[c]!.type]})`
    })
    return `(${i}, ${values.join(', ')})`
  })
  const names = inputs.map(({ name }) => name)
  await duck.run(
    `COPY (SELECT n AS place, ${names.join(', ')} FROM range(${count}) r(n)
       JOIN (VALUES ${texts.join(', ')}) v(i, ${names.join(', ')}) ON i = (n * 7) % ${some.length} ORDER BY n)
     TO ${literal(join(folder, 'features.parquet'))} (FORMAT parquet)`,
  )
  const parts = await writeScores(duck, {
    ...{ model, explain: true, asOf: '2024-01-31T00:00:00.000000Z' },
    ...{ rows: count, scratch: folder, partRows: 50_000 },
  })
  expect(parts).toHaveLength(3)
  const columns = scoreColumns(model, true)
  const made = { "it's": 'a "test"' }
  const rows = await writeResult(duck, { scratch: folder, parts, kept: ['place'], columns, made, rows: count })
  expect(rows).toBe(count)
  const expected = some.map((row) => predictOne(model, row)[0]!)
  const [found] = await duck.rows<Record<string, number>>(
    `SELECT count(*) AS "rows", count(*) FILTER (WHERE place <> file_row_number) AS misplaced,
       max(abs(probability - list_value(${expected.join(', ')})[(place * 7) % ${some.length} + 1])) AS off,
       max(abs(base + ${names.map((name) => `contribution_${name}`).join(' + ')} - probability)) AS gap
     FROM read_parquet(${literal(join(folder, 'result.parquet'))}, file_row_number = true)`,
  )
  expect(found).toMatchObject({ rows: count, misplaced: 0, off: 0 })
  expect(found!.gap).toBeLessThan(1e-9)
})

test('a finished file takes its name in one step: what fails half-way leaves what was there', async () => {
  const to = join(folder, 'deep', 'scores.parquet')
  const from = join(folder, 'one.txt')
  await writeFile(from, 'whole')
  await publish(from, to)
  await expect(publish(join(folder, 'missing'), to)).rejects.toThrow('ENOENT')
  expect(await readFile(to, 'utf8')).toBe('whole')
  expect(await readdir(join(folder, 'deep'))).toEqual(['scores.parquet'])
})

const DUCK_TYPES: Record<string, string> = {
  String: 'VARCHAR',
  Int32: 'INTEGER',
  Int64: 'BIGINT',
  Float32: 'FLOAT',
  Float64: 'DOUBLE',
  Bool: 'BOOLEAN',
}
