import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { must } from '../../src/base/assert.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import { ident, literal } from '../../src/features/define/quote.ts'
import { duckType } from '../../src/features/define/value-types.ts'
import type { Features } from '../../src/features/features.ts'
import type { OnlineStore } from '../../src/features/online/online-store.ts'
import { createPostgresStore } from '../../src/features/online/postgres-store.ts'
import { openRedisStore } from '../../src/features/online/redis-store.ts'
import { valueText } from '../../src/values/text.ts'
import type { Value, ValueType } from '../../src/values/values.ts'
import { haveRedis, startRedis } from '../helpers/redis.ts'
import { openRig, type Rig } from './rig.ts'

/** Values of the whole range of each type, through every carrier and back: what went in comes out, to the bit. */
const TYPES = {
  s: 'String',
  i: 'Int32',
  l: 'Int64',
  f: 'Float32',
  d: 'Float64',
  b: 'Bool',
  day: 'Date',
  at: 'UnixTimestamp',
} as const satisfies Record<string, ValueType>
const NAMES = Object.keys(TYPES) as (keyof typeof TYPES)[]

const PROJECT = normalizeProject(
  {
    name: 'carriers',
    sources: { state: { key: 'id', columns: { id: 'Int64', ...TYPES } } },
    entities: { one: { joinKeys: { id: 'Int64' } } },
    featureViews: { state: { entity: 'one', source: 'state', features: TYPES } },
    featureServices: { all: ['state'] },
  },
  '/',
)
const SOURCE = must(PROJECT.sources[0])

const date = { min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(plain)
const row = fc.tuple(
  fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  int64,
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.date(date).map((d) => d.toISOString().slice(0, 10)),
  fc
    .tuple(fc.date(date), fc.integer({ min: 0, max: 999_999 }))
    .map(([d, micros]) => `${d.toISOString().slice(0, 19)}.${String(micros).padStart(6, '0')}Z`),
)

const ROWS: Value[][] = [
  ['', 2 ** 31 - 1, plain(2n ** 63n - 1n), -0, -0, true, '0001-01-01', '0001-01-01T00:00:00.000000Z'],
  ['NA', -(2 ** 31), plain(-(2n ** 63n)), 0, 0, false, '9999-12-31', '9999-12-31T23:59:59.999999Z'],
  NAMES.map(() => null),
  ...fc.sample(row, { numRuns: 300, seed: 10 }),
]
/** Keys beyond 2^53, next to each other: as doubles they would be one. */
const KEYS = ROWS.map((_, i) => String(9_007_199_254_740_993n + BigInt(i)))

const redis = haveRedis() ? await startRedis() : undefined
let rig: Rig
beforeAll(async () => {
  rig = await openRig()
})
afterAll(async () => {
  await rig.close()
  await redis?.stop()
})

const stores: [string, () => Promise<OnlineStore>][] = [
  ['postgres', async () => createPostgresStore(rig.db)],
  ...(redis ? [['redis', () => openRedisStore(redis.url, 'carriers')] as [string, () => Promise<OnlineStore>]] : []),
]

describe.each(stores)('through %s', (_name, open) => {
  test.each([
    ['written', write],
    ['from the lake', deliver],
  ])('%s, every value comes out as it went in', async (_way, bring) => {
    const online = await open()
    try {
      const features = rig.features(PROJECT, rig.db, online)
      await bring(features)
      const found = await features.readOnline('all', KEYS)
      for (const [i, read] of found.entries()) expect(read.values).toEqual(ROWS[i])
    } finally {
      await online.close()
    }
  })
})

async function write(features: Features): Promise<void> {
  const columns = NAMES.map((name, c) => [name, ROWS.map((values) => values[c])])
  const frame = { id: KEYS, event_timestamp: KEYS.map(() => '2023-12-31'), ...Object.fromEntries(columns) }
  expect(await features.writeFeatures('state', frame)).toBe(ROWS.length)
}

async function deliver(features: Features): Promise<void> {
  const lines = ROWS.map((values, i) => {
    const cells = values.map((value, c) => {
      const text = value === null ? 'NULL' : literal(valueText(value))
      return `CAST(${text} AS ${duckType(TYPES[NAMES[c] as keyof typeof TYPES])})`
    })
    return `(${KEYS[i]}::BIGINT, ${cells.join(', ')})`
  })
  await rig.deliver(
    SOURCE,
    '2024-01-01',
    `SELECT * FROM (VALUES ${lines.join(', ')}) AS v (id, ${NAMES.map(ident).join(', ')})`,
  )
  await features.materialize({ views: ['state'] })
}

function plain(value: bigint): Value {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}
