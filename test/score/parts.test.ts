import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDuck, type Duck } from '../../src/lake/duck.ts'
import { literal } from '../../src/lake/quote.ts'
import { fitLearner, type Learner } from '../../src/ml/learn/learners.ts'
import type { Target } from '../../src/ml/learn/task.ts'
import { createModel, predictOne } from '../../src/ml/model/model-file.ts'
import type { Outcome } from '../../src/ml/model/outcome.ts'
import { publish } from '../../src/score/publish.ts'
import { scoreColumns } from '../../src/score/score-columns.ts'
import { writeResult } from '../../src/score/write-result.ts'
import { writeScores } from '../../src/score/write-scores.ts'
import { inputColumns, randomRows, smallModel } from '../ml/small-model.ts'

const asOf = '2024-01-31T00:00:00.000000Z'
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
    const values = row.map((value, c) => sqlOf(inputs[c]!.type, value))
    return `(${i}, ${values.join(', ')})`
  })
  const names = inputs.map(({ name }) => name)
  await duck.run(
    `COPY (SELECT n AS place, ${names.join(', ')} FROM range(${count}) r(n)
       JOIN (VALUES ${texts.join(', ')}) v(i, ${names.join(', ')}) ON i = (n * 7) % ${some.length} ORDER BY n)
     TO ${literal(join(folder, 'features.parquet'))} (FORMAT parquet)`,
  )
  const parts = await writeScores(duck, { model, explain: false, asOf, rows: count, scratch: folder, partRows: 50_000 })
  expect(parts).toHaveLength(3)
  const columns = scoreColumns(model, false)
  const made = { "it's": 'a "test"' }
  const rows = await writeResult(duck, { scratch: folder, parts, kept: ['place'], columns, made, rows: count })
  expect(rows).toBe(count)
  const expected = some.map((row) => predictOne(model, row)[0]!)
  const [found] = await duck.rows<Record<string, number>>(
    `SELECT count(*) AS "rows", count(*) FILTER (WHERE place <> file_row_number) AS misplaced,
       max(abs(probability - list_value(${expected.join(', ')})[(place * 7) % ${some.length} + 1])) AS off
     FROM read_parquet(${literal(join(folder, 'result.parquet'))}, file_row_number = true)`,
  )
  expect(found).toMatchObject({ rows: count, misplaced: 0, off: 0 })
})

test('several classes have a share each and their label, a number is itself; explanations are of what is said', async () => {
  const rows = randomRows(9, 600)
  const inputs = inputColumns(rows)
  const first = Array.from(inputs[6]!.values, Number)
  const targets: [Outcome, Target][] = [
    [
      { kind: 'multiclass', classes: ["it's", 'b', ''] },
      { kind: 'multiclass', classes: 3, labels: Uint8Array.from(first, (x) => (x < -0.5 ? 0 : x < 0.5 ? 1 : 2)) },
    ],
    [{ kind: 'regression' }, { kind: 'regression', values: Float64Array.from(first, (x) => 10 * x) }],
  ]
  for (const [outcome, target] of targets) {
    const train = Uint32Array.from(rows, (_, r) => r)
    const task = { rows: rows.length, inputs, target, weights: null, train }
    const { encoder, learned } = await fitLearner(task, FOREST, { threads: 0 })
    const model = createModel({ label: 'y', outcome, encoder, learned })
    const names = inputs.map(({ name }) => name)
    const texts = rows.slice(0, 50).map((row) => `(${row.map((value, c) => sqlOf(inputs[c]!.type, value)).join(', ')})`)
    await duck.run(
      `COPY (SELECT * FROM (VALUES ${texts.join(', ')}) v(${names.join(', ')})) TO ${literal(join(folder, 'features.parquet'))} (FORMAT parquet)`,
    )
    const parts = await writeScores(duck, { model, explain: true, asOf, rows: 50, scratch: folder })
    const columns = scoreColumns(model, true)
    await writeResult(duck, { scratch: folder, parts, kept: [], columns, made: { a: 'b' }, rows: 50 })
    const scored = await duck.rows<Record<string, string | number>>(
      `SELECT * FROM read_parquet(${literal(join(folder, 'result.parquet'))})`,
    )
    expect(scored).toHaveLength(50)
    for (const [r, row] of scored.entries()) {
      const outputs = [...predictOne(model, rows[r]!)]
      const sum = names.reduce((all, name) => all + Number(row[`contribution_${name}`]), Number(row.base))
      if (outcome.kind === 'multiclass') {
        expect([row["probability_it's"], row.probability_b, row.probability_]).toEqual(outputs)
        const most = outputs.indexOf(Math.max(...outputs))
        expect(row.prediction).toBe(outcome.classes[most])
        expect(Math.abs(sum - outputs[most]!)).toBeLessThan(1e-9)
      } else {
        expect(row.prediction).toBe(outputs[0])
        expect(Math.abs(sum - outputs[0]!)).toBeLessThan(1e-9)
      }
    }
  }
})

test('a finished file takes its name in one step: what fails half-way leaves what was there', async () => {
  const to = join(folder, 'deep', 'scores.parquet')
  const from = join(folder, 'one.txt')
  await writeFile(from, 'whole')
  await publish(from, to)
  // Whoever reads the old one reads on in it.
  const reader = await open(to)
  await writeFile(from, 'the new one')
  await publish(from, to)
  expect((await reader.readFile()).toString()).toBe('whole')
  await reader.close()
  await expect(publish(join(folder, 'missing'), to)).rejects.toThrow('ENOENT')
  expect(await readFile(to, 'utf8')).toBe('the new one')
  expect(await readdir(join(folder, 'deep'))).toEqual(['scores.parquet'])
})

const FOREST = {
  kind: 'random_forest',
  trees: 5,
  maxDepth: null,
  minSamplesLeaf: 3,
  minSamplesSplit: 2,
  maxFeatures: 'all',
  classWeight: 'none',
  bootstrap: true,
  seed: 1,
} as Learner

function sqlOf(type: string, value: unknown): string {
  const text = value === null ? 'NULL' : typeof value === 'string' ? literal(value) : String(value)
  return `CAST(${text} AS ${DUCK_TYPES[type]})`
}

const DUCK_TYPES: Record<string, string> = {
  String: 'VARCHAR',
  Int32: 'INTEGER',
  Int64: 'BIGINT',
  Float32: 'FLOAT',
  Float64: 'DOUBLE',
  Bool: 'BOOLEAN',
}
