import { link, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findingsOf, JANUARY, openRig, projectOf, type Rig, usersOf } from './rig.ts'

/** What happens to files that are no good CSV, or that only look strange. */

let rig: Rig
beforeAll(async () => {
  rig = await openRig()
})
afterAll(() => rig.close())

const users = usersOf({ age: 'Int64', city: 'String' })
const HEADER = 'user_id,age,city\n'
const at = (line: number | null, value: string | null = null, key: string | null = null) => ({ line, key, value })

/** Each delivery on a day before all others, so that the tests of this file do not see each other's months. */
let day = 0
const nextDay = () => new Date(Date.UTC(2020, 0, -++day)).toISOString().slice(0, 10)
const refused = (text: string | Uint8Array) => rig.refused(users, { 'users.csv': text }, nextDay())

async function accepted(text: string | Uint8Array, project = users) {
  const report = await rig.deliver(project, { 'users.csv': text }, nextDay())
  const [source] = report.sources
  return { rows: await rig.rows(source!.snapshot), findings: source!.findings }
}

test('a missing column is refused with the name that the header has instead', async () => {
  expect(await refused('user_id,Age,city\na,1,Bonn\n')).toEqual([
    {
      file: 'users.csv',
      source: 'users',
      column: 'age',
      rule: 'columns',
      severity: 'error',
      count: 1,
      examples: [at(1, 'user_id,Age,city')],
      message:
        "users.csv, column 'age': the column is missing from the header, which has 3 names; the header has 'Age', and names must be equal to the letter: rename it, or add to the source format: { names: { age: 'Age' } } (line 1, 'user_id,Age,city')",
    },
    expect.objectContaining({ column: 'Age', rule: 'extra_columns', severity: 'warn' }),
  ])
})

test('the other columns of a file that lacks one are checked too', async () => {
  const found = await refused('user_id,age\na,old\n')
  expect(found.map((f) => [f.column, f.rule])).toEqual([
    ['city', 'columns'],
    ['age', 'type'],
  ])
})

test('an extra column is left out with a warning', async () => {
  const { rows, findings } = await accepted('note,user_id,age,city\nx,a,1,Bonn\n')
  expect(rows).toEqual([['a', 1, 'Bonn']])
  expect(findings).toMatchObject([{ column: 'note', rule: 'extra_columns', severity: 'warn' }])
})

test('an extra column is refused where the project says so', async () => {
  const strict = usersOf({ age: 'Int64' }, [{ rule: 'extra_columns', severity: 'error' }])
  const found = await rig.refused(strict, { 'users.csv': 'user_id,age,note\na,1,x\n' }, nextDay())
  expect(found).toMatchObject([{ column: 'note', rule: 'extra_columns', severity: 'error' }])
})

test('columns in another order are no fault', async () => {
  expect(await accepted('city,user_id,age\nBonn,a,1\n')).toEqual({ rows: [['a', 1, 'Bonn']], findings: [] })
})

test('two columns of the same name are refused, declared or not', async () => {
  const found = await refused('user_id,age,age,city,x,x\na,1,2,Bonn,3,4\n')
  expect(found.filter((f) => f.severity === 'error').map((f) => [f.column, f.rule])).toEqual([
    ['age', 'columns'],
    ['x', 'columns'],
  ])
})

test('a header of semicolons or tabs is one finding', async () => {
  expect(await refused('user_id;age;city\na;1;Bonn\n')).toMatchObject([
    { rule: 'delimiter', message: expect.stringContaining("separated by ';'; commas are expected") },
  ])
  expect(await refused('user_id\tage\tcity\na\t1\tBonn\n')).toMatchObject([
    { rule: 'delimiter', message: expect.stringContaining('separated by tabs') },
  ])
})

test('a truncated last line is refused with its number', async () => {
  expect(await refused(`${HEADER}a,1,Bonn\nb,2`)).toMatchObject([
    {
      rule: 'too_few_fields',
      count: 1,
      examples: [at(3, 'b,2')],
      message: expect.stringContaining('the file ends there, as if it were cut off'),
    },
  ])
})

test('a last line cut off within quotes is refused', async () => {
  expect(await refused(`${HEADER}a,1,Bonn\nb,2,"Kö`)).toMatchObject([
    { rule: 'quotes', examples: [at(3, 'b,2,"Kö')], message: expect.stringContaining('cut off') },
  ])
})

test('a whole last line without its line end is taken with a warning', async () => {
  const { rows, findings } = await accepted(`${HEADER}a,1,Bonn`)
  expect(rows).toEqual([['a', 1, 'Bonn']])
  expect(findings).toMatchObject([{ rule: 'no_final_line_end', severity: 'warn' }])
})

test('lines with too few and too many fields are refused, each kind with its lines', async () => {
  const found = await refused(`${HEADER}a,1\nb,2,Bonn\nc,3,Bonn,x\nd\n`)
  expect(found.map((f) => [f.rule, f.count, f.examples])).toEqual([
    ['too_few_fields', 2, [at(2, 'a,1'), at(5, 'd')]],
    ['too_many_fields', 1, [at(4, 'c,3,Bonn,x')]],
  ])
})

test('an empty file is refused', async () => {
  expect(await refused('')).toMatchObject([{ rule: 'empty_file', severity: 'error' }])
})

test('a byte order mark alone is an empty file', async () => {
  expect(await refused('\ufeff')).toMatchObject([{ rule: 'empty_file' }])
})

test('a header without rows is refused', async () => {
  expect(await refused(HEADER)).toMatchObject([{ rule: 'no_rows', severity: 'error' }])
  expect(await refused('user_id,age,city')).toMatchObject([{ rule: 'no_rows' }])
})

test('an empty first line is no header', async () => {
  expect(await refused(`\n${HEADER}a,1,Bonn\n`)).toMatchObject([{ rule: 'header' }])
})

test('Windows line ends give the same rows, and the same lines in findings', async () => {
  expect(await accepted('user_id,age,city\r\na,1,Bonn\r\nb,2,Köln\r\n')).toEqual({
    rows: [
      ['a', 1, 'Bonn'],
      ['b', 2, 'Köln'],
    ],
    findings: [],
  })
  const found = await refused('user_id,age,city\r\na,1,"Bonn\r\nam Rhein"\r\nb,x,Köln\r\nc\r\n')
  expect(found.map((f) => [f.rule, f.examples])).toEqual([
    ['too_few_fields', [at(5, 'c')]],
    ['type', [at(4, 'x', 'b')]],
  ])
})

test('line ends of old Macs are read', async () => {
  expect(await accepted('user_id,age,city\ra,1,Bonn\r')).toEqual({ rows: [['a', 1, 'Bonn']], findings: [] })
})

test('mixed line ends are refused with the first line of the other kind', async () => {
  expect(await refused(`${HEADER}a,1,Bonn\nb,2,Köln\r\nc,3,Ulm\n`)).toMatchObject([
    { rule: 'line_ends', examples: [at(3)] },
  ])
  expect(await refused('user_id,age,city\r\na,1,Bonn\r\nb,2,Köln\n')).toMatchObject([
    { rule: 'line_ends', examples: [at(3)] },
  ])
})

test('a byte order mark is no part of the first name', async () => {
  expect(await accepted(`\ufeff${HEADER}a,1,Bonn\n`)).toEqual({ rows: [['a', 1, 'Bonn']], findings: [] })
})

test('quoted commas, quotes and line ends are part of the value', async () => {
  const { rows } = await accepted(`${HEADER}a,1,"Bonn, ""am"" Rhein"\nb,2,"Köln\nKalk"\nc,3,"x\r\ny"\n`)
  expect(rows.map((row) => row[2])).toEqual(['Bonn, "am" Rhein', 'Köln\nKalk', 'x\r\ny'])
})

test('a quoted header is read as one without quotes', async () => {
  expect((await accepted('"user_id","age","city"\na,1,Bonn\n')).rows).toEqual([['a', 1, 'Bonn']])
})

test('an empty field is null, a quoted one an empty text', async () => {
  expect((await accepted(`${HEADER}a,1,\nb,,""\n`)).rows).toEqual([
    ['a', 1, null],
    ['b', null, ''],
  ])
})

test('blank lines are passed over, and counted as lines', async () => {
  expect((await accepted(`${HEADER}\na,1,Bonn\n\n`)).rows).toEqual([['a', 1, 'Bonn']])
  expect(await refused(`${HEADER}\na,1,Bonn\n\n\nb,x,Bonn\n`)).toMatchObject([
    { rule: 'type', examples: [at(6, 'x', 'b')] },
  ])
})

test('text after a closing quote is refused, and the lines after it are read', async () => {
  const found = await refused(`${HEADER}a,1,"Bonn"x\nb,y,Bonn\n`)
  expect(found.map((f) => [f.rule, f.examples])).toEqual([
    ['quotes', [at(2, 'a,1,"Bonn"x')]],
    ['type', [at(3, 'y', 'b')]],
  ])
})

test('a quote within an unquoted field is a part of the value', async () => {
  expect((await accepted(`${HEADER}a,1,5" pipe\n`)).rows).toEqual([['a', 1, '5" pipe']])
})

test('bytes that are not UTF-8 are refused with their line', async () => {
  expect(await refused(Buffer.from(`${HEADER}a,1,Bonn\nb,2,K\u00f6ln\n`, 'latin1'))).toMatchObject([
    { rule: 'encoding', count: 1, examples: [{ line: 3 }] },
  ])
  expect(await refused(Buffer.from('user_id,age,städt\na,1,x\n', 'latin1'))).toMatchObject([
    {
      rule: 'encoding',
      message: expect.stringContaining(
        'the header is not UTF-8; it may be Latin-1 (Windows-1252): save the file as UTF-8',
      ),
    },
  ])
})

test('UTF-16 is refused with the advice to save it as UTF-8', async () => {
  expect(await refused(Buffer.from(`\ufeff${HEADER}a,1,Bonn\n`, 'utf16le'))).toMatchObject([
    {
      rule: 'encoding',
      message: "users.csv: the file is UTF-16; save it as UTF-8, or add to the source format: { encoding: 'utf-16le' }",
    },
  ])
})

test('a NUL character, and UTF-16 without its mark, are refused and the refusal is kept', async () => {
  expect(await refused(`${HEADER}a,1,Bo\u0000nn\n`)).toMatchObject([
    { rule: 'type', column: 'city', examples: [at(2, 'Bo·nn', 'a')] },
  ])
  const found = await refused(Buffer.from(`${HEADER}a,1,Bonn\n`, 'utf16le'))
  expect(found).toEqual(expect.arrayContaining([expect.objectContaining({ rule: 'columns', column: 'user_id' })]))
})

test('a file that is no text at all is refused', async () => {
  const bytes = Uint8Array.from({ length: 20_000 }, (_, i) => (i * 7919) % 256)
  expect((await refused(bytes)).filter((f) => f.severity === 'error').length).toBeGreaterThan(0)
})

test('a line longer than DuckDB reads is refused, the others are read', async () => {
  expect(await refused(`${HEADER}a,1,${'x'.repeat(3_000_000)}\nb,z,Bonn\n`)).toMatchObject([
    { rule: 'line_too_long', examples: [{ line: 2 }] },
    { rule: 'type', examples: [at(3, 'z', 'b')] },
  ])
})

test('an example is cut to one short line, never through a character', async () => {
  // Cut in half, the last emoji would be a text that PostgreSQL does not keep.
  const [found] = await refused(`${HEADER}a,"${'x'.repeat(78)}😀😀\nmore",Bonn\n`)
  expect(found?.examples[0]?.value).toBe(`${'x'.repeat(78)}…`)
})

test('a missing file is refused, also when others are there', async () => {
  const two = projectOf({
    users: { key: 'user_id', columns: { user_id: 'String' } },
    labels: { key: 'user_id', columns: { user_id: 'String', churn: 'Bool' } },
  })
  expect(await rig.refused(two, { 'users.csv': 'user_id\na\n' }, nextDay())).toMatchObject([
    { file: 'labels.csv', rule: 'file', message: expect.stringContaining("the file is missing (source 'labels')") },
  ])
})

test('a link out of the folder is refused, one within it is followed', async () => {
  const project = usersOf({})
  const dir = await rig.folder({ 'real.csv': 'user_id\na\n' })
  const secret = join(rig.dir, 'secret.csv')
  await writeFile(secret, 'user_id\nsecret\n')
  await symlink(secret, join(dir, 'users.csv'))
  const outside = await findingsOf(rig.ingest(project).ingestMonth({ dir, asOf: nextDay() }))
  expect(outside).toMatchObject([
    { rule: 'file', message: 'users.csv: it is a link out of the folder' },
    { rule: 'other_files', message: "the folder: 1 file that no source names; not read ('real.csv')" },
  ])

  const other = await rig.folder({ 'real.csv': 'user_id\na\n' })
  await symlink('real.csv', join(other, 'users.csv'))
  expect(await rig.ingest(project).ingestMonth({ dir: other, asOf: nextDay() })).toMatchObject({ state: 'accepted' })
})

test('a folder whose name begins like the delivery is outside of it', async () => {
  const dir = await rig.folder({})
  await mkdir(`${dir}_other`)
  await writeFile(join(`${dir}_other`, 'users.csv'), 'user_id\na\n')
  await symlink(join(`${dir}_other`, 'users.csv'), join(dir, 'users.csv'))
  const found = await findingsOf(rig.ingest(usersOf({})).ingestMonth({ dir, asOf: nextDay() }))
  expect(found).toMatchObject([{ message: 'users.csv: it is a link out of the folder' }])
})

test('a folder, a loop of links and a dangling link are not files', async () => {
  const asFolder = await rig.folder({ 'users.csv/x': '' })
  const loop = await rig.folder({})
  await symlink('users.csv', join(loop, 'users.csv'))
  const dangling = await rig.folder({})
  await symlink('nowhere.csv', join(dangling, 'users.csv'))
  const says = async (dir: string) =>
    (await findingsOf(rig.ingest(usersOf({})).ingestMonth({ dir, asOf: nextDay() })))[0]?.message
  expect(await says(asFolder)).toBe('users.csv: it is not a regular file')
  expect(await says(loop)).toBe('users.csv: the file cannot be read (ELOOP)')
  expect(await says(dangling)).toContain('the file is missing')
})

test('a hard link is a file like any other', async () => {
  const dir = await rig.folder({ 'real.csv': 'user_id\na\n' })
  await link(join(dir, 'real.csv'), join(dir, 'users.csv'))
  expect(await rig.ingest(usersOf({})).ingestMonth({ dir, asOf: nextDay() })).toMatchObject({ state: 'accepted' })
})

test('a folder that does not exist, a date that is none and a source that nobody knows are wrong calls, not deliveries', async () => {
  const dir = await rig.folder({ 'users.csv': 'user_id,age,city\na,1,Bonn\n' })
  const ingest = rig.ingest(users)
  const before = (await ingest.deliveries()).length
  const calls = [
    { dir: join(rig.dir, 'nowhere'), asOf: JANUARY },
    { dir: join(dir, 'users.csv'), asOf: JANUARY },
    { dir, asOf: '31.01.2024' },
    { dir, asOf: '2024-06-03' },
    { dir, asOf: JANUARY, sources: ['user'] },
    { dir, asOf: JANUARY, sources: [] },
  ]
  for (const call of calls) await expect(ingest.ingestMonth(call)).rejects.toMatchObject({ code: 'invalid_argument' })
  expect((await ingest.deliveries()).length).toBe(before)
})

test('a file with fifteen hundred columns is read', async () => {
  const names = Array.from({ length: 1500 }, (_, i) => `measure_number_${i}`)
  const wide = usersOf(Object.fromEntries(names.map((name) => [name, 'Float32'])))
  const row = names.map((_, i) => i / 4)
  const { rows } = await accepted(`user_id,${names.join(',')}\na,${row.join(',')}\n`, wide)
  expect(rows).toEqual([['a', ...row]])
})

test('a first line that does not end within a megabyte is refused', async () => {
  expect(await refused('x'.repeat(2_000_000))).toMatchObject([{ rule: 'header' }])
})

test('a hundred thousand broken lines are counted, and five of them shown', async () => {
  const found = await refused(`${HEADER}${'a,b\n'.repeat(120_000)}c,1,Bonn\n`)
  expect(found).toMatchObject([{ rule: 'too_few_fields', message: expect.stringContaining('at least 100,000 lines') }])
  expect(found[0]?.examples.map((e) => e.line)).toEqual([2, 3, 4, 5, 6])
})
