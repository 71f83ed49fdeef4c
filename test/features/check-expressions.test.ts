import { afterAll, beforeAll, expect, test } from 'vitest'
import { normalizeProject } from '../../src/config/normalize.ts'
import { expressionFaults } from '../../src/features/define/check-expressions.ts'
import { createDuck, type Duck } from '../../src/lake/duck.ts'

let duck: Duck
beforeAll(async () => {
  duck = await createDuck()
})
afterAll(() => duck.close())

async function faultsOf(sql: string, type = 'Float32'): Promise<string[]> {
  const project = normalizeProject(
    {
      name: 'small',
      sources: { s: { key: 'k', columns: { k: 'String', n: 'Int64', t: 'String', at: 'UnixTimestamp', y: 'Bool' } } },
      entities: { e: { joinKeys: { k: 'String' } } },
      featureViews: { v: { entity: 'e', source: 's', features: { f: { type, sql } } } },
      featureServices: { all: ['v'] },
      labels: { l: { entity: 'e', source: 's', column: 'y' } },
      models: { m: { experiment: 'e', features: 'all', label: 'l', learner: { kind: 'random_forest' } } },
    },
    '/',
  )
  const faults = await expressionFaults(duck, project)
  for (const fault of faults) expect(fault.path).toBe('featureViews.v.features.f.sql')
  return faults.map((f) => f.message)
}

test.each([
  ['n * 2 + 1'],
  ["CASE WHEN t = 'a' THEN n END -- why"],
  ['coalesce(n, 0) / greatest(1, length(t))'],
  ["date_diff('day', \"at\", TIMESTAMPTZ '2024-01-01T00:00:00Z')"],
])('%s is an expression', async (sql) => expect(await faultsOf(sql)).toEqual([]))

test.each([
  ['m + 1', /"m" not found/],
  ['n +', /syntax error/],
  ["n + 'x'", /Could not convert string 'x'/],
  ['(SELECT max(n) FROM s)', /sub-query/],
  ['sum(n)', /sum\(\) does not give/],
  ['row_number() OVER ()', /window/],
  ['random() * n', /random\(\) does not give/],
  ['epoch(now()) - n', /now\(\) does not give/],
  ['n) FROM checked; SELECT (1', /one expression|syntax/],
  ['n), (n', /one expression/],
  ['*', /name the columns|syntax/],
  ['$1', /parameters/],
  ['CAST(y AS INTEGER)', /the label of a model/],
])('%s is refused', async (sql, message) => expect((await faultsOf(sql)).join('; ')).toMatch(message))

test('what does not become the declared type is refused', async () => {
  expect((await faultsOf('[n]', 'Int64')).join()).toMatch(/no Int64|cast/i)
  expect((await faultsOf('t', 'Int64')).join()).toMatch(/it gives text \(VARCHAR\), not an Int64/)
  expect(await faultsOf('CAST(t AS BIGINT)', 'Int64')).toEqual([])
})
