import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createDuck, type Duck } from '../../src/lake/duck.ts'

let dir: string
let duck: Duck
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-duck-'))
  duck = await createDuck({ directories: [join(dir, 'store')], threads: 2 })
})
afterEach(async () => {
  duck.close()
  await rm(dir, { recursive: true, force: true })
})

test('statements reach the store and nothing else of this machine or the network', async () => {
  await writeFile(join(dir, 'secret.csv'), 'a\n1\n')
  await duck.run(`COPY (SELECT 1 AS a) TO '${join(dir, 'store', 'x.parquet')}' (FORMAT parquet)`)
  expect(await duck.rows(`SELECT * FROM read_parquet('${join(dir, 'store', 'x.parquet')}')`)).toEqual([{ a: 1 }])
  const forbidden = [
    `SELECT * FROM read_csv('${join(dir, 'secret.csv')}')`,
    `SELECT * FROM read_csv('${join(dir, 'store', '..', 'secret.csv')}')`,
    `SELECT * FROM read_text('/etc/passwd')`,
    `COPY (SELECT 1) TO '${join(dir, 'out.csv')}'`,
    `ATTACH '${join(dir, 'out.db')}'`,
    `SELECT * FROM read_csv('https://example.com/x.csv')`,
    'INSTALL httpfs',
    'LOAD httpfs',
    'SET enable_external_access = true',
  ]
  for (const statement of forbidden) await expect(duck.run(statement), statement).rejects.toThrow()
  expect((await readdir(dir)).sort()).toEqual(['secret.csv', 'store'])
})

test('moments are read and shown in UTC, whatever the zone of the machine', async () => {
  const [row] = await duck.rows(`SELECT CAST(TIMESTAMPTZ '2024-01-31T12:00:00+02:00' AS VARCHAR) AS t`)
  expect(row).toEqual({ t: '2024-01-31 10:00:00+00' })
})

test('whole numbers are plain while exact, and exact beyond', async () => {
  const [row] = await duck.rows('SELECT 9007199254740991 AS safe, 9007199254740993 AS big, [1::BIGINT, NULL] AS list')
  expect(row).toEqual({ safe: 9007199254740991, big: 9007199254740993n, list: [1, null] })
})

test('columns hold numbers as doubles and the rest as text, with what is null beside', async () => {
  const { rows, columns } = await duck.columns(`SELECT * FROM (VALUES (1, true, 'a'), (NULL, NULL, NULL)) t(n, b, s)`)
  expect(rows).toBe(2)
  expect(columns.map((c) => [c.name, [...c.values], [...c.valid]])).toEqual([
    ['n', [1, Number.NaN], [1, 0]],
    ['b', [1, Number.NaN], [1, 0]],
    ['s', ['a', ''], [1, 0]],
  ])
})

test('a session sees its own temporary tables, others do not', async () => {
  await duck.session(async (session) => {
    await session.run('CREATE TEMP TABLE mine AS SELECT $1::VARCHAR AS a', ["it's"])
    expect(await session.rows('SELECT a FROM mine')).toEqual([{ a: "it's" }])
    await expect(duck.rows('SELECT a FROM mine')).rejects.toThrow('mine')
  })
})

test('chunks come one at a time, and a reader may stop early', async () => {
  const sizes: number[] = []
  for await (const chunk of duck.chunks('SELECT * FROM range(5000)')) sizes.push(chunk.rowCount)
  expect(sizes.reduce((a, b) => a + b)).toBe(5000)
  for await (const chunk of duck.chunks('SELECT * FROM range(5000)')) {
    expect(chunk.rowCount).toBeLessThan(5000)
    break
  }
  expect(await duck.rows('SELECT 1 AS a')).toEqual([{ a: 1 }])
})

test('a Parquet file of many row groups has the same bytes with one thread and with four', async () => {
  const write = async (threads: number) => {
    const own = await createDuck({ threads })
    const path = join(dir, `${threads}.parquet`)
    await own.run(
      `COPY (SELECT range AS a, md5(range::VARCHAR) AS b, (range * 7919) % 1000 / 3 AS c FROM range(400000) ORDER BY b)
       TO '${path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)`,
    )
    const [row] = await own.rows(`SELECT sha256(content) AS digest FROM read_blob('${path}')`)
    own.close()
    return row
  }
  expect(await write(4)).toEqual(await write(1))
})

test('the folder for what does not fit in memory is gone with the DuckDB', async () => {
  const own = await createDuck({ directories: [join(dir, 'store')], memoryLimit: '40MB', threads: 2 })
  await own.session(async (session) => {
    await session.run('CREATE TEMP TABLE t AS SELECT range AS a, md5(range::VARCHAR) AS b FROM range(1500000)')
    // Another process may take the folder for an old one and clear it between two statements.
    await session.run('DROP TABLE t')
  })
  const scratch = join(dir, 'store', '.scratch')
  const before = await readdir(scratch)
  for (const name of before) await rm(join(scratch, name), { recursive: true })
  await own.run('CREATE TABLE t AS SELECT range AS a, md5(range::VARCHAR) AS b FROM range(1500000)')
  expect((await readdir(scratch)).length).toBe(1)
  own.close()
  expect(existsSync(scratch) ? await readdir(scratch) : []).toEqual([])
})

test('B1: a session takes no other statement while its chunks are being read, and any afterwards', async () => {
  await duck.session(async (session) => {
    await session.run('CREATE TEMP TABLE kept (n BIGINT)')
    let read = 0
    for await (const chunk of session.chunks('SELECT * FROM range(5000)')) {
      read += chunk.rowCount
      await expect(session.append('kept', ['BIGINT'], [[1n]])).rejects.toThrow(/while it gives the chunks of: SELECT/)
      await expect(session.run('SELECT 1')).rejects.toThrow(/while it gives the chunks/)
      await expect(session.rows('SELECT 1')).rejects.toThrow(/while it gives the chunks/)
      await expect(session.columns('SELECT 1')).rejects.toThrow(/while it gives the chunks/)
    }
    expect(read).toBe(5000)
    for await (const _ of session.chunks('SELECT * FROM range(5000)')) break
    await session.append('kept', ['BIGINT'], [[1n]])
    expect(await session.rows('SELECT count(*) AS n FROM kept')).toEqual([{ n: 1 }])
  })
})

test('B1: a table takes more rows at once than a chunk of DuckDB holds', async () => {
  await duck.session(async (session) => {
    await session.run('CREATE TEMP TABLE many (n BIGINT, t VARCHAR)')
    const numbers = Array.from({ length: 5000 }, (_, i) => BigInt(i))
    await session.append('many', ['BIGINT', 'VARCHAR'], [numbers, numbers.map(String)])
    expect(await session.rows('SELECT count(*) AS n, sum(n) AS total, max(t) AS last FROM many')).toEqual([
      { n: 5000, total: 12497500, last: '999' },
    ])
  })
})
