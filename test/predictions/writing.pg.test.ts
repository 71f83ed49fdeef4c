import { Writable } from 'node:stream'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PlatformError } from '../../src/base/errors.ts'
import type { Database } from '../../src/db/sql.ts'
import type { Answered } from '../../src/predictions/answer.ts'
import type { Predictions } from '../../src/predictions/predictions.ts'
import { CELLS_MAX } from '../../src/predictions/writer.ts'
import { AT, answer, openRig, projectOf } from './rig.ts'

let rig: Awaited<ReturnType<typeof openRig>>
beforeAll(async () => {
  rig = await openRig()
})
afterAll(() => rig.close())

const AWAY = new PlatformError('unavailable', 'the database does not answer')

/** The same database, whose transactions fail when told to: before anything was sent, or after the commit. */
function failing(db: Database) {
  const state = { fail: 'never' as 'never' | 'before' | 'after' }
  const tx: Database['tx'] = async (body) => {
    if (state.fail === 'before') throw AWAY
    const result = await db.tx(body)
    if (state.fail === 'after') throw AWAY
    return result
  }
  return { state, db: { ...db, tx } as Database }
}

const rows = (model: string, count: number, from = 0): Answered[] =>
  Array.from({ length: count }, (_, i) =>
    answer({ model, keys: [`k${from + i}`], values: [i], statuses: ['PRESENT'], featureTimes: [null], atMs: AT + i }),
  )

async function countOf(log: Predictions, model: string): Promise<number> {
  return (await log.counts({ model })).reduce((sum, { answers, refusals }) => sum + answers + refusals, 0)
}

function watched(log: Predictions) {
  const told = { written: 0, lost: {} as Record<string, number> }
  log.watch({
    written(_, count) {
      told.written += count
    },
    lost(_, count, why) {
      told.lost[why] = (told.lost[why] ?? 0) + count
    },
    waiting() {},
  })
  return told
}

describe('answers on their way into the log', () => {
  it('A batch whose commit was not heard of is not written twice', async () => {
    const { state, db } = failing(rig.db)
    const log = rig.logOf(projectOf(), { db })
    log.append(rows('churn', 1))
    expect(await log.flush()).toBe(true)
    state.fail = 'after'
    log.append(rows('churn', 500, 1))
    const flushing = log.flush()
    await until(async () => (await countOf(log, 'churn')) === 501)
    log.append(rows('churn', 10, 501))
    state.fail = 'never'
    expect(await flushing).toBe(true)
    await log.close()
    expect(await countOf(log, 'churn')).toBe(511)
  })

  it('Memory is bounded; what comes beyond it is dropped, counted and told, without a key', async () => {
    const { state, db } = failing(rig.db)
    const lines: string[] = []
    const sink = new Writable({ write: (chunk, _, done) => (lines.push(String(chunk)), done()) })
    const log = rig.logOf(projectOf(), { db, log: pino({ level: 'debug' }, sink) })
    const told = watched(log)
    state.fail = 'before'
    const held = Math.floor(CELLS_MAX / 11)
    for (let from = 0; from < held; from += 5_000) log.append(rows('upsell', Math.min(5_000, held - from), from))
    log.append(rows('upsell', 7, held))
    log.append(rows('upsell', 3, held + 7))
    expect(told).toEqual({ written: 0, lost: { full: 10 } })
    expect(lines.filter((line) => line.includes('7 answers were not kept'))).toHaveLength(1)
    expect(lines.join('')).not.toMatch(/k\d/)
    state.fail = 'never'
    await until(async () => told.written === held)
    await log.close()
    expect(told.lost).toEqual({ full: 10 })
    expect(await countOf(log, 'upsell')).toBe(told.written)
  })

  it('drops a row that the table does not take, and no other', async () => {
    const log = rig.logOf()
    const told = watched(log)
    const bad = rows('seat', 101).map((row, i) => ({
      ...row,
      keys: [`h${i}`, i],
      ...(i === 70 ? { requestId: 'a\0b' } : {}),
    }))
    log.append(bad)
    log.append(rows('seat', 1).map((row) => ({ ...row, keys: ['z', 1], atMs: Number.NaN })))
    await log.close()
    expect(told).toEqual({ written: 100, lost: { unwritable: 2 } })
    expect(await countOf(log, 'seat')).toBe(100)
  })

  it('writes into a month that retention has dropped meanwhile', async () => {
    const log = rig.logOf()
    const at = Date.UTC(2022, 4, 1)
    const row = (key: string) => [answer({ keys: [key], model: 'upsell', atMs: at })]
    log.append(row('first'))
    await log.flush()
    const { months } = await log.dropOld({ dryRun: false })
    expect(months).toEqual([{ model: 'upsell', month: '2022-05', rows: 1, bytes: expect.any(Number) }])
    log.append(row('second'))
    expect(await log.flush()).toBe(true)
    const page = await log.page({ model: 'upsell', to: '2023-01-01T00:00:00.000000Z' }, { limit: 10 })
    expect(page.answers.map(({ keys }) => keys)).toEqual([['second']])
    await log.close()
  })

  it('several processes write at once, also into a month that none has made', async () => {
    const logs = Array.from({ length: 4 }, () => rig.logOf())
    const month = Date.UTC(2030, 0, 1)
    for (const [n, log] of logs.entries()) {
      for (let i = 0; i < 5; i++)
        log.append(rows('churn', 300, n * 10_000).map((row) => ({ ...row, atMs: month - 150 + row.atMs - AT })))
    }
    await Promise.all(logs.map((log) => log.close()))
    const [first] = logs
    const counts = await first!.counts({ model: 'churn', from: '2029-01-01T00:00:00.000000Z' })
    expect(counts).toMatchObject([{ answers: 6_000 }])
    const page = await first!.page({ model: 'churn', from: '2030-01-01T00:00:00.000000Z' }, { limit: 100_000 })
    expect(page.answers).toHaveLength(3_000)
    expect(new Set(page.answers.map(({ id }) => id)).size).toBe(3_000)
  })

  it('An answer of a durable model waits for its commit; it is refused where that fails, and others go on', async () => {
    const { state, db } = failing(rig.db)
    const log = rig.logOf(projectOf({ churn: { durable: true } }), { db })
    const durable = (key: string) => log.append([answer({ keys: [key], version: '9', requestId: key })])
    const seen = await Promise.all(
      ['a', 'b', 'c'].map(async (key) => {
        await durable(key)
        return (await log.page({ requestId: key }, { limit: 9 })).answers.length
      }),
    )
    expect(seen).toEqual([1, 1, 1])
    state.fail = 'before'
    expect(log.append(rows('upsell', 1, 77))).toBeUndefined()
    await expect(durable('d')).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('durable'),
    })
    state.fail = 'never'
    await log.flush()
    await expect(durable('e')).resolves.toBeUndefined()
    expect(
      (await log.page({ version: '9', model: 'churn' }, { limit: 9 })).answers.map(({ keys }) => keys[0]).sort(),
    ).toEqual(['a', 'b', 'c', 'e'])
    await log.close()
    await expect(durable('f')).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('An answer without a key is not kept, and none of a model whose log is off', async () => {
    const log = rig.logOf(projectOf({ upsell: { enabled: false } }))
    const told = watched(log)
    log.append([answer({ keys: [] }), answer({ model: 'upsell' })])
    await log.close()
    expect(told).toEqual({ written: 0, lost: {} })
  })
})

/** Asks until it is so; the test's own limit ends it. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((done) => setImmediate(done))
}
