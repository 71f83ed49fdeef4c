import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { must } from '../../src/base/assert.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import type { Features } from '../../src/features/features.ts'
import { openRig, type Rig } from './rig.ts'

/** The caller's own rows: read as strictly as a delivery, and none of their own columns changed. */
const PROJECT = normalizeProject(
  {
    name: 'rows',
    sources: {
      events: {
        kind: 'changes',
        key: 'id',
        eventTime: 'at',
        columns: { id: 'String', at: 'UnixTimestamp', v: 'Float64' },
      },
      nums: {
        kind: 'changes',
        key: 'num',
        eventTime: 'at',
        columns: { num: 'Int64', at: 'UnixTimestamp', w: 'Float64' },
      },
      pairs: { key: ['a', 'b'], columns: { a: 'Int64', b: 'String', p: 'Int64' } },
    },
    entities: {
      thing: { joinKeys: { id: 'String' } },
      number: { joinKeys: { num: 'Int64' } },
      pair: { joinKeys: { a: 'Int64', b: 'String' } },
    },
    featureViews: {
      events: { entity: 'thing', source: 'events', features: { v: 'Float64' } },
      nums: { entity: 'number', source: 'nums', features: { w: 'Float64' } },
      pairs: { entity: 'pair', source: 'pairs', features: { p: 'Int64' } },
    },
    onDemandViews: {
      asked: {
        inputs: ['events:v'],
        request: { amount: 'Int64' },
        features: { same: 'Int64' },
        compute: ({ amount }: Record<string, unknown>) => ({ same: amount }),
      },
    },
    featureServices: { ev: ['events'], nm: ['nums'], pr: ['pairs'], od: ['asked'] },
  },
  '/',
)
const BIG = '9007199254740993'

let rig: Rig
let features: Features
let files = 0

beforeAll(async () => {
  rig = await openRig()
  features = rig.features(PROJECT)
  const source = (name: string) => must(PROJECT.sources.find((s) => s.name === name))
  await rig.deliverRows(source('events'), '2024-01-31', [['k', '2024-01-10T00:00:00Z', 3]])
  const nums = [12, 13].map((num) => [num, '2024-01-05T00:00:00Z', num])
  await rig.deliver(
    source('nums'),
    '2024-01-31',
    `SELECT num::BIGINT AS num, "at"::TIMESTAMPTZ AS "at", w::DOUBLE AS w
     FROM (VALUES ${[...nums, [BIG, '2024-01-05T00:00:00Z', 5], ['9007199254740992', '2024-01-05T00:00:00Z', 4]]
       .map(([num, at, w]) => `(${num}, '${at}', ${w})`)
       .join(', ')}) AS v (num, "at", w)`,
  )
  await rig.deliver(source('pairs'), '2024-01-31', `SELECT 1::BIGINT AS a, 'x' AS b, ${BIG}::BIGINT AS p`)
  rig.clock.set(Date.UTC(2025, 0, 1))
})
afterAll(() => rig.close())

async function fileOf(text: string): Promise<string> {
  const file = join(rig.dir, `rows_${files++}.csv`)
  await writeFile(file, text)
  return file
}

type Rows = Parameters<Features['entityDataset']>[1]['file']

async function joined(service: string, file: Rows): Promise<{ rows: Record<string, unknown>[]; types: string[] }> {
  const knownAt = '2024-12-31T00:00:00.000000Z'
  const ref = await features.entityDataset(features.service(service), { file, knownAt, mode: 'restated' })
  const path = await rig.objects.local(ref.objectKey)
  const rows = await rig.duck.rows(
    `SELECT * REPLACE (strftime(event_timestamp AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') AS event_timestamp)
     FROM read_parquet('${path}')`,
  )
  const described = await rig.duck.rows<{ column_type: string }>(`DESCRIBE SELECT * FROM read_parquet('${path}')`)
  return { rows, types: described.map((d) => d.column_type) }
}

const csv = async (service: string, text: string) => joined(service, await fileOf(text))
const T = '2024-01-20T00:00:00Z'

test.each(['12.7', '12.4', '1_2', '1.3e1', '', ' 12'])(
  'case 03: the key %j of an Int64 is refused, with its row',
  async (key) => {
    const rows = `num,event_timestamp\n12,${T}\n"${key}",${T}\n`
    await expect(csv('nm', rows)).rejects.toMatchObject({
      code: 'invalid_argument',
      message: `entity row 2: column 'num' has no value of type Int64: '${key}' is not a whole number of 64 bits`,
    })
  },
)

test('case 03: keys in Parquet are read by the same rule, composite ones too', async () => {
  const parquet = async (select: string) => {
    const file = join(rig.dir, `rows_${files++}.parquet`)
    await rig.duck.run(
      `COPY (SELECT *, TIMESTAMPTZ '${T}' AS event_timestamp FROM (${select})) TO '${file}' (FORMAT parquet)`,
    )
    return file
  }
  await expect(joined('nm', await parquet('SELECT 12.5::DOUBLE AS num'))).rejects.toThrow("column 'num' has no value")
  await expect(joined('nm', await parquet("SELECT '12.7' AS num"))).rejects.toThrow("'12.7' is not a whole number")
  await expect(joined('pr', await parquet("SELECT 0.6::DOUBLE AS a, 'x' AS b"))).rejects.toThrow(
    "column 'a' has no value",
  )
  await expect(joined('pr', await parquet('SELECT 1 AS a, 5 AS b'))).rejects.toThrow(
    "column 'b' has no value of type String",
  )
  expect((await joined('nm', await parquet('SELECT 13.0::DOUBLE AS num'))).rows[0]).toMatchObject({ num: 13, w: 13 })
})

test('keys beyond 2^53 are apart, in a file and in a program', async () => {
  const found = await csv('nm', `num,event_timestamp\n9007199254740992,${T}\n${BIG},${T}\n`)
  expect(found.rows.map((row) => [String(row.num), row.w])).toEqual([
    ['9007199254740992', 4],
    [BIG, 5],
  ])
  const program = await joined('nm', [
    { num: BIG, event_timestamp: T },
    { num: BigInt(BIG), event_timestamp: new Date(T) },
  ])
  expect(program.rows.map((row) => row.w)).toEqual([5, 5])
  await expect(joined('nm', [{ num: 2 ** 53, event_timestamp: T }])).rejects.toThrow(/entity row 1: .*beyond 2\^53/)
})

test('case 04: a date that could be two moments is refused, whatever else is in the file', async () => {
  for (const rows of ['k,01/11/2024\n', 'k,01/11/2024\nk,01/31/2024\n']) {
    await expect(csv('ev', `id,event_timestamp\n${rows}`)).rejects.toThrow(
      "entity row 1: column 'event_timestamp' has no value of type UnixTimestamp: '01/11/2024' is not a moment like 2024-01-31T12:00:00Z",
    )
  }
})

test.each(['infinity', '-infinity', 'epoch', '10000-01-01', '0000-12-31'])(
  'case 06: the time %s is refused, with its row',
  async (time) => {
    await expect(csv('ev', `id,event_timestamp\nk,2024-01-20\nk,${time}\n`)).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringMatching(/^entity row 2: column 'event_timestamp' has no value of type UnixTimestamp/),
    })
  },
)

test('the first and the last moment there are can be asked for', async () => {
  const found = await csv('ev', 'id,event_timestamp\nk,0001-01-01\nk,9999-12-31T23:59:59.999999Z\n')
  expect(found.rows).toEqual([
    { id: 'k', event_timestamp: '0001-01-01T00:00:00.000000Z', v: null },
    { id: 'k', event_timestamp: '9999-12-31T23:59:59.999999Z', v: 3 },
  ])
})

test('case 18: no rows have the same column types as rows', async () => {
  const header = 'id,event_timestamp,note\n'
  const [none, some] = [await csv('ev', header), await csv('ev', `${header}k,2024-01-20,1\n`)]
  expect(none.rows).toEqual([])
  expect(none.types).toEqual(some.types)
  expect(none.types).toEqual(['VARCHAR', 'TIMESTAMP WITH TIME ZONE', 'VARCHAR', 'DOUBLE'])
})

test.each(['v', 'V'])(
  'case 19: a column %s, named like a feature, is refused as a column of the rows',
  async (name) => {
    await expect(csv('ev', `id,event_timestamp,${name}\nk,2024-01-20,1\n`)).rejects.toMatchObject({
      code: 'invalid_argument',
      message: `column '${name}' of the entity rows has the name of a feature of 'ev'; rename the column`,
    })
    await expect(csv('ev', 'id,event_timestamp,x,X\nk,2024-01-20,1,2\n')).rejects.toThrow('differ in case only')
    await expect(csv('ev', 'id,event_timestamp,x,x\nk,2024-01-20,1,2\n')).rejects.toThrow("two columns 'x'")
  },
)

test('columns of the caller keep their text, to the letter', async () => {
  const own = ['00017', BIG, '01/11/2024', '1e3', 'NA', ' x ', '0.10', 'true']
  const header = `event_timestamp,${own.map((_, i) => `c${i}`).join(',')},id\n`
  const found = await csv('ev', `\uFEFF${header}${T},${own.join(',')},k\r\n`.replaceAll('\r\n', '\n'))
  expect(Object.values(must(found.rows[0])).slice(1, -2)).toEqual(own)
  expect(found.types.slice(1, -2)).toEqual(own.map(() => 'VARCHAR'))
  expect(must(found.rows[0]).v).toBe(3)
})

test('columns of a program keep their values; what has no column type is refused', async () => {
  const row = {
    id: 'k',
    event_timestamp: T,
    text: '2024-01-31',
    big: BigInt(BIG),
    n: 1.5,
    yes: true,
    when: new Date(T),
  }
  const found = await joined('ev', [row, { ...row, n: 2, big: 1, text: null }])
  expect(found.rows.map((r) => [r.text, String(r.big), r.n, r.yes])).toEqual([
    ['2024-01-31', BIG, 1.5, true],
    [null, '1', 2, true],
  ])
  await expect(joined('ev', [row, { ...row, n: 'x' }])).rejects.toThrow(
    "entity row 2: column 'n' holds 'x' (String), and Float64",
  )
  await expect(joined('ev', [{ ...row, big: 1.5 }, row])).rejects.toThrow("entity row 2: column 'big'")
  await expect(joined('ev', [{ ...row, list: [1] }])).rejects.toThrow("column 'list' holds a list, which no column can")
  await expect(joined('ev', [{ ...row, when: new Date('x') }])).rejects.toThrow("an invalid Date in column 'when'")
})

test('request data is read by its type, and is exact', async () => {
  const found = await csv('od', `id,event_timestamp,amount\nk,2024-01-20,${BIG}\nk,2024-01-20,\n`)
  expect(found.rows.map((row) => (row.same === null ? null : String(row.same)))).toEqual([BIG, null])
  await expect(csv('od', 'id,event_timestamp,amount\nk,2024-01-20,1.5\n')).rejects.toThrow(
    "entity row 1: column 'amount' has no value of type Int64: '1.5'",
  )
})

test('a file that is no table is refused, and says where', async () => {
  await expect(csv('ev', 'id,event_timestamp\nk\n')).rejects.toThrow(/cannot be read: .*Line: 2/)
  await expect(csv('ev', '')).rejects.toThrow('the first line is empty')
  await expect(csv('ev', 'id,event_timestamp,\nk,2024-01-20,\n')).rejects.toThrow('has no name')
})
