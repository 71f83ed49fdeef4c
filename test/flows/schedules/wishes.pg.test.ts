import { describe, expect, test } from 'vitest'
import { cancelSignal, throwIfCancelled } from '../../../src/base/cancel.ts'
import { instantOfMs } from '../../../src/base/instant.ts'
import { chooseTicks } from '../../../src/flows/schedules/begin.ts'
import { asLeader, takeLead } from '../../../src/flows/schedules/leader.ts'
import type { OpenTick } from '../../../src/flows/schedules/queries/ticks.ts'
import { pauseMs } from '../../../src/flows/schedules/times.ts'
import { fireTrigger } from '../../../src/flows/schedules/triggers.ts'
import { gate } from '../../helpers/gate.ts'
import { hour, hourly, openRig, type Rig, rigsOfFile } from './rig.ts'

const { database, open } = rigsOfFile()
const NEVER = { timing: null, overlap: 'queue' } as const
const on = (more: Partial<ReturnType<typeof hourly>['on']>) => ({
  ...{ delivered: null, withdrawn: null, labels: null, drift: null },
  ...more,
})
const period = '2026-01-31T00:00:00.000000Z'
const untilQuiet = async (rig: Rig) => {
  for (let i = 0; i < 4; i++) {
    await rig.ended()
    await rig.look()
  }
}

describe('triggers', () => {
  test('a month delivered: several sources have it begin once, when the last of them is there, and a correction once more', async () => {
    const there = new Map<string, string>()
    const world = {
      complete: async (sources: readonly string[]) =>
        sources.every((source) => there.has(source)) ? sources.map((source) => there.get(source)).join() : null,
    }
    const rig = await open([hourly({ ...NEVER, on: on({ delivered: ['users', 'labels'] }) })], { world })
    const deliver = async (source: string, id: string) => {
      there.set(source, id)
      await fireTrigger(database().db, { kind: 'delivery', subject: source, id, details: { period } })
    }
    await rig.look()
    await deliver('users', 'u1')
    await deliver('other', 'o1')
    await rig.look()
    expect(await rig.ticks()).toEqual([])
    await deliver('labels', 'l1')
    await deliver('users', 'u1')
    await rig.look()
    await untilQuiet(rig)
    expect((await rig.runs()).map(({ input }) => input)).toEqual([{ at: period }])
    await deliver('users', 'u2')
    await rig.look()
    await untilQuiet(rig)
    expect(await rig.runs()).toHaveLength(2)
  })

  test('both sources told before anybody looks have it begin once', async () => {
    const world = { complete: async () => 'both' }
    const rig = await open([hourly({ ...NEVER, on: on({ delivered: ['users', 'labels'] }) })], { world })
    for (const subject of ['users', 'labels']) {
      await fireTrigger(database().db, { kind: 'delivery', subject, id: subject, details: { period } })
    }
    await rig.look()
    await untilQuiet(rig)
    expect(await rig.runs()).toHaveLength(1)
  })

  test('labels that mature later are looked at then; those that were taken back meanwhile do not count', async () => {
    const gone = new Set<string>()
    const world = { holds: async ({ id }: { id: string }) => !gone.has(id) }
    const rule = hourly({ ...NEVER, on: on({ labels: 'churned' }), input: { at: '{due}' } })
    const rig = await open([rule], { world })
    await rig.look()
    for (const id of ['a', 'b']) {
      const from = instantOfMs(hour(5))
      await fireTrigger(database().db, { kind: 'labels', subject: 'churned', id, details: { period }, from })
    }
    await rig.at(hour(5) - 1_000)
    expect(await rig.look()).toMatchObject({ nextMs: hour(5) })
    expect(await rig.ticks()).toEqual([])
    gone.add('a')
    await rig.at(hour(5))
    await untilQuiet(rig)
    expect((await rig.runs()).map(({ input }) => input.at)).toEqual([instantOfMs(hour(5))])
  })

  test('drift of this model and a delivery taken back have it begin, others do not; while it is paused it says so', async () => {
    const rig = await open([hourly({ ...NEVER, on: on({ drift: 'churn', withdrawn: ['users'] }) })])
    await rig.look()
    const fire = (kind: 'drift' | 'withdrawn', subject: string, id: string) =>
      fireTrigger(database().db, { kind, subject, id, details: { period } })
    await fire('drift', 'other', 'd0')
    await fire('withdrawn', 'labels', 'w0')
    await fire('drift', 'churn', 'd1')
    await rig.look()
    await untilQuiet(rig)
    await rig.schedules.pause('hourly', { why: 'audit' })
    await fire('withdrawn', 'users', 'w1')
    await rig.look()
    expect(await rig.ticks()).toEqual(['00:00 succeeded', '00:00 skipped the schedule was paused by anna: audit'])
  })
})

describe('a pause', () => {
  test('holds over restarts, begins nothing, and what was due meanwhile is counted with who paused it', async () => {
    const rules = [hourly({ catchUpMost: 1_000 })]
    const first = await openRig(database(), rules)
    await first.look()
    await first.schedules.pause('hourly', { why: 'audit' })
    await first.schedules.pause('hourly', { why: 'again' })
    await first.close()
    const rig = await open(rules)
    await rig.at(hour(3.5))
    expect(await rig.ticks()).toEqual([])
    expect(await rig.schedules.get('hourly')).toMatchObject({ paused: { by: 'anna', why: 'audit' }, next: [] })
    await rig.schedules.resume('hourly', { why: null })
    await rig.at(hour(4))
    expect(await rig.ticks()).toEqual([
      '03:00 skipped 3 due times since 2026-05-01T01:00:00Z: the schedule was paused by anna: audit',
      '04:00 running',
    ])
    expect([...first.changes, ...rig.changes].map(({ action }) => action)).toEqual(['paused', 'resumed'])
  })
})

describe('retries', () => {
  test('a run that failed is begun again after pauses that double up to the longest, and the last failure is told', async () => {
    let fails = 0
    const rule = hourly({ retries: { times: 3, firstMs: 60_000, longestMs: 100_000 }, overlap: 'queue' })
    const body = () => Promise.reject(new Error(`no ${++fails}`))
    const rig = await open([rule], { body })
    await rig.look()
    await rig.at(hour(1))
    const states: string[] = []
    for (const after of [60_000, 100_000, 100_000]) {
      await rig.ended()
      const { nextMs } = await rig.look()
      states.push((await rig.ticks())[0]!)
      expect(nextMs).toBe(rig.clock.nowMs() + 10_000)
      await rig.at(rig.clock.nowMs() + after - 1)
      expect(await rig.underWay()).toEqual([])
      await rig.at(rig.clock.nowMs() + 1)
      expect(await rig.underWay()).toHaveLength(1)
    }
    await rig.ended()
    await rig.look()
    expect(states).toEqual([
      '01:00 waiting attempt 1 of 4 failed, the next begins after 60 s: no 1',
      '01:00 waiting attempt 2 of 4 failed, the next begins after 100 s: no 2',
      '01:00 waiting attempt 3 of 4 failed, the next begins after 100 s: no 3',
    ])
    expect(await rig.ticks()).toEqual(['01:00 failed no 4'])
    expect(await rig.runs()).toHaveLength(4)
  })

  test('pauses are made shorter by up to a half, at random', () => {
    const retries = { times: 9, firstMs: 1_000, longestMs: 3_000 }
    expect([1, 2, 3, 9].map((attempt) => pauseMs(retries, attempt, 0))).toEqual([1_000, 2_000, 3_000, 3_000])
    expect([0.5, 0.999].map((random) => pauseMs(retries, 2, random))).toEqual([1_500, 1_001])
  })

  test('one that somebody cancelled is not begun again; an input that cannot be right is a failure that says so', async () => {
    const held = gate()
    const body: NonNullable<Parameters<typeof openRig>[2]>['body'] = (run) =>
      run.step('hold', async () => {
        const signal = cancelSignal()!
        held.open()
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        throwIfCancelled()
      })
    const rules = [
      hourly({ retries: { times: 3, firstMs: 1, longestMs: 1 } }),
      hourly({ name: 'wrong', input: { at: '{yearmonth}' } }),
    ]
    const toy = async (input: Record<string, unknown>) => {
      if (String(input.at).length < 10) throw new Error('at: no date')
      return input
    }
    const rig = await open(rules, { body, flows: { toy } })
    await rig.look()
    await rig.at(hour(1))
    await held.opened
    const [{ runId } = { runId: '' }] = await rig.underWay()
    await rig.flows.cancel(runId, { why: 'wrong month' })
    await rig.ended()
    await rig.look()
    expect(await rig.ticks()).toEqual(['01:00 cancelled cancelled by anna: wrong month'])
    expect(await rig.ticks('wrong')).toEqual(['01:00 failed at: no date'])
  })
})

describe('time-outs', () => {
  const listens: NonNullable<Parameters<typeof openRig>[2]>['body'] = async (run) => {
    await run.step('first', async () => {
      const signal = cancelSignal()!
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      throwIfCancelled()
    })
    return run.step('second', async () => 'never')
  }
  test.each([
    [{ timeoutMs: 20 }, "this run of 'toy' took longer than 0.02 s, the timeout of its schedule; it was ended"],
    [{ stepTimeoutMs: 20 }, "step 'first' took longer than 0.02 s, the timeout of its schedule; it was ended"],
  ])('%o: what is under way is asked to end, no step begins, and the run has failed', async (limits, says) => {
    const rig = await open([hourly(limits)], { body: listens })
    await rig.look()
    await rig.at(hour(1))
    await rig.ended()
    await rig.look()
    expect(await rig.ticks()).toEqual([`01:00 failed ${says}`])
    const steps = await database().db.query('select name from flows.attempt')
    expect(steps).toEqual([{ name: 'first' }])
  })

  test('a run whose time is over when it is taken up again begins no further step', async () => {
    const rig = await open([hourly({ timeoutMs: 60_000 })])
    await rig.look()
    await database().db.query(
      `insert into flows.run (id, flow, key, state, input, started_at, timeout_ms)
       values ('old', 'toy', 'k', 'waiting', '{}', now() - interval '1 hour', 60000)`,
    )
    await expect(rig.flows.wait('old')).rejects.toThrow("this run of 'toy' took longer than 1 minutes")
  })
})

describe('concurrency by name', () => {
  test('runs of two schedules with one name are not under way together; the one that waits says for what', async () => {
    const free = gate()
    const training = { concurrency: { name: 'training', most: 1 } }
    const rules = [hourly({ name: 'a', ...training }), hourly({ name: 'b', ...training }), hourly({ name: 'c' })]
    const rig = await open(rules, { body: (run) => run.step('hold', () => free.opened) })
    await rig.look()
    await rig.at(hour(1))
    expect([await rig.ticks('a'), await rig.ticks('b'), await rig.ticks('c')].flat()).toEqual([
      '01:00 running',
      "01:00 waiting waits: 1 of 'training' is under way",
      '01:00 running',
    ])
    free.open()
    await untilQuiet(rig)
    expect(await rig.ticks('b')).toEqual(['01:00 succeeded'])
  })

  test('one that waits for its retry keeps its place before a later one', () => {
    const tick = (id: number, more: Partial<OpenTick>): OpenTick => ({
      ...{
        id,
        schedule: 'hourly',
        origin: 'time',
        period,
        dueAt: period,
        subject: null,
        about: null,
        state: 'waiting',
      },
      ...{ why: null, backfill: null, parallel: null, by: null, attempts: 0, runId: null, notBefore: period, ...more },
    })
    const retrying = tick(1, { attempts: 1, notBefore: '2027-01-01T00:00:00.000000Z', why: 'failed' })
    const { begin, waits } = chooseTicks([hourly()], [], [retrying, tick(2, {})], '2026-06-01T00:00:00.000000Z')
    expect([begin, waits.map(({ why }) => why)]).toEqual([[], ['failed', 'waits for the one before']])
  })
})

describe('a backfill', () => {
  const range = { from: '2026-04-01T00:00:00.000000Z', to: '2026-04-01T05:00:00.000000Z' }
  const request = { ...range, parallel: 2, missing: false, dryRun: false, why: null }

  test('is said before it starts, is done in order within its bound, and goes on in another process', async () => {
    const free = gate()
    const body: NonNullable<Parameters<typeof openRig>[2]>['body'] = (run) => run.step('hold', () => free.opened)
    const first = await openRig(database(), [hourly()], { body })
    await first.look()
    const said = await first.schedules.backfill('hourly', { ...request, dryRun: true })
    expect(said).toMatchObject({ id: null, leftOut: 0 })
    expect(said.periods.map(({ period }) => period.slice(11, 13))).toEqual(['00', '01', '02', '03', '04'])
    expect(await first.ticks()).toEqual([])
    const { id } = await first.schedules.backfill('hourly', request)
    await expect(first.schedules.backfill('hourly', request)).rejects.toThrow(/5 of its 5 periods are left/)
    await first.look()
    expect(await first.underWay()).toHaveLength(2)
    free.open()
    await first.ended()
    await first.close()
    const rig = await open([hourly()], { body })
    await rig.look()
    await untilQuiet(rig)
    expect(await rig.ticks()).toEqual(Array.from({ length: 5 }, (_, i) => `0${i}:00 succeeded`))
    const [run] = await rig.runs()
    expect(run?.by.name).toBe('anna')
    expect(await rig.schedules.backfills('hourly')).toMatchObject([
      { id, periods: 5, succeeded: 5, waiting: 0, by: { name: 'anna' } },
    ])
    const missing = await rig.schedules.backfill('hourly', {
      ...request,
      to: '2026-04-01T06:00:00.000000Z',
      missing: true,
    })
    expect([missing.leftOut, missing.periods.map(({ period }) => period.slice(11, 13))]).toEqual([5, ['05']])
  })

  test('is refused where it has no periods, too many of them, or ends before it begins', async () => {
    const rig = await open([hourly(), hourly({ name: 'drifts', ...NEVER, on: on({ drift: 'm' }) })])
    const { schedules } = rig
    await expect(schedules.backfill('drifts', request)).rejects.toThrow('has no periods to be filled')
    await expect(schedules.backfill('hourly', { ...request, from: range.to })).rejects.toThrow('is not before')
    await expect(schedules.backfill('hourly', { ...request, from: '2025-01-01T00:00:00.000000Z' })).rejects.toThrow(
      'more than 1000 periods',
    )
  })
})

describe('run now', () => {
  test('is done on behalf of whoever asked, also while the schedule is paused, and is refused where one is under way', async () => {
    const free = gate()
    const rig = await open([hourly()], { body: (run) => run.step('hold', () => free.opened) })
    await rig.look()
    await rig.schedules.pause('hourly', { why: null })
    expect(await rig.schedules.run('hourly', { period, why: null })).toMatchObject({ period, worker: true })
    await rig.look()
    expect(await rig.runs()).toMatchObject([{ input: { at: period }, by: { name: 'anna' } }])
    await expect(rig.schedules.run('hourly', { why: null })).rejects.toThrow(/hourly is not begun: .* was not over yet/)
    free.open()
  })
})

describe('the leader', () => {
  test('one that was overtaken decides nothing more', async () => {
    const rig = await open([hourly()])
    const other = await open([hourly()])
    expect((await rig.look()).leads).toBe(true)
    expect((await other.look()).leads).toBe(false)
    const lead = { executorId: rig.flows.executorId, term: 1 }
    await database().db.query(`update flows.leader set renewed_at = now() - interval '31 seconds'`)
    expect((await other.at(hour(1))).leads).toBe(true)
    expect(await asLeader(database().db, lead, async () => 'decided')).toBe('overtaken')
    expect((await rig.at(hour(2))).leads).toBe(false)
    expect(await takeLead(database().db, rig.flows.executorId)).toBeUndefined()
    await other.ended()
    await other.look()
    expect(await other.ticks()).toEqual(['01:00 succeeded'])
  })

  test('that ends gives the lead back, and nobody without an entry among the workers can take it', async () => {
    const rig = await openRig(database(), [hourly()])
    expect((await rig.look()).leads).toBe(true)
    await rig.close()
    expect(await database().db.query('select holder from flows.leader')).toEqual([{ holder: null }])
    expect(await takeLead(database().db, rig.flows.executorId)).toBeUndefined()
  })
})
