import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createDuck } from '../../src/lake/duck.ts'
import { proxyTo } from '../helpers/proxy.ts'
import { FEBRUARY, findingsOf, JANUARY, openRig, projectOf, type Rig } from './rig.ts'

/** Where rows come from besides CSV files: Parquet, PostgreSQL and this process; and sources of kind changes. */
let rig: Rig

beforeEach(async () => {
  rig = await openRig()
})
afterEach(async () => {
  delete process.env.WEIR_TEST_SOURCE
  await rig.close()
})

const COLUMNS = { id: 'Int64', name: 'String', amount: 'Float32', on: 'Bool', day: 'Date', seen: 'UnixTimestamp' }
const VALUES = `(1::BIGINT, 'a "b", c', 29.85::FLOAT, true, DATE '2024-01-02', TIMESTAMPTZ '2024-01-02T03:04:05.000006Z'),
  (2, '', NULL, false, NULL, NULL), (3, NULL, 0.1::FLOAT, NULL, DATE '2024-02-29', TIMESTAMPTZ '2024-01-01T00:00:00Z')`

async function parquet(select: string): Promise<string> {
  const folder = await rig.folder({})
  const duck = await createDuck()
  await duck.run(`COPY (${select}) TO '${join(folder, 'things.parquet')}' (FORMAT parquet)`)
  duck.close()
  return folder
}

describe('Parquet files', () => {
  const project = projectOf({ things: { key: 'id', file: 'things.parquet', columns: COLUMNS } })

  test('give the same snapshot as the same rows from CSV', async () => {
    const select = `SELECT * FROM (VALUES ${VALUES}) t(id, name, amount, "on", day, seen)`
    const report = await rig.ingest(project).ingestMonth({ dir: await parquet(select), asOf: JANUARY })
    const csv = projectOf({ things: { key: 'id', columns: COLUMNS } })
    const text =
      'id,name,amount,on,day,seen\n1,"a ""b"", c",29.85,True,2024-01-02,2024-01-02T03:04:05.000006Z\n2,"",,False,,\n3,,0.1,,2024-02-29,2024-01-01\n'
    const same = await rig.deliver(csv, { 'things.csv': text })
    expect(same.sources[0]).toMatchObject({ outcome: 'unchanged', same: 'content', digest: report.sources[0]?.digest })
  })

  test('of a data frame: wider numbers, naive times, dates as their midnight', async () => {
    const select = `SELECT 1::INTEGER AS id, 'x' AS name, 0.5::DOUBLE AS amount, true AS "on",
      TIMESTAMP '2024-01-02' AS day, TIMESTAMP '2024-01-02 03:04:05' AS seen`
    const report = await rig.ingest(project).ingestMonth({ dir: await parquet(select), asOf: JANUARY })
    expect(report.sources[0]?.rows).toBe(1)
  })

  test('are refused with row numbers where values are none of the type', async () => {
    const select = `SELECT * FROM (VALUES (1.0::DOUBLE, 'nan'::DOUBLE), (1.5, 1)) t(id, amount)`
    const small = projectOf({
      things: { key: 'id', file: 'things.parquet', columns: { id: 'Int64', amount: 'Float64', more: 'String' } },
    })
    const findings = await findingsOf(rig.ingest(small).ingestMonth({ dir: await parquet(select), asOf: JANUARY }))
    const errors = findings.map((f) => [f.column, f.rule, f.examples[0]?.line ?? null])
    expect(errors).toContainEqual(['more', 'columns', null])
    expect(errors).toContainEqual(['id', 'type', 2])
    expect(errors).toContainEqual(['amount', 'type', 1])
    expect(findings.find((f) => f.rule === 'type')?.message).toMatch(/row 2/)
  })

  test('that are none are refused', async () => {
    const folder = await rig.folder({ 'things.parquet': 'id,name\n1,x\n' })
    const findings = await findingsOf(rig.ingest(project).ingestMonth({ dir: folder, asOf: JANUARY }))
    expect(findings[0]).toMatchObject({ rule: 'format', source: 'things' })
  })
})

describe('tables and queries of PostgreSQL', () => {
  const source = (postgres: Record<string, unknown>) =>
    projectOf({ things: { key: 'id', columns: COLUMNS, postgres: { connection: 'WEIR_TEST_SOURCE', ...postgres } } })

  beforeEach(async () => {
    process.env.WEIR_TEST_SOURCE = rig.url
    await rig.db.query(
      `create table public.things (id bigint, name text, amount real, "on" boolean, day date, seen timestamptz)`,
    )
    await rig.db.query(
      `insert into public.things values ${VALUES.replaceAll('::FLOAT', '::real').replaceAll('29.85::real', '29.85')}`,
    )
  })

  test('a table gives the same snapshot as its rows from a file, and needs no folder', async () => {
    const report = await rig.ingest(source({ table: 'public.things' })).ingestMonth({ asOf: JANUARY })
    const text =
      'id,name,amount,on,day,seen\n1,"a ""b"", c",29.85,True,2024-01-02,2024-01-02T03:04:05.000006Z\n2,"",,False,,\n3,,0.1,,2024-02-29,2024-01-01\n'
    const same = await rig.deliver(projectOf({ things: { key: 'id', columns: COLUMNS } }), { 'things.csv': text })
    expect(same.sources[0]).toMatchObject({ outcome: 'unchanged', digest: report.sources[0]?.digest })
  })

  test('a query knows the moment asked for and the delivery before', async () => {
    const project = projectOf({
      events: {
        kind: 'changes',
        key: 'id',
        eventTime: 'seen',
        columns: { id: 'Int64', seen: 'UnixTimestamp' },
        postgres: {
          connection: 'WEIR_TEST_SOURCE',
          query: 'select id, seen from things where seen > {since} and seen <= {as_of};',
        },
      },
    })
    const ingest = rig.ingest(project)
    expect((await ingest.ingestMonth({ asOf: '2024-01-01' })).sources[0]?.rows).toBe(1)
    expect((await ingest.ingestMonth({ asOf: JANUARY })).sources[0]?.rows).toBe(1)
    expect((await ingest.ingestMonth({ asOf: FEBRUARY })).sources[0]?.rows).toBe(0)
  })

  test('what cannot be read is a finding, a missing address is said, and nothing can be written', async () => {
    const findings = await findingsOf(rig.ingest(source({ table: 'nowhere' })).ingestMonth({ asOf: JANUARY }))
    expect(findings[0]?.message).toMatch(/table 'nowhere' cannot be read: relation "nowhere" does not exist/)
    const writing = source({ query: 'with gone as (delete from things returning *) select * from gone' })
    expect((await findingsOf(rig.ingest(writing).ingestMonth({ asOf: JANUARY })))[0]?.rule).toBe('postgres')
    expect(await rig.db.query('select count(*) as n from things')).toEqual([{ n: 3 }])
    delete process.env.WEIR_TEST_SOURCE
    const asked = rig.ingest(source({ table: 'things' })).ingestMonth({ asOf: JANUARY })
    await expect(asked).rejects.toMatchObject({ code: 'config_invalid', message: /WEIR_TEST_SOURCE is not set/ })
  })
})

describe('X11: a database of a source', () => {
  const project = projectOf({
    things: {
      key: 'id',
      columns: { id: 'Int64' },
      postgres: { connection: 'WEIR_TEST_SOURCE', query: 'select 1 as id from pg_sleep(60)' },
    },
  })
  const asked = () => rig.ingest(project).ingestMonth({ asOf: JANUARY })

  test('that goes away while it is read refuses no delivery: it is asked for again', async () => {
    const proxy = await proxyTo(rig.url)
    process.env.WEIR_TEST_SOURCE = proxy.through(rig.url)
    const delivery = asked().catch((error) => error)
    const atWork = `select 1 from pg_stat_activity where application_name = 'weir ingest' and state = 'active' and query like 'copy %'`
    while ((await rig.db.query(atWork)).length === 0) await new Promise((done) => setTimeout(done, 20))
    proxy.cut()
    const error = await delivery
    expect(error).toMatchObject({ code: 'unavailable', message: expect.stringContaining('WEIR_TEST_SOURCE') })
    expect(await rig.db.query('select 1 from ingest.delivery')).toEqual([])
    await proxy.stop()
  })

  test('that is not there is told by the name of its variable, without its address', async () => {
    const proxy = await proxyTo(rig.url)
    process.env.WEIR_TEST_SOURCE = proxy.through(rig.url)
    await proxy.refuse()
    await expect(asked()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/^the database of WEIR_TEST_SOURCE does not answer/),
    })
    await proxy.stop()
  })
})

describe('rows of this process', () => {
  const project = projectOf({ things: { key: 'id', columns: COLUMNS } })

  test('are a delivery like any other', async () => {
    const rows = [
      {
        id: 1,
        name: 'a "b", c\nd',
        amount: 29.85,
        on: true,
        day: '2024-01-02',
        seen: new Date('2024-01-02T03:04:05Z'),
      },
      { id: 9007199254740993n, name: '' },
    ]
    const report = await rig.ingest(project).ingestRows({ source: 'things', asOf: JANUARY, rows })
    expect(report.sources[0]).toMatchObject({ outcome: 'accepted', rows: 2 })
    const again = await rig.ingest(project).ingestRows({ source: 'things', asOf: JANUARY, rows })
    expect(again.state).toBe('unchanged')
    const wrong = rig.ingest(project).ingestRows({ source: 'things', asOf: JANUARY, rows: [{ id: 'x', nmae: 1 }] })
    const findings = await findingsOf(wrong)
    expect(findings.map((f) => f.rule)).toEqual(['extra_columns', 'type'])
  })

  test('a number that stands for several, or for no text, is refused as in a push', async () => {
    const asked = (row: object) =>
      rig.ingest(project).ingestRows({ source: 'things', asOf: JANUARY, rows: [{ id: 1 }, { id: 2, ...row }] })
    await expect(asked({ id: 2 ** 53 })).rejects.toThrow(/^row 2: .*'id' is not of type Int64: beyond 2\^53/)
    await expect(asked({ name: 17 })).rejects.toThrow("row 2: '17' in column 'name' is not of type String")
    await expect(asked({ seen: 1795600000000 })).rejects.toThrow("in column 'seen' is not of type UnixTimestamp")
  })
})

describe('changes', () => {
  const project = projectOf({
    events: {
      kind: 'changes',
      key: 'id',
      eventTime: 'at',
      deleted: 'gone',
      columns: {
        id: 'Int64',
        at: 'UnixTimestamp',
        v: { type: 'Int64', checks: [{ rule: 'required' }] },
        gone: 'Bool',
      },
    },
  })
  const deliver = (rows: string, asOf = JANUARY) =>
    rig.deliver(project, { 'events.csv': `id,at,v,gone\n${rows}` }, asOf)

  test('keep the order of rows that are equal in key and time, and need no values where a key is gone', async () => {
    const report = await deliver('2,2024-01-05,1,\n1,2024-01-03,7,\n1,2024-01-03,5,\n1,2024-01-09,,true\n')
    const rows = (await rig.rows(report.sources[0]?.snapshot ?? '')).map((row) => [row[0], row[2], row[3]])
    expect(rows).toEqual([
      [1, 7, null],
      [1, 5, null],
      [1, null, true],
      [2, 1, null],
    ])
  })

  test('a delivery without rows is a month in which nothing happened', async () => {
    expect((await deliver('')).sources[0]).toMatchObject({ outcome: 'accepted', rows: 0 })
  })

  test('a row without key or time, and one from after the delivery, are refused; the last day is a part of it', async () => {
    await deliver('1,2024-01-31T23:59:59Z,1,\n')
    const findings = await rig.refused(project, {
      'events.csv': 'id,at,v,gone\n,2024-01-05,1,\n1,,1,\n1,2042-01-05,1,\n2,2024-01-01,,\n',
    })
    expect(findings.map((f) => [f.column, f.rule, f.examples[0]?.line])).toEqual([
      ['id', 'required', 2],
      ['at', 'required', 3],
      ['at', 'event_time', 4],
      ['v', 'required', 5],
    ])
  })

  test('a file that cannot be opened as a folder still names what is missing', async () => {
    const path = join(rig.dir, 'file.csv')
    await writeFile(path, 'x')
    await expect(rig.ingest(project).ingestMonth({ asOf: JANUARY })).rejects.toThrow(
      /name the folder that holds events.csv/,
    )
    await expect(rig.ingest(project).ingestMonth({ dir: path, asOf: JANUARY })).rejects.toThrow(/is not a folder/)
  })
})
