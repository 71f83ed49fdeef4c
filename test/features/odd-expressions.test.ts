import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPrng } from '../../src/base/prng.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import { expressionFaults } from '../../src/features/define/check-expressions.ts'
import { createDuck, type Duck } from '../../src/lake/duck.ts'

let duck: Duck
beforeAll(async () => {
  duck = await createDuck()
})
afterAll(() => duck.close())

/** All expressions as features of one view: a fault of one says nothing of the others. */
async function faultsOf(expressions: readonly string[]): Promise<string[][]> {
  const features = Object.fromEntries(expressions.map((sql, i) => [`f${i}`, { type: 'Float64', sql }]))
  const project = normalizeProject(
    {
      name: 'small',
      sources: { s: { key: 'k', columns: { k: 'String', n: 'Int64', t: 'String', at: 'UnixTimestamp' } } },
      entities: { e: { joinKeys: { k: 'String' } } },
      featureViews: { v: { entity: 'e', source: 's', features } },
    },
    '/',
  )
  const faults = await expressionFaults(duck, project)
  return expressions.map((_, i) => {
    return faults.filter((f) => f.path === `featureViews.v.features.f${i}.sql`).map((f) => f.message)
  })
}

const NO_SINGLE_EXPRESSION = [
  'n) FROM checked UNION SELECT (1',
  'n) FROM checked UNION ALL SELECT (n',
  'n) EXCEPT SELECT (1',
  'n) INTERSECT SELECT (1',
  'n), (n',
  'n) FROM checked; SELECT (1',
  'n) FROM checked WHERE (true',
  'n) FROM (SELECT 1 AS n) checked UNION SELECT (1',
  'n) FROM checked ORDER BY (n) LIMIT 1; SELECT (1',
]

test.each(NO_SINGLE_EXPRESSION)('B13: %s is a fault with its path', async (sql) => {
  const [faults = []] = await faultsOf([sql])
  expect(faults.join()).toMatch(/one expression|syntax error/)
})

const READS_MORE_THAN_THE_ROW = [
  '(VALUES (1))',
  '(WITH x AS (SELECT 1 AS a) SELECT a FROM x)',
  '(FROM s)',
  '(SELECT 1 UNION SELECT 2)',
  'EXISTS (SELECT 1)',
  'n IN (SELECT 1)',
  'n = ANY (SELECT 1)',
  'sum(n) OVER ()',
  'lag(n) OVER (ORDER BY n)',
  'count(*)',
  'count(n) FILTER (WHERE n > 1)',
  'unnest([n, 2])',
  "nextval('s')",
  'random()',
  'current_timestamp',
  'uuid()',
  '*',
  "COLUMNS('n')",
  '#1',
  'rowid',
  'checked.n',
  '?',
  '$a',
  'DEFAULT',
]

test.each(READS_MORE_THAN_THE_ROW)('B13: %s reads more than the row and is a fault', async (sql) => {
  const [faults = []] = await faultsOf([sql])
  expect(faults).not.toEqual([])
})

test.each(['list_transform([n], lambda x: x + 1)[1]', 'n /* why */ + 1', 'n -- why', '{a: n}.a', 'n::VARCHAR::DOUBLE'])(
  '%s is one expression',
  async (sql) => expect(await faultsOf([sql])).toEqual([[]]),
)

const PIECES =
  `n t at k ( ) , ; -- /* */ ' " $ ? # * + - / % :: [ ] { } : . | || -> := 1 1e400 0x1 NULL 'x' "n" \\ \u0000 \ud800 é
 SELECT FROM WHERE UNION ALL VALUES WITH AS CASE WHEN THEN ELSE END IN EXISTS OVER PARTITION BY ORDER LIMIT GROUP HAVING DISTINCT
 lambda x BETWEEN AND LIKE CAST TRY_CAST BIGINT VARCHAR INTERVAL DATE checked s sum( random( unnest( struct_pack( list_value( query( PIVOT
 INSERT DROP TABLE COPY ATTACH PRAGMA CREATE`.split(/\s+/)

test('B13: whatever is written, the answer is a list of faults and never an exception', async () => {
  const prng = createPrng(13)
  const expressions = Array.from({ length: 250 }, () =>
    Array.from({ length: 1 + prng.int(8) }, () => PIECES[prng.int(PIECES.length)]).join(' '),
  )
  const faults = await faultsOf([...expressions, '('.repeat(5000), 'n'.repeat(100_000), `n${' + n'.repeat(3000)}`])
  const passed = expressions.filter((_, i) => faults[i]?.length === 0)
  expect(faults.flat().length).toBeGreaterThan(200)
  // What passes gives one value a row.
  for (const sql of passed) {
    const rows = await duck.rows(
      `SELECT (${sql}\n) FROM (SELECT 'k' AS k, 2::BIGINT AS n, 't' AS t, TIMESTAMPTZ '2024-01-01' AS at FROM range(3)) checked`,
    )
    expect(rows.length, sql).toBe(3)
  }
})
