import { describe, expect, it } from 'vitest'
import { searchClause } from '../../src/mlflow/search/clause.ts'
import { EXPERIMENT_FIELDS, RUN_FIELDS } from '../../src/mlflow/search/fields.ts'
import { pageOf, pageOffset } from '../../src/mlflow/search/page.ts'
import { parseFilter, parseOrdering } from '../../src/mlflow/search/parser.ts'

const one = (filter: string) => {
  const [comparison, ...rest] = parseFilter(filter)
  expect(rest).toEqual([])
  return comparison
}
const text = (value: string) => [{ kind: 'string', text: value }]
const number = (value: string) => [{ kind: 'number', text: value }]

describe('a filter', () => {
  it.each([
    ['metrics.loss < 0.5', 'metrics', 'loss', '<', number('0.5')],
    ['metrics.loss>=-1e-3', 'metrics', 'loss', '>=', number('-1e-3')],
    ["params.lr = '0.1'", 'params', 'lr', '=', text('0.1')],
    ['params.lr = "0.1"', 'params', 'lr', '=', text('0.1')],
    ["tags.mlflow.source.name != 'x'", 'tags', 'mlflow.source.name', '!=', text('x')],
    ["tags.`a b.c` = ''", 'tags', 'a b.c', '=', text('')],
    ['tags."a b" <> \'x\'', 'tags', 'a b', '!=', text('x')],
    ["name like '%a_b%'", null, 'name', 'LIKE', text('%a_b%')],
    ["attributes.status iLiKe 'fin%'", 'attributes', 'status', 'ILIKE', text('fin%')],
    ["params.a = 'it''s'", 'params', 'a', '=', text("it's")],
    ["params.größe = 'ü'", 'params', 'größe', '=', text('ü')],
    ["run_id IN ('a','b')", null, 'run_id', 'IN', [...text('a'), ...text('b')]],
    ["run_id not in ('a')", null, 'run_id', 'NOT IN', text('a')],
    ['tags.x IS NULL', 'tags', 'x', 'IS NULL', []],
    ['tags.x is not null', 'tags', 'x', 'IS NOT NULL', []],
  ])('%s', (filter, entity, key, operator, values) => {
    expect(one(filter)).toEqual({ identifier: { entity, key }, operator, values })
  })

  it('joins comparisons by AND', () => {
    expect(parseFilter("metrics.a > 1 AND params.b = ' and ' and tags.c = 'x'")).toHaveLength(3)
    expect(parseFilter('   ')).toEqual([])
  })

  it.each([
    "params.a = 'x' OR params.b = 'y'",
    "(params.a = 'x')",
    'metrics.a >',
    'metrics.a 5',
    'metrics.',
    '= 5',
    "params.a = 'x",
    'metrics.a > 1;',
    'metrics.a > 1 --',
    "run_id IN 'a'",
    'run_id IN ()',
    'tags.x IS 5',
    'metrics.a > 1 AND',
    'a'.repeat(20_000),
  ])('is refused: %s', (filter) => {
    expect(() => parseFilter(filter)).toThrow()
  })
})

describe('a clause', () => {
  it('binds every value and every key', () => {
    const filter = "params.`a' or 1=1` = 'b'' or 1=1' AND metrics.m > 0.5 AND run_name LIKE 'x%'"
    const { where, values } = searchClause(RUN_FIELDS, { filter }, 4)
    expect(values).toEqual(["a' or 1=1", "b' or 1=1", 'm', 0.5, 'x%'])
    expect(where).not.toContain('1=1')
    expect(where.match(/\$\d+/g)).toEqual(['$4', '$5', '$6', '$7', '$8'])
  })

  it.each([
    ['metrics.a > "1"', /Expected numeric value type/],
    ['params.a > "1"', /Invalid comparison operator '>'/],
    ['params.a = 1', /Expected a quoted string value for params\.a/],
    ['start_time LIKE "1"', /Invalid comparison operator 'LIKE'/],
    ['nonsense = "1"', /Invalid attribute key 'nonsense'/],
    ['attributes.constructor = "1"', /Invalid attribute key 'constructor'/],
    ['constructor.x = "1"', /Invalid entity type 'constructor'/],
    ['things.x = "1"', /Invalid entity type 'things'/],
    ['datasets.source = "1"', /Invalid attribute key 'source'/],
  ])('refuses %s', (filter, message) => {
    expect(() => searchClause(RUN_FIELDS, { filter }, 4)).toThrow(message)
  })

  it('knows no metrics of experiments', () => {
    expect(() => searchClause(EXPERIMENT_FIELDS, { filter: 'metrics.a > 1' }, 3)).toThrow(/Invalid entity type/)
  })

  it.each([
    ['metrics.a DESC', { identifier: { entity: 'metrics', key: 'a' }, descending: true }],
    ['start_time', { identifier: { entity: null, key: 'start_time' }, descending: false }],
    ['params.`a b` asc', { identifier: { entity: 'params', key: 'a b' }, descending: false }],
  ])('orders by %s', (order, expected) => {
    expect(parseOrdering(order)).toEqual(expected)
  })

  it.each(['metrics.a DOWN', 'metrics.a desc desc', '', 'a; drop table x'])('does not order by %j', (order) => {
    expect(() => parseOrdering(order)).toThrow()
  })

  it('refuses to order by the same field twice, under whatever name', () => {
    expect(() => searchClause(RUN_FIELDS, { orderBy: ['start_time', 'attributes.Created DESC'] }, 4)).toThrow(
      /duplicate/,
    )
    expect(() => searchClause(RUN_FIELDS, { orderBy: ['datasets.name'] }, 4)).toThrow(/not sorted/)
  })
})

describe('a page token', () => {
  it('is there as long as there is more', () => {
    const first = pageOf([1, 2, 3], 2, 0)
    expect(first.rows).toEqual([1, 2])
    expect(pageOffset(first.nextPageToken)).toBe(2)
    expect(pageOf([3], 2, 2)).toEqual({ rows: [3] })
  })

  it.each(['garbage', 'e30=', 'eyJvZmZzZXQiOi0xfQ==', 'bnVsbA==', '%%%'])('is refused when it is %j', (token) => {
    expect(() => pageOffset(token)).toThrow(/Invalid page token/)
  })
})
