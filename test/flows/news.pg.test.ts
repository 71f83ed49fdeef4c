import { afterEach, beforeEach, expect, test } from 'vitest'
import { lines } from '../../src/base/lines.ts'
import { silentLog } from '../../src/base/log.ts'
import type { FlowNews } from '../../src/flows/flow.ts'
import { createFlows, type Flows } from '../../src/flows/flows.ts'
import { createJournal, partsOf } from '../../src/flows/journal.ts'
import { appendLines, FIRST_KEPT, LAST_KEPT } from '../../src/flows/queries/lines.ts'
import { changeRecords } from '../../src/flows/records.ts'
import { gate } from '../helpers/gate.ts'
import { type TestDatabase, testDatabase } from '../helpers/pg.ts'

let database: TestDatabase
let flows: Flows
let news: FlowNews[] = []

beforeEach(async () => {
  database = await testDatabase()
  news = []
  flows = createFlows({ db: database.db, log: silentLog, onNews: (told) => news.push(told) })
})
afterEach(async () => {
  await flows.stop()
  await database.drop()
})

const said = (text: string, step: number | null = null) => {
  return { at: '2024-01-31T00:00:00.000000Z', step, level: 'info', text } as const
}
const textsOf = async (runId: string) => (await flows.lines(runId, { limit: 1_000 })).lines.map((line) => line.text)

test('a run and its steps are told when they are recorded, in their order', async () => {
  flows.define('two', async (run) => {
    await run.step('first', async () => 1)
    await run.step('second', async () => {
      throw new Error('no')
    })
  })
  const states: string[] = []
  const runId = await flows.submit('two', null)
  const recorded: string[] = []
  await flows.wait(runId, { onStep: (step) => recorded.push(step.name) }).catch(() => {})
  for (const told of news) if (told.type !== 'log') states.push(`${told.type} ${told.state}`)
  expect(states).toEqual([
    ...['run running', 'step running', 'step succeeded', 'step running', 'step failed', 'run failed'],
  ])
  expect(recorded).toEqual(['first', 'second'])
})

test('when a step is recorded, its lines are there before it', async () => {
  const { db } = database
  const seen: number[] = []
  flows.define('says', async (run) => {
    await run.step('much', async () => {
      const say = lines()
      for (let i = 1; i <= 1_200; i++) say({ level: 'info', text: `line ${i}` })
    })
    const [row] = await db.query<{ n: number }>(`select count(*)::int as n from flows.line where text like 'line %'`)
    seen.push(row!.n)
  })
  await flows.wait(await flows.submit('says', null))
  // The newest thousand: all were said before one could be written.
  expect(seen[0]).toBeGreaterThanOrEqual(999)
})

test('the lines of a run are read on from the number of the last, in their order, with the step that said each', async () => {
  flows.define('says', async (run) => {
    await run.step('first', async () => lines()({ level: 'warn', text: 'hm' }))
    await run.step('second', async () => lines()({ level: 'info', text: 'well' }))
  })
  const runId = await flows.submit('says', null)
  await flows.wait(runId)
  const read = []
  for (let after = 0, more = true; more; ) {
    const page = await flows.lines(runId, { after, limit: 2 })
    read.push(...page.lines)
    expect(page.over).toBe(true)
    ;({ after, more } = page)
  }
  expect(read.map((line) => line.number)).toEqual(read.map((_, i) => i + 1))
  expect(
    read.map(({ step, level, text }) => [step, level, text.replace(/\d+ ms/, 'N ms').replace(/\d+$/, 'N')]),
  ).toEqual([
    [null, 'info', 'says: begins in process N'],
    [0, 'info', 'first: begins'],
    [0, 'warn', 'hm'],
    [0, 'info', 'first: done after N ms'],
    [1, 'info', 'second: begins'],
    [1, 'info', 'well'],
    [1, 'info', 'second: done after N ms'],
    [null, 'info', 'succeeded'],
  ])
  expect((await flows.lines(runId, { last: 2, limit: 2 })).lines.map((line) => line.text)).toEqual([
    expect.stringContaining('second: done'),
    'succeeded',
  ])
})

test('of a run that says too much the first and the last lines are kept, and it is told how many are left out', async () => {
  flows.define('loud', async () => 1)
  const runId = await flows.submit('loud', null)
  const total = 12_000
  for (let from = 0; from < total; from += 400) {
    await appendLines(
      database.db,
      runId,
      Array.from({ length: 400 }, (_, i) => said(`line ${from + i + 1}`)),
    )
  }
  const [kept] = await database.db.query<{ n: number }>('select count(*)::int as n from flows.line')
  expect(kept!.n).toBeGreaterThanOrEqual(FIRST_KEPT + LAST_KEPT)
  expect(kept!.n).toBeLessThan(FIRST_KEPT + LAST_KEPT + 1_000)
  const page = await flows.lines(runId, { after: FIRST_KEPT - 1, limit: 2 })
  expect(page.lines[0]!.text).toBe(`line ${FIRST_KEPT}`)
  expect(page.leftOut).toBe(page.lines[1]!.number - FIRST_KEPT - 1)
  expect((await flows.lines(runId, { last: 1, limit: 1 })).lines[0]!.text).toBe(`line ${total}`)
})

test('lines of two writers stand one after the other, without a gap and without a double', async () => {
  flows.define('two', async () => 1)
  const runId = await flows.submit('two', null)
  const write = async (name: string) => {
    for (let i = 0; i < 20; i++) await appendLines(database.db, runId, [said(`${name} ${i}`), said(`${name} ${i}b`)])
  }
  await Promise.all([write('a'), write('b'), write('c')])
  const { lines: read } = await flows.lines(runId, { limit: 1_000 })
  expect(read.map((line) => line.number)).toEqual(Array.from({ length: 120 }, (_, i) => i + 1))
})

test('what a process says after its run was given away is not written', async () => {
  flows.define('any', async () => 1)
  const runId = await flows.submit('any', null)
  await flows.wait(runId)
  const before = await textsOf(runId)
  const written: number[] = []
  const journal = createJournal({ db: database.db, runId, turn: 7, onWritten: (last) => written.push(last) })
  journal.say({ level: 'info', text: 'late' })
  await journal.flush()
  expect([await textsOf(runId), written]).toEqual([before, []])
})

test('nothing waits for a line while the database is away; the newest thousand are kept for its return', async () => {
  flows.define('any', async () => 1)
  const runId = await flows.submit('any', null)
  let away = true
  const query = async (text: string, values?: readonly unknown[]) => {
    if (away) throw new Error('away')
    return database.db.query(text, values)
  }
  const journal = createJournal({ db: { query } as never, runId, turn: 0, onWritten: () => {} })
  for (let i = 1; i <= 1_500; i++) journal.say({ level: 'info', text: `line ${i}` })
  await journal.flush()
  away = false
  await journal.flush()
  const { lines: read } = await flows.lines(runId, { limit: 2_000 })
  expect([read.length, read[0]!.text, read.at(-1)!.text]).toEqual([
    1_001,
    '… 500 lines are left out here: the database was away …',
    'line 1500',
  ])
})

test('a line is one line, without what a terminal or a database cannot take, and bounded', () => {
  expect(partsOf('one\r\n\n  two\u0000\u001b[31m \ud800')).toEqual(['one', '  two\ufffd\ufffd[31m \ufffd'])
  expect(partsOf('x'.repeat(5_000))[0]).toHaveLength(2_000)
})

test('a line and an attempt that name a person are cleaned with the rest of the records', async () => {
  const tries = gate()
  flows.define('names', async (run) =>
    run.step('tell', async () => {
      lines()({ level: 'info', text: 'about u-4711 here' })
      tries.open()
      throw new Error('u-4711 is not there')
    }),
  )
  const runId = await flows.submit('names', null)
  await flows.wait(runId).catch(() => {})
  await database.db.query(
    `update flows.run set cancel_asked_at = now(), cancel_by = 'a', cancel_why = 'of u-4711' where id = $1`,
    [runId],
  )
  const hide = (document: unknown): unknown =>
    typeof document === 'string'
      ? document.replaceAll('u-4711', '…')
      : JSON.parse(JSON.stringify(document).replaceAll('u-4711', '…'))
  // Run, step and attempt hold the error; of the lines one is the step's own, and two tell the error. And why its end was asked for.
  expect(await changeRecords(database.db, ['u-4711'], hide, true)).toBe(7)
  for (const table of ['run', 'step', 'attempt', 'line']) {
    const rows = await database.db.query(`select * from flows.${table}`)
    expect(JSON.stringify(rows)).not.toContain('u-4711')
  }
  // A number in somebody's own words is a word.
  await database.db.query(`update flows.run set cancel_why = '471147' where id = $1`, [runId])
  const alone = (document: unknown) => (document === '471147' ? '…' : document)
  expect(await changeRecords(database.db, ['471147'], alone, true)).toBe(1)
})
