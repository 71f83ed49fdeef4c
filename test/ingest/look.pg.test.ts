import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Project } from '../../src/config/project.ts'
import { limitOf } from '../../src/wire/limits.ts'
import { type Door, openDoor } from './http-rig.ts'
import { FEBRUARY, JANUARY, openRig, projectOf, type Rig } from './rig.ts'

/** Looking into what was delivered: sources, snapshots, rows, differences, statistics. Two sources wherever it matters. */
let rig: Rig
const doors: Door[] = []
beforeAll(async () => {
  rig = await openRig()
})
afterEach(async () => {
  for (const { server } of doors.splice(0)) await server.close()
})
afterAll(() => rig.close())

const open = async (project: Project) => {
  const door = await openDoor(rig, project)
  doors.push(door)
  return door
}
type Row = Record<string, unknown>
const bring = (project: Project, source: string, asOf: string, rows: Row[]) =>
  rig.ingest(project).ingestRows({ source, asOf, rows })
/** One source under a name of its own with these columns, key `id`. */
const sourceOf = (name: string, columns: Record<string, unknown>, more: Record<string, unknown> = {}) =>
  projectOf({ [name]: { key: 'id', columns: { id: 'Int64', ...columns }, ...more } })

test('sources: the newest month, corrections, withdrawals and the last delivery, and what state each is in', async () => {
  const columns = { id: 'Int64', age: { type: 'Int64', checks: [{ rule: 'range', min: 0, max: 120 }] } }
  const project = projectOf({
    people: { key: 'id', columns, checks: [{ rule: 'row_count_change', share: 0.5, severity: 'warn' }] },
    taken: { key: 'id', columns },
    wrong: { key: 'id', columns },
    nothing: { key: 'id', columns },
  })
  const door = await open(project)
  await bring(project, 'people', JANUARY, [{ id: 1, age: 10 }])
  await bring(project, 'people', FEBRUARY, [
    { id: 1, age: 11 },
    { id: 2, age: 5 },
  ])
  await bring(project, 'people', JANUARY, [{ id: 1, age: 12 }])
  await bring(project, 'taken', JANUARY, [{ id: 1, age: 1 }])
  await bring(project, 'taken', FEBRUARY, [{ id: 1, age: 2 }])
  await bring(project, 'taken', JANUARY, [{ id: 1, age: 3 }])
  const [first, second, february] = await rig.lake.history({ source: 'taken' })
  const { validAt } = first!
  const wish = { source: 'taken', actor: 'ann', reason: 'wrong' }
  await rig.lake.withdraw({ ...wish, validAt, version: second!.version, request: 'r0' })
  await rig.lake.withdraw({ source: 'taken', validAt: february!.validAt, actor: 'ann', reason: 'wrong', request: 'r1' })
  await bring(project, 'wrong', JANUARY, [{ id: 1, age: 1 }])
  await expect(bring(project, 'wrong', FEBRUARY, [{ id: 1, age: 500 }])).rejects.toThrow(/refused/)

  const { sources } = await door.get('/sources')
  const told = sources.map((s: Row & { newest: Row | null }) => [s.name, s.state, s.newest?.id ?? null, s.moments])
  expect(told).toEqual([
    ['people', 'fine', `people/${FEBRUARY}/v1`, 2],
    ['taken', 'withdrawn', `taken/${JANUARY}/v1`, 1],
    ['wrong', 'refused', `wrong/${JANUARY}/v1`, 1],
    ['nothing', 'empty', null, 0],
  ])
  expect(sources[0]).toMatchObject({ snapshots: 3, corrections: 1, withdrawn: 0, rows: 3 })
  expect(sources[2].last_delivery).toMatchObject({ state: 'refused', errors: 1 })
  const one = await door.get('/sources/people')
  expect(one.checks).toContainEqual({ rule: 'row_count_change', column: null, severity: 'warn', says: '± 50 %' })
  expect(one.checks).toContainEqual({ rule: 'range', column: 'age', severity: 'error', says: '0 … 120' })
  // A project that no longer names it.
  const later = await open(projectOf({ other: { key: 'id', columns } }))
  expect((await later.get('/sources/people')).state).toBe('undeclared')
  expect((await later.get('/sources/nobody')).detail).toMatch(/there is no source "nobody" in the project/)
})

test('a snapshot tells its versions, the months beside it and its delivery; one that is not there is refused by what there is', async () => {
  const project = sourceOf('months', { x: 'Float64' })
  const door = await open(project)
  for (const [asOf, x] of [
    [JANUARY, 1],
    [FEBRUARY, 2],
    ['2024-03-31', 3],
    [FEBRUARY, 4],
  ] as const) {
    await bring(project, 'months', asOf, [{ id: 1, x }])
  }
  const detail = await door.get(`/snapshots/months/${FEBRUARY}/v1`)
  expect(detail).toMatchObject({ counts: false, key: ['id'], withdrawn: null })
  expect(detail.versions.map((v: Row) => v.id)).toEqual([`months/${FEBRUARY}/v1`, `months/${FEBRUARY}/v2`])
  expect([detail.earlier.id, detail.later.id]).toEqual([`months/${JANUARY}/v1`, 'months/2024-03-31/v1'])
  expect((await door.get(`/deliveries/${detail.delivery}`)).sources[0].snapshot).toBe(detail.id)
  const second = await door.get(`/snapshots/months/${FEBRUARY}/v2`)
  expect(second.counts).toBe(true)
  expect(second.delivery).not.toBe(detail.delivery)
  expect((await door.get(`/snapshots/months/${FEBRUARY}/v3`)).detail).toMatch(/has no version 3; it has versions 1, 2/)
  expect((await door.get('/snapshots/months/2024-07-31/v1')).detail).toMatch(
    /no delivery of 2024-07-31; there are 2024-01-31/,
  )
  expect((await door.get('/snapshots/months/soon/v1')).detail).toMatch(/an id looks like/)
})

test('rows come in the order of the key, each once over all pages, also beyond a row group and where they are wide', async () => {
  const project = sourceOf('many', { x: 'Int64' })
  const door = await open(project)
  const count = 130_000
  await bring(
    project,
    'many',
    JANUARY,
    Array.from({ length: count }, (_, i) => ({ id: (i * 7) % count, x: i })),
  )
  const path = `/snapshots/many/${JANUARY}/v1/rows`
  const page = await door.get(`${path}?limit=3&page_token=122879`)
  expect(page.rows.map((row: Row) => [row.number, (row.cells as string[])[0]])).toEqual([
    [122_879, '122879'],
    [122_880, '122880'],
    [122_881, '122881'],
  ])
  expect(page).toMatchObject({ total: count, next_page_token: '122882', key: ['id'] })
  expect((await door.get(`${path}?limit=3&page_token=${count - 2}`)).next_page_token).toBeNull()
  expect((await door.get(`${path}?key=129999`)).rows).toMatchObject([{ number: 129_999 }])
  expect((await door.get(`${path}?key=1&key=2`)).detail).toMatch(/one value for each column of the key \(id\)/)
  expect((await door.get(`${path}?column=y`)).detail).toMatch(/has no column "y"/)

  const wide = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`c${i}`, 'Int64']))
  const broad = sourceOf('broad', wide)
  const other = await open(broad)
  await bring(
    broad,
    'broad',
    JANUARY,
    Array.from({ length: 100 }, (_, id) => ({ id })),
  )
  const first = await other.get(`/snapshots/broad/${JANUARY}/v1/rows?limit=100`)
  expect(first.rows.length).toBe(Math.floor(limitOf('pageCells') / 301))
  expect(first.next_page_token).toBe(String(first.rows.length))
})

test('cells are exact: null and empty text, -0, integers beyond 2^53, moments to the microsecond; long ones are cut and say so', async () => {
  const columns = { t: 'String', f: 'Float64', s: 'Float32', n: 'Int64', b: 'Bool', d: 'Date', m: 'UnixTimestamp' }
  const project = sourceOf('cells', columns)
  const door = await open(project)
  const long = '𝒳'.repeat(limitOf('cellChars') + 1)
  await bring(project, 'cells', JANUARY, [
    { id: 1, t: '', f: -0, s: 0.1, n: 9007199254740993n, b: true, d: '2024-01-01', m: '2024-01-01T00:00:00.000001Z' },
    { id: 2 },
    { id: 3, t: long, f: 3 },
  ])
  const { rows } = await door.get(`/snapshots/cells/${JANUARY}/v1/rows`)
  expect(rows[0].cells).toEqual([
    '1',
    '',
    '-0',
    '0.1',
    '9007199254740993',
    'true',
    '2024-01-01',
    '2024-01-01T00:00:00.000001Z',
  ])
  expect(rows[1].cells).toEqual(['2', null, null, null, null, null, null, null])
  expect(rows[2].cells.slice(1, 3)).toEqual([`${'𝒳'.repeat(limitOf('cellChars'))}…`, '3'])
})

test('a difference names what came, what went and each cell that changed, and nothing that is equal to the bit', async () => {
  const before = sourceOf('both', {
    t: 'String',
    f: 'Float64',
    n: 'Int64',
    gone: 'Int64',
    kind: 'Int64',
    here: 'Int64',
  })
  const after = sourceOf('both', {
    t: 'String',
    f: 'Float64',
    n: 'Int64',
    come: 'String',
    kind: 'Float64',
    here: 'Int64',
  })
  const big = 9007199254740993n
  await bring(before, 'both', JANUARY, [
    { id: 1, t: null, f: 0, n: big, gone: 1, kind: 3, here: 1 },
    { id: 2, t: 'same', f: 1.5, n: 2, gone: 1, kind: 4, here: 1 },
    { id: 3, t: 'went', f: null, n: 3, gone: 7, kind: 5, here: 1 },
    { id: 4, t: '', f: null, n: 4, gone: 1, kind: 6, here: 1 },
  ])
  await bring(after, 'both', FEBRUARY, [
    { id: 1, t: '', f: -0, n: big - 1n, come: 'x', kind: 3, here: 1 },
    { id: 2, t: 'same', f: 1.5, n: 2, come: 'x', kind: 4, here: 1 },
    { id: 4, t: '', f: null, n: 4, come: 'x', kind: 6.5, here: 1 },
    { id: 10, t: null, f: 1, n: 5, come: 'new', kind: null, here: 1 },
  ])
  const door = await open(after)
  const path = `/snapshots/difference?from=both/${JANUARY}/v1&to=both/${FEBRUARY}/v1`
  const found = await door.get(path)
  expect(found.columns).toEqual({
    added: [{ name: 'come', type: 'String' }],
    removed: [{ name: 'gone', type: 'Int64' }],
    retyped: [{ name: 'kind', from: 'Int64', to: 'Float64' }],
  })
  expect(found.rows).toEqual({ from: 4, to: 4, added: 1, removed: 1, changed: 2 })
  expect(found.cells).toEqual([
    { column: 't', changed: 1 },
    { column: 'f', changed: 1 },
    { column: 'n', changed: 1 },
    { column: 'kind', changed: 1 },
  ])
  expect(found.changes).toMatchObject([
    {
      kind: 'changed',
      key: ['1'],
      cells: [
        { column: 't', from: null, to: '' },
        { column: 'f', from: '0', to: '-0' },
        { column: 'n', from: '9007199254740993', to: '9007199254740992' },
      ],
    },
    { kind: 'removed', key: ['3'] },
    { kind: 'changed', key: ['4'], cells: [{ column: 'kind', from: '6', to: '6.5' }] },
    { kind: 'added', key: ['10'] },
  ])
  expect(found.changes[1].cells).toContainEqual({ column: 'gone', from: '7' })
  expect(found.changes[3].cells).toContainEqual({ column: 'come', to: 'new' })
  expect((await door.get(`${path}&column=kind`)).changes.map((c: Row) => c.key)).toEqual([['4']])
  expect((await door.get(`${path}&kind=removed`)).changes.map((c: Row) => c.key)).toEqual([['3']])
  const itself = await door.get(`/snapshots/difference?from=both/${JANUARY}/v1&to=both/${JANUARY}/v1`)
  expect([itself.rows.changed, itself.changes]).toEqual([0, []])
  expect((await door.get(`/snapshots/difference?from=both/${JANUARY}/v1&to=months/${JANUARY}/v1`)).detail).toMatch(
    /are of two sources/,
  )
})

test('a difference of many rows comes in pages, in the order of the key, each row once', async () => {
  const project = sourceOf('paged', { x: 'Int64' })
  const door = await open(project)
  const rows = (shift: number) => Array.from({ length: 5_000 }, (_, id) => ({ id, x: id + (id % 2 ? shift : 0) }))
  // What came in between stands in its place, too.
  const came = ({ id }: { id: number }) => id % 10 === 0
  await bring(
    project,
    'paged',
    JANUARY,
    rows(0).filter((row) => !came(row)),
  )
  await bring(project, 'paged', FEBRUARY, rows(1))
  const keys: number[] = []
  let token: string | null = ''
  while (token !== null) {
    const query = `from=paged/${JANUARY}/v1&to=paged/${FEBRUARY}/v1&limit=1000${token && `&page_token=${token}`}`
    const page = await door.get(`/snapshots/difference?${query}`)
    keys.push(...page.changes.map((change: { key: string[] }) => Number(change.key[0])))
    token = page.next_page_token
  }
  expect(keys).toEqual(Array.from({ length: 5_000 }, (_, id) => id).filter((id) => id % 2 === 1 || came({ id })))
})

test('rows without a key of their own are compared whole, and counted', async () => {
  const project = projectOf({
    events: {
      kind: 'changes',
      key: 'id',
      eventTime: 'at',
      columns: { id: 'Int64', at: 'UnixTimestamp', x: 'Float64' },
    },
  })
  const door = await open(project)
  const at = '2024-01-05T00:00:00Z'
  const twice = { id: 1, at, x: 1 }
  await bring(project, 'events', JANUARY, [twice, twice, { id: 2, at, x: 0 }])
  await bring(project, 'events', FEBRUARY, [twice, { id: 2, at, x: -0 }, { id: 2, at, x: -0 }])
  const found = await door.get(`/snapshots/difference?from=events/${JANUARY}/v1&to=events/${FEBRUARY}/v1`)
  expect([found.key, found.rows]).toEqual([null, { from: 3, to: 3, added: 2, removed: 2, changed: 0 }])
  expect(found.changes).toMatchObject([
    { kind: 'removed', times: 1, key: null, cells: [{ column: 'id', from: '1' }, {}, {}] },
    { kind: 'added', times: 2, cells: [{}, {}, { column: 'x', to: '-0' }] },
    { kind: 'removed', times: 1, cells: [{}, {}, { column: 'x', from: '0' }] },
  ])
})

test('statistics of months stand side by side: the same bins for all, frequent values with counts, and months without the column', async () => {
  const before = sourceOf('stats', { x: 'Float64', plan: 'String' })
  const after = sourceOf('stats', { x: 'Float64', plan: 'String', late: 'Bool' })
  const rows = (n: number, scale: number, late: Row) =>
    Array.from({ length: n }, (_, id) => ({
      id,
      x: id === 0 ? null : id * scale,
      plan: id % 3 ? 'basic' : 'pro',
      ...late,
    }))
  await bring(before, 'stats', JANUARY, rows(101, 1, {}))
  await bring(after, 'stats', FEBRUARY, rows(201, 2, { late: true }))
  const door = await open(after)
  const found = await door.get('/sources/stats/columns')
  expect(found.snapshots.map((s: Row) => s.rows)).toEqual([101, 201])
  const [id, x, plan, late] = found.columns
  expect(id.snapshots.map((s: Row) => s.distinct)).toEqual([101, 201])
  expect(x.snapshots[0]).toMatchObject({ nulls: 1, min: '1', max: '100', mean: 50.5, quantiles: { p50: 50 } })
  expect(x.histogram.counts.map((counts: number[]) => counts.reduce((a, b) => a + b))).toEqual([100, 200])
  expect(new Set(x.histogram.counts.map((counts: number[]) => counts.length))).toEqual(
    new Set([x.histogram.edges.length + 1]),
  )
  expect(plan.histogram).toMatchObject({
    kind: 'values',
    values: ['basic', 'pro'],
    counts: [
      [67, 34],
      [134, 67],
    ],
    others: [0, 0],
  })
  expect(late.snapshots).toMatchObject([null, { distinct: 1 }])
  expect(late.histogram.counts).toEqual([null, [201]])
  expect((await door.get('/sources/stats/columns?limit=2&page_token=2')).columns.map((c: Row) => c.name)).toEqual([
    'plan',
    'late',
  ])
  const of = `snapshot=stats/${JANUARY}/v1`
  expect((await door.get(`/sources/stats/columns?${of}&column=x`)).columns).toMatchObject([
    { name: 'x', snapshots: [{}] },
  ])
  expect((await door.get(`/sources/people/columns?${of}`)).detail).toMatch(/is not of the source "people"/)
})

test('texts that occur once are not listed among the frequent values', async () => {
  const project = sourceOf('names', { name: 'String' })
  await bring(
    project,
    'names',
    JANUARY,
    Array.from({ length: 60 }, (_, id) => ({ id, name: `person ${id}` })),
  )
  const door = await open(project)
  const [, name] = (await door.get('/sources/names/columns')).columns
  expect([name.snapshots[0].top, name.histogram]).toEqual([null, null])
})

test('what shows values of people is kept in no cache on the way', async () => {
  const project = sourceOf('kept', { x: 'Int64' })
  await bring(project, 'kept', JANUARY, [{ id: 1, x: 1 }])
  await bring(project, 'kept', FEBRUARY, [{ id: 1, x: 2 }])
  const { url } = await open(project)
  const two = `from=kept/${JANUARY}/v1&to=kept/${FEBRUARY}/v1`
  for (const path of [`snapshots/kept/${JANUARY}/v1/rows`, `snapshots/difference?${two}`, 'sources/kept/columns']) {
    expect((await fetch(`${url}/${path}`)).headers.get('cache-control'), path).toBe('no-store')
  }
})
