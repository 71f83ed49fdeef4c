import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sha256File } from '../../src/base/hash.ts'
import { parseInstant } from '../../src/base/instant.ts'
import type { ServiceDefinition, ViewDefinition } from '../../src/features/definitions.ts'
import { literal } from '../../src/features/quote.ts'
import { trainingSetSql } from '../../src/features/training-set-sql.ts'
import { createDuck } from '../../src/lake/duck.ts'

/** More than one row group, so that threads share the work. */
const ROWS = 300_000

let dir: string

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-features-'))
  const duck = await createDuck()
  for (const [name, order] of [
    ['sorted', 'i'],
    ['shuffled', 'hash(i)'],
  ]) {
    const rows = `SELECT 'key ' || i AS k, i % 7 = 0 AS y, CAST(i / 3 AS FLOAT) AS v FROM range(${ROWS}) r(i) ORDER BY ${order}`
    await duck.run(`COPY (${rows}) TO ${literal(join(dir, `${name}.parquet`))} (FORMAT parquet)`)
  }
  duck.close()
})
afterAll(() => rm(dir, { recursive: true, force: true }))

test('the bytes depend neither on threads nor on the order of rows in the files', async () => {
  const digests = new Set<string>()
  for (const [threads, order] of [
    [1, 'sorted'],
    [2, 'sorted'],
    [4, 'shuffled'],
    [1, 'shuffled'],
  ] as const) {
    const duck = await createDuck({ threads })
    const out = join(dir, 'out.parquet')
    const path = join(dir, `${order}.parquet`)
    const moments = ['2024-01-31', '2024-02-29'].map((date) => parseInstant(date))
    const files = moments.map((moment) => ({ moment, labels: path, views: [path] }))
    const sql = trainingSetSql(SERVICE, { name: 'y', column: 'y', type: 'Bool' }, files)
    await duck.run(`COPY (${sql}) TO ${literal(out)} (FORMAT parquet, COMPRESSION zstd)`)
    digests.add(await sha256File(out))
    duck.close()
  }
  expect([...digests]).toHaveLength(1)
})

const VIEW: ViewDefinition = {
  name: 'view',
  source: 'facts',
  keys: [{ name: 'k', type: 'String' }],
  features: [{ name: 'v', type: 'Float32', column: 'v' }],
  ttlMs: null,
}

const SERVICE: ServiceDefinition = {
  name: 'service',
  keys: VIEW.keys,
  views: [VIEW],
  features: [{ name: 'v', type: 'Float32', view: 0 }],
}
