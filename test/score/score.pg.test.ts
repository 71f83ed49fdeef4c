import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { must } from '../../src/base/assert.ts'
import { parseInstant } from '../../src/base/instant.ts'
import { createDuck, type Duck } from '../../src/lake/duck.ts'
import { literal } from '../../src/lake/quote.ts'
import type { ScoreRequest } from '../../src/score/score.ts'
import { MODEL, openServerRig } from '../serving/rig.ts'

let rig: Awaited<ReturnType<typeof openServerRig>>
let folder: string
let duck: Duck
const asOf = parseInstant('2024-01-31', 'as-of')

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-score-'))
  duck = await createDuck()
  rig = await openServerRig({ trees: 7 })
  for (const [month, date] of [
    ['month_000', '2024-01-31'],
    ['month_001', '2024-02-29'],
  ] as const) {
    await rig.app.ingestMonth({ dir: join(rig.months, month), asOf: date })
  }
  await rig.app.features.materialize({ asOf })
  await rig.train()
  await rig.promote(1)
  await rig.until((answer) => answer.status === 200)
})
afterAll(async () => {
  duck.close()
  await rig.close()
  await rm(folder, { recursive: true, force: true })
})

async function score(change: Partial<ScoreRequest> = {}) {
  const out = join(folder, 'scores.parquet')
  const knownAt = await rig.app.lake.pinKnownAt()
  const rest = { entities: null, explain: false, out, stage: 'Production' } as const
  return rig.app.score({ model: MODEL, asOf, knownAt, mode: 'restated', ...rest, ...change } as ScoreRequest)
}

const rowsOf = (file: string) =>
  duck.rows<Record<string, string | number>>(
    `SELECT * FROM read_parquet(${literal(file)}, file_row_number = true) ORDER BY file_row_number`,
  )

test('every entity that is known then has the numbers that /predict gives, in the order of the keys', async () => {
  const scored = await score({ explain: true })
  const rows = await rowsOf(scored.file)
  const [users] = await duck.rows<{ n: number }>(
    `SELECT count(*) AS n FROM read_csv(${literal(join(rig.months, 'month_000/subscriptions.csv'))}, all_varchar = true)`,
  )
  expect(scored).toMatchObject({ rows: rows.length, model: MODEL, version: 1, warnings: [] })
  expect(rows).toHaveLength(users!.n)
  const keys = rows.map((row) => String(row.user_id))
  expect(keys).toEqual([...keys].sort())
  expect(new Set(keys).size).toBe(keys.length)
  const names = Object.keys(rows[0]!).filter((name) => name.startsWith('contribution_'))
  expect(names).toHaveLength(14)
  for (const row of [rows[0]!, must(rows.find((each) => each.user_id === '7590-VHVEG')), rows.at(-1)!]) {
    const { body } = await rig.post('/predict?explain=true', { user_id: row.user_id })
    expect({ p: row.probability, label: row.prediction }).toEqual({ p: body.probability, label: body.prediction })
    const { base, contributions } = body.explanation as { base: number; contributions: Record<string, number> }
    expect(row.base).toBe(base)
    for (const [feature, added] of Object.entries(contributions)) expect(row[`contribution_${feature}`]).toBe(added)
  }
})

test('the file says what it was made from', async () => {
  const { file, runId } = await score()
  const metadata = await duck.rows<{ k: string; v: string }>(
    `SELECT decode(key) AS k, decode(value) AS v FROM parquet_kv_metadata(${literal(file)})`,
  )
  expect(Object.fromEntries(metadata.map(({ k, v }) => [k, v]))).toMatchObject({
    'weir.model': MODEL,
    'weir.version': '1',
    'weir.run_id': runId,
    'weir.as_of': '2024-01-31',
    'weir.mode': 'restated',
    'weir.known_at': expect.stringMatching(/^20/),
  })
  const columns = await duck.rows<{ name: string; type: string }>(
    `SELECT column_name AS name, column_type AS type FROM (DESCRIBE SELECT * FROM read_parquet(${literal(file)}))`,
  )
  expect(columns).toEqual([
    { name: 'user_id', type: 'VARCHAR' },
    { name: 'prediction', type: 'INTEGER' },
    { name: 'probability', type: 'DOUBLE' },
  ])
})

test('another date has its own features; the same gives the same bytes', async () => {
  const knownAt = await rig.app.lake.pinKnownAt()
  const bytes = async () => readFile((await score({ knownAt, explain: true })).file)
  expect((await bytes()).equals(await bytes())).toBe(true)
  const january = await rowsOf((await score()).file)
  const february = await rowsOf((await score({ asOf: parseInstant('2024-02-29', 'as-of') })).file)
  expect(february.map((row) => row.probability)).not.toEqual(january.map((row) => row.probability))
})

test('a file of entities gives a row for each of its rows, in its order, with its columns, unknown ones too', async () => {
  // More rows than one batch.
  const known = (await rowsOf((await score()).file)).slice(0, 100)
  const count = 17_001
  const text = Array.from({ length: count }, (_, i) => {
    return i === 5 ? `nobody,${i}` : `${known[(i * 7) % known.length]!.user_id},${i}`
  })
  const entities = join(rig.app.objects.directories[0]!, 'entities.csv')
  await writeFile(entities, `user_id,place\n${text.join('\n')}\n`)
  try {
    const rows = await rowsOf((await score({ entities })).file)
    expect(rows).toHaveLength(count)
    expect(rows.map((row) => Number(row.place))).toEqual(text.map((_, i) => i))
    for (const i of [0, 4, 6, 2_047, 2_048, 16_383, 16_384, count - 1]) {
      expect(rows[i]!.probability, `row ${i}`).toBe(known[(i * 7) % known.length]!.probability)
    }
    expect(rows[5]).toMatchObject({ user_id: 'nobody', probability: expect.any(Number) })
    await writeFile(entities, 'user_id,Probability\n7590-VHVEG,1\n')
    await expect(score({ entities })).rejects.toThrow("two columns 'probability'")
  } finally {
    await rm(entities)
  }
})

test('what cannot be scored is refused, and leaves the file that was there', async () => {
  const before = await rowsOf((await score()).file)
  await expect(score({ stage: 'Staging' } as Partial<ScoreRequest>)).rejects.toThrow(
    'no version of streamflow_churn is in Staging',
  )
  await expect(score({ version: 9 } as Partial<ScoreRequest>)).rejects.toThrow('not found')
  await expect(score({ model: 'none' })).rejects.toThrow("'none'")
  await expect(score({ asOf: parseInstant('2020-01-31', 'as-of') })).rejects.toThrow('knows an entity as of 2020-01-31')
  expect(await rowsOf(join(folder, 'scores.parquet'))).toEqual(before)
  expect(await readdir(folder)).toEqual(['scores.parquet'])
})
