import { afterAll, beforeAll, expect, test } from 'vitest'
import { sampleHints } from '../../src/ingest/sample-hints.ts'
import { openDoor } from './http-rig.ts'
import { openRig, projectOf, type Rig, usersOf } from './rig.ts'

let rig: Rig
beforeAll(async () => {
  rig = await openRig()
})
afterAll(() => rig.close())

const project = projectOf({
  users: {
    key: 'user_id',
    columns: {
      user_id: 'String',
      fee: { type: 'Float64', checks: [{ rule: 'range', min: 0 }] },
      since: { type: 'Date', checks: [] },
    },
  },
})
const refusal = (text: string) =>
  rig.deliver(project, { 'users.csv': text }).then(
    () => '',
    (error) => error.message,
  )
const GOOD = 'user_id,fee,since\na,1.5,2024-01-31\n'

test.each([
  ['delimiter', GOOD.replaceAll(',', ';')],
  ['decimal comma', GOOD.replace('1.5', '"1,5"')],
  ['date format', GOOD.replace('2024-01-31', '31.01.2024')],
  ['encoding', Buffer.from(GOOD.replace('a,', 'ü,'), 'latin1')],
  ['header', GOOD.replace('user_id,fee', 'Nr,Fee')],
  ['lines above the header', `Report of January\n${GOOD}`],
])('a file that is refused for its %s names the command that says how such a file is read', async (_what, text) => {
  const lines = (await refusal(text as string)).split('\n')
  const command = /^ {4}weir check --sample (\/.*\/users\.csv) --source users$/
  expect(lines.at(-2)).toBe('  for a file that is written in another way, this says what to add to the project:')
  expect(lines.at(-1)).toMatch(command)
})

test('a file that is refused for what its values mean does not name it', async () => {
  expect(await refusal(GOOD.replace('1.5', '-1'))).toContain('below 0')
  expect(await refusal(GOOD.replace('1.5', '-1'))).not.toContain('--sample')
  const rows = rig
    .ingest(usersOf({ age: 'Int64' }))
    .ingestRows({ source: 'users', asOf: '2024-01-31', rows: [{ user_id: 'a', age: 'x' }] })
  await expect(rows).rejects.toThrow(/age/)
  await expect(rows).rejects.not.toThrow('--sample')
})

test('over HTTP the refusal names the file as it was sent, also where nothing was to be taken', async () => {
  const door = await openDoor(rig, project)
  try {
    for (const query of ['as_of=2024-03-31', 'as_of=2024-03-31&dry_run=true']) {
      const answer = await door.post(query, { 'users.csv': GOOD.replaceAll(',', ';') })
      expect(answer.status).toBe(422)
      expect(JSON.stringify(answer.told)).toContain('weir check --sample users.csv --source users')
    }
  } finally {
    await door.server.close()
  }
})

test('a few files are named, each as a shell takes it', () => {
  const error = (file: string) => ({
    ...{ file, source: 's', column: null, rule: 'delimiter', severity: 'error' as const },
    ...{ count: 1, examples: [], message: '' },
  })
  expect(sampleHints('/a b', ['x.csv', 'x.csv', "y'.csv", 'z.csv', 'u.csv'].map(error))).toEqual([
    '  for files that are written in another way, this says what to add to the project:',
    "    weir check --sample '/a b/x.csv' --source s",
    "    weir check --sample '/a b/y'\\''.csv' --source s",
    "    weir check --sample '/a b/z.csv' --source s",
  ])
})
