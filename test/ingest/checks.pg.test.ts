import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Project } from '../../src/config/project.ts'
import type { Finding } from '../../src/ingest/finding.ts'
import { FEBRUARY, JANUARY, openRig, projectOf, type Rig, usersOf } from './rig.ts'

/** What each declared check says about rows that break it. */

let rig: Rig
beforeAll(async () => {
  rig = await openRig()
})
afterAll(() => rig.close())

const row = (line: number | null, value: string | null, key: string | null = null) => ({ line, key, value })
const brief = (found: readonly Finding[]) => found.map((f) => [f.column, f.rule, f.severity, f.count])

/** The findings of a delivery that must be refused. */
async function faults(columns: Record<string, unknown>, text: string, checks: unknown[] = []): Promise<Finding[]> {
  return rig.refused(usersOf(columns, checks), { 'users.csv': text })
}

/** Each on a day before all others: what is taken here has no month before it. */
let day = 0
async function warnings(columns: Record<string, unknown>, text: string): Promise<Finding[]> {
  const asOf = new Date(Date.UTC(2020, 0, -++day)).toISOString().slice(0, 10)
  const report = await rig.deliver(usersOf(columns), { 'users.csv': text }, asOf)
  return report.sources[0]!.findings
}

test('a text in a number column names file, column, rule, count and the rows', async () => {
  expect(await faults({ age: 'Int64' }, 'user_id,age\na,1\nb,old\nc,3.5\n')).toEqual([
    {
      file: 'users.csv',
      source: 'users',
      column: 'age',
      rule: 'type',
      severity: 'error',
      count: 2,
      examples: [row(3, 'old', 'b'), row(4, '3.5', 'c')],
      message:
        "users.csv, column 'age': 2 rows with a value that is not a whole number of 64 bits; write digits alone, and nothing for a missing value (line 3, key b, 'old'; line 4, key c, '3.5')",
    },
  ])
})

test('of many broken rows the first five are shown', async () => {
  const lines = Array.from({ length: 40 }, (_, i) => `k${i},${i % 2 === 0 ? 'x' : i}`)
  const [found] = await faults({ age: 'Int64' }, `user_id,age\n${lines.join('\n')}\n`)
  expect(found).toMatchObject({ count: 20, examples: [2, 4, 6, 8, 10].map((line) => ({ line })) })
  expect(found?.message).toMatch(/; …\)$/)
})

test('the line of a row is right behind quoted line ends', async () => {
  const found = await faults(
    { note: 'String', age: 'Int64' },
    'user_id,note,age\na,"one\ntwo\nthree",1\nb,"x\ny",z\nc,,w\n',
  )
  expect(found[0]?.examples).toEqual([row(5, 'z', 'b'), row(7, 'w', 'c')])
})

test('a bad date is refused', async () => {
  const text = 'user_id,since\na,2024-02-29\nb,2023-02-29\nc,31.01.2024\nd,2024-1-5\ne,0000-01-01\n'
  expect(await faults({ since: 'Date' }, text)).toMatchObject([
    { rule: 'type', count: 4, examples: [row(3, '2023-02-29', 'b'), { line: 4 }, { line: 5 }, { line: 6 }] },
  ])
})

test('a number that is none, or beyond what its type holds, is refused', async () => {
  const text = 'user_id,x\na,NaN\nb,inf\nc,1e400\nd,1e39\n'
  expect(brief(await faults({ x: 'Float64' }, text))).toEqual([['x', 'type', 'error', 3]])
  expect(brief(await faults({ x: 'Float32' }, text))).toEqual([['x', 'type', 'error', 4]])
})

test('a duplicate key is refused, and the first row of it is not to blame', async () => {
  expect(await faults({ age: 'Int64' }, 'user_id,age\na,1\nb,2\na,3\na,4\n')).toMatchObject([
    { column: 'user_id', rule: 'one_row_per_key', count: 2, examples: [row(4, 'a'), row(5, 'a')] },
  ])
})

test('a key of two columns is compared by both', async () => {
  const project = projectOf({
    visits: { key: ['user_id', 'day'], columns: { user_id: 'String', day: 'Date', n: 'Int64' } },
  })
  const text = 'user_id,day,n\na,2024-01-01,1\na,2024-01-02,1\nb,2024-01-01,1\na,2024-01-01,2\n'
  expect(await rig.refused(project, { 'visits.csv': text })).toMatchObject([
    { column: 'user_id, day', rule: 'one_row_per_key', count: 1, examples: [row(5, 'a|2024-01-01')] },
  ])
})

test('keys are the same when their values are, however they are written', async () => {
  const project = projectOf({ items: { key: 'id', columns: { id: 'Int64' } } })
  expect(await rig.refused(project, { 'items.csv': 'id\n7\n007\n7.0\n' })).toMatchObject([
    { rule: 'one_row_per_key', count: 2, examples: [row(3, '007'), row(4, '7.0')] },
  ])
})

test('keys that are no value of their type are not called duplicates of each other', async () => {
  const project = projectOf({ items: { key: 'id', columns: { id: 'Int64' } } })
  expect(brief(await rig.refused(project, { 'items.csv': 'id\nx\ny\n7\n' }))).toEqual([['id', 'type', 'error', 2]])
})

test('a row without a key is refused, whatever is declared', async () => {
  expect(brief(await faults({ age: 'Int64' }, 'user_id,age\n,1\n"",2\nb,3\n'))).toEqual([
    ['user_id', 'required', 'error', 2],
  ])
})

test('a value that must come once is found again', async () => {
  const columns = { mail: { type: 'String', checks: [{ rule: 'unique' }] } }
  expect(await faults(columns, 'user_id,mail\na,x@y\nb,\nc,\nd,x@y\n')).toMatchObject([
    { column: 'mail', rule: 'unique', count: 1, examples: [row(5, 'x@y', 'd')] },
  ])
})

test('a required value that is null, or an empty text, is refused', async () => {
  const columns = { city: { type: 'String', checks: [{ rule: 'required' }] } }
  expect(await faults(columns, 'user_id,city\na,Bonn\nb,\nc,""\n')).toMatchObject([
    { column: 'city', rule: 'required', count: 2, examples: [row(3, null, 'b'), row(4, '', 'c')] },
  ])
})

test('a negative count is refused', async () => {
  const columns = { visits: { type: 'Int64', checks: [{ rule: 'range', min: 0 }] } }
  expect(await faults(columns, 'user_id,visits\na,0\nb,-1\nc,\n')).toMatchObject([
    {
      column: 'visits',
      rule: 'range',
      count: 1,
      examples: [row(3, '-1', 'b')],
      message: expect.stringContaining('below 0'),
    },
  ])
})

test('a range has both of its ends within it', async () => {
  const columns = { share: { type: 'Float32', checks: [{ rule: 'range', min: 0.1, max: 0.9 }] } }
  const text = 'user_id,share\na,0.1\nb,0.9\nc,0.0999\nd,0.9001\n'
  expect(await faults(columns, text)).toMatchObject([{ rule: 'range', count: 2, examples: [{ line: 4 }, { line: 5 }] }])
})

test('a value that is not allowed is refused; a null is not its business', async () => {
  const columns = { net: { type: 'String', checks: [{ rule: 'allowed', values: ['DSL', 'No'] }] } }
  expect(await faults(columns, 'user_id,net\na,DSL\nb,dsl\nc,\nd,""\n')).toMatchObject([
    {
      rule: 'allowed',
      count: 2,
      examples: [row(3, 'dsl', 'b'), row(5, '', 'd')],
      message: expect.stringContaining('not one of DSL, No'),
    },
  ])
})

test('allowed numbers and booleans are compared as values', async () => {
  const columns = {
    size: { type: 'Float32', checks: [{ rule: 'allowed', values: [0.1, 0.5] }] },
    on: { type: 'Bool', checks: [{ rule: 'allowed', values: [true] }] },
  }
  expect(brief(await faults(columns, 'user_id,size,on\na,0.10,TRUE\nb,0.5,False\nc,0.2,true\n'))).toEqual([
    ['size', 'allowed', 'error', 1],
    ['on', 'allowed', 'error', 1],
  ])
})

test('a value that does not match the pattern is refused', async () => {
  const columns = { code: { type: 'String', checks: [{ rule: 'pattern', pattern: '^\\d{4}-[A-Z]{5}$' }] } }
  expect(await faults(columns, 'user_id,code\na,7590-VHVEG\nb,759-VHVEG\nc,"7590-VHVEG\n"\n')).toMatchObject([
    { rule: 'pattern', count: 2, examples: [row(3, '759-VHVEG', 'b'), row(4, '7590-VHVEG⏎', 'c')] },
  ])
})

test('a null where the other column does not allow it, and a value where it forbids it, are two findings', async () => {
  const columns = {
    tv: { type: 'Bool', checks: [{ rule: 'null_only_when', column: 'net', values: ['No'] }] },
    net: 'String',
  }
  const text = 'user_id,tv,net\na,True,DSL\nb,,No\nc,,DSL\nd,False,No\ne,,\n'
  expect(await faults(columns, text)).toMatchObject([
    { column: 'tv', rule: 'null_only_when', count: 2, examples: [row(4, null, 'c'), row(6, null, 'e')] },
    { column: 'tv', rule: 'null_only_when', count: 1, examples: [row(5, 'False', 'd')] },
  ])
})

test('all broken rules of a file come in one refusal', async () => {
  const columns = {
    age: { type: 'Int64', checks: [{ rule: 'range', min: 0 }] },
    city: { type: 'String', checks: [{ rule: 'required' }] },
  }
  expect(brief(await faults(columns, 'user_id,age,city\na,-1,Bonn\na,x,\n'))).toEqual([
    ['age', 'type', 'error', 1],
    ['age', 'range', 'error', 1],
    ['city', 'required', 'error', 1],
    ['user_id', 'one_row_per_key', 'error', 1],
  ])
})

test('a rule of severity warn lets the delivery in and is kept with it', async () => {
  const columns = { age: { type: 'Int64', checks: [{ rule: 'range', min: 0, severity: 'warn' }] } }
  expect(brief(await warnings(columns, 'user_id,age\na,-1\n'))).toEqual([['age', 'range', 'warn', 1]])
  const [kept] = await rig.ingest(usersOf(columns)).deliveries({ limit: 1 })
  expect(kept).toMatchObject({ state: 'accepted', findings: [{ rule: 'range', examples: [row(2, '-1', 'a')] }] })
})

test('a rule that cannot be run on its column is a fault of the project, named, and nothing is taken', async () => {
  const lookahead = { code: { type: 'String', checks: [{ rule: 'pattern', pattern: '^(?=x)' }] } }
  const before = (await rig.lake.list()).length
  await expect(rig.deliver(usersOf(lookahead), { 'users.csv': 'user_id,code\na,x\n' })).rejects.toMatchObject({
    code: 'config_invalid',
    message: expect.stringMatching(/^sources\.users\.columns\.code: the rule 'pattern' does not fit the column/),
  })
  expect((await rig.lake.list()).length).toBe(before)
})

const twoSources = (check: object = {}) =>
  projectOf({
    users: { key: 'user_id', columns: { user_id: 'String' } },
    labels: {
      key: 'user_id',
      columns: { user_id: 'String', churn: 'Bool' },
      checks: [{ rule: 'same_keys_as', source: 'users', ...check }],
    },
  })

test('keys that only one of two sources has are refused, with lines where there are lines', async () => {
  const files = { 'users.csv': 'user_id\na\nb\nc\n', 'labels.csv': 'user_id,churn\nb,True\nx,True\n' }
  expect(await rig.refused(twoSources(), files)).toMatchObject([
    {
      file: 'labels.csv',
      column: 'user_id',
      rule: 'same_keys_as',
      count: 1,
      examples: [row(3, null, 'x')],
      message: expect.stringContaining('1 key that users does not have'),
    },
    {
      file: 'labels.csv',
      rule: 'same_keys_as',
      count: 2,
      examples: [row(null, null, 'a'), row(null, null, 'c')],
      message: expect.stringContaining('2 keys of users missing here'),
    },
  ])
})

test('a source that comes alone is compared with what the lake has of that month', async () => {
  const project = twoSources()
  const asOf = '2018-05-31'
  const alone = await rig.deliver(project, { 'labels.csv': 'user_id,churn\na,True\n' }, asOf, ['labels'])
  expect(alone.sources[0]?.findings).toMatchObject([
    {
      rule: 'same_keys_as',
      severity: 'warn',
      message: expect.stringContaining('keys not compared: users has no snapshot of 2018-05-31 yet'),
    },
  ])

  // Either side may be the one that comes: the rule holds for both.
  const found = await rig.refused(project, { 'users.csv': 'user_id\na\nb\n' }, asOf, ['users'])
  expect(found).toMatchObject([{ file: 'labels.csv', rule: 'same_keys_as', examples: [row(null, null, 'b')] }])
  await rig.deliver(project, { 'users.csv': 'user_id\na\n' }, asOf, ['users'])
  expect(await rig.refused(project, { 'labels.csv': 'user_id,churn\nb,True\n' }, asOf, ['labels'])).toHaveLength(2)
})

test('two sources whose names look alike are not taken for each other', async () => {
  const source = (of?: string) => ({
    key: 'id',
    columns: { id: 'String', v: 'Int64' },
    checks: of ? [{ rule: 'same_keys_as', source: of }] : [],
  })
  const project = projectOf({ 'x-1': source(), x_1: source(), y: source('x-1'), z: source('x_1') })
  const asOf = '2018-06-30'
  await rig.deliver(project, { 'x-1.csv': 'id,v\na,1\n', 'x_1.csv': 'id,v\nb,1\n' }, asOf, ['x-1', 'x_1'])
  const report = await rig.deliver(project, { 'y.csv': 'id,v\na,1\n', 'z.csv': 'id,v\nb,1\n' }, asOf, ['y', 'z'])
  expect(report.sources.flatMap((s) => s.findings)).toEqual([])
})

test('a file that cannot be read whole is not also blamed for its keys', async () => {
  const files = { 'users.csv': 'user_id\na\nb\n', 'labels.csv': 'user_id,churn\na,True\nb\n' }
  expect(brief(await rig.refused(twoSources(), files))).toEqual([[null, 'too_few_fields', 'error', 1]])
})

test('same keys of severity warn lets the delivery in', async () => {
  const files = { 'users.csv': 'user_id\na\n', 'labels.csv': 'user_id,churn\nb,True\n' }
  const report = await rig.deliver(twoSources({ severity: 'warn' }), files, '2018-07-31')
  expect(brief(report.sources[1]!.findings)).toEqual([
    ['user_id', 'same_keys_as', 'warn', 1],
    ['user_id', 'same_keys_as', 'warn', 1],
  ])
})

test('keys of different types cannot be the same: a fault of the project', async () => {
  const project = projectOf({
    users: { key: 'id', columns: { id: 'Int64' } },
    labels: { key: 'id', columns: { id: 'String' }, checks: [{ rule: 'same_keys_as', source: 'users' }] },
  })
  await expect(rig.deliver(project, { 'users.csv': 'id\n1\n', 'labels.csv': 'id\nx\n' })).rejects.toMatchObject({
    code: 'config_invalid',
    message: 'sources.labels: same_keys_as users, but its key is (String) and that of users (Int64)',
  })
})

test('a row count that jumped since the month before is told', async () => {
  const people = (n: number) => `user_id\n${Array.from({ length: n }, (_, i) => `k${i}`).join('\n')}\n`
  const project = (severity: string) =>
    projectOf({
      people: {
        key: 'user_id',
        columns: { user_id: 'String' },
        checks: [{ rule: 'row_count_change', share: 0.07, severity }],
      },
    })
  const first = await rig.deliver(project('error'), { 'people.csv': people(100) }, JANUARY)
  expect(first.sources[0]?.findings).toEqual([])
  for (const n of [92, 108]) {
    expect(await rig.refused(project('error'), { 'people.csv': people(n) }, FEBRUARY)).toMatchObject([
      {
        rule: 'row_count_change',
        count: 8,
        message: `people.csv: ${n} rows where 2024-01-31 has 100 rows; more than ± 7 %`,
      },
    ])
  }
  const warned = await rig.deliver(project('warn'), { 'people.csv': people(108) }, FEBRUARY)
  expect(warned.sources[0]?.findings).toMatchObject([{ rule: 'row_count_change', severity: 'warn' }])
  // At the edge, and against February's newest version, not January's.
  const march = await rig.deliver(project('error'), { 'people.csv': people(115) }, '2024-03-31')
  expect(march.sources[0]?.findings).toEqual([])
})

test('a table that did not move since the month before is told', async () => {
  const project = projectOf({ plans: { key: 'id', columns: { id: 'String' } } })
  await rig.deliver(project, { 'plans.csv': 'id\na\nb\n' }, JANUARY)
  const report = await rig.deliver(project, { 'plans.csv': 'id\nb\na\n' }, FEBRUARY)
  expect(report.sources[0]).toMatchObject({
    outcome: 'accepted',
    findings: [{ rule: 'same_as_before', severity: 'warn', message: 'plans.csv: the same content as on 2024-01-31' }],
  })
})

test('a source of changes may have a key many times, unless it says otherwise', async () => {
  const source = (checks: unknown[]): Project => {
    const project = projectOf({ events: { key: 'id', columns: { id: 'String', n: 'Int64' }, checks } })
    return { ...project, sources: project.sources.map((s) => ({ ...s, kind: 'changes' })) }
  }
  const text = 'id,n\nb,2\na,1\na,1\nb,1\n'
  const report = await rig.deliver(source([]), { 'events.csv': text }, '2018-08-31')
  expect(await rig.rows(report.sources[0]!.snapshot)).toEqual([
    ['a', 1],
    ['a', 1],
    ['b', 1],
    ['b', 2],
  ])
  expect(brief(await rig.refused(source([{ rule: 'one_row_per_key' }]), { 'events.csv': text }))).toEqual([
    ['id', 'one_row_per_key', 'error', 2],
  ])
})
