import { describe, expect, test } from 'vitest'
import { cancelSignal, throwIfCancelled } from '../../../src/base/cancel.ts'
import { gate } from '../../helpers/gate.ts'
import { hour, hourly, openRig, rigsOfFile } from './rig.ts'

const { database, open } = rigsOfFile()
/** A body that is at work until it is freed or told to end. */
function held() {
  const free = gate()
  return {
    free: free.open,
    body: (run: Parameters<NonNullable<NonNullable<Parameters<typeof openRig>[2]>['body']>>[0]) =>
      run.step('hold', async () => {
        const signal = cancelSignal()!
        await Promise.race([free.opened, new Promise((resolve) => signal.addEventListener('abort', resolve))])
        throwIfCancelled()
      }),
  }
}

describe('a schedule', () => {
  test('begins when it is due, once, on behalf of its own principal, and its input says for what', async () => {
    const rig = await open([hourly()])
    expect(await rig.look()).toEqual({ leads: true, nextMs: hour(0) + 10_000 })
    await rig.at(hour(1) - 1)
    expect(await rig.ticks()).toEqual([])
    await rig.at(hour(1))
    await rig.look()
    await rig.ended()
    await rig.look()
    expect(await rig.ticks()).toEqual(['01:00 succeeded'])
    const [run, ...others] = await rig.runs()
    expect(others).toEqual([])
    expect(run).toEqual({
      input: { at: '2026-05-01T01:00:00.000000Z' },
      state: 'succeeded',
      by: { name: 'schedule hourly' },
    })
  })

  test('that is new counts from now on, and so does one with another time; one that is gone begins nothing', async () => {
    const first = await open([hourly(), hourly({ name: 'other', catchUpMost: 5 })])
    await first.at(hour(3))
    expect(await first.ticks()).toEqual([])
    await first.close()
    const second = await open([hourly({ timing: { everyMs: 1_800_000 }, catchUpMost: 1_000 })])
    await second.at(hour(9))
    await second.at(hour(9.5))
    expect(await second.ticks()).toEqual(['09:30 running'])
    await expect(second.schedules.ticks({ schedule: 'other', limit: 1 })).rejects.toThrow(
      "the project file has no schedule 'other'; it has hourly",
    )
  })
})

describe('overlap', () => {
  test('skip: while one is under way the next is left out, and says which one it was', async () => {
    const { body, free } = held()
    const rig = await open([hourly()], { body })
    for (const n of [0, 1, 2]) await rig.at(hour(n))
    const [{ runId } = { runId: '' }] = await rig.underWay()
    expect(await rig.ticks()).toEqual([
      '01:00 running',
      `02:00 skipped the one of 2026-05-01T01:00:00Z, run ${runId}, was not over yet (overlap: skip)`,
    ])
    free()
    await rig.ended()
    await rig.at(hour(3))
    expect((await rig.ticks()).at(-1)).toBe('03:00 running')
  })

  test('queue: it waits, and each is done in its turn', async () => {
    const { body, free } = held()
    const rig = await open([hourly({ overlap: 'queue' })], { body })
    for (const n of [0, 1, 2, 3]) await rig.at(hour(n))
    expect(await rig.ticks()).toEqual([
      '01:00 running',
      '02:00 waiting waits for the one before',
      '03:00 waiting waits for the one before',
    ])
    free()
    for (let i = 0; i < 3; i++) {
      await rig.ended()
      await rig.look()
    }
    expect(await rig.ticks()).toEqual(['01:00 succeeded', '02:00 succeeded', '03:00 succeeded'])
    expect((await rig.runs()).map(({ input }) => input.at.slice(11, 13))).toEqual(['01', '02', '03'])
  })

  test('cancel: the one before is ended, and the new one begins when that is over', async () => {
    const { body } = held()
    const rig = await open([hourly({ overlap: 'cancel' })], { body })
    for (const n of [0, 1, 2]) await rig.at(hour(n))
    expect((await rig.ticks())[1]).toBe('02:00 waiting waits for the one before')
    await rig.ended()
    await rig.look()
    expect(await rig.ticks()).toEqual([
      '01:00 cancelled cancelled by schedule hourly: a later one took its place (overlap: cancel)',
      '02:00 running',
    ])
  })
})

describe('catch-up: of the due times that passed while no worker was there', () => {
  const missed = 'no worker was there to begin it in time (catchUp)'
  const begun = async (catchUpMost: number, seconds: number) => {
    const rule = hourly({ catchUpMost })
    const before = await openRig(database(), [rule])
    await before.look()
    await before.close()
    const rig = await open([rule])
    await rig.at(hour(4) + seconds * 1000)
    for (let i = 0; i < 4; i++) {
      await rig.ended()
      await rig.look()
    }
    return rig.ticks()
  }

  test('none: all are left out and counted in one, with the reason', async () => {
    expect(await begun(0, 90)).toEqual([`04:00 skipped 4 due times since 2026-05-01T01:00:00Z: ${missed}`])
  })
  test('none: one that is less than a minute late is begun, so that a change of the leader loses nothing', async () => {
    expect(await begun(0, 59)).toEqual([
      `03:00 skipped 3 due times since 2026-05-01T01:00:00Z: ${missed}`,
      '04:00 succeeded',
    ])
  })
  test('last: the last is done', async () => {
    expect(await begun(1, 90)).toEqual([
      `03:00 skipped 3 due times since 2026-05-01T01:00:00Z: ${missed}`,
      '04:00 succeeded',
    ])
  })
  test('bounded: the newest so many are done, each in its turn', async () => {
    expect(await begun(2, 90)).toEqual([
      `02:00 skipped 2 due times since 2026-05-01T01:00:00Z: ${missed}`,
      '03:00 succeeded',
      '04:00 succeeded',
    ])
  })
  test('all: each is done in its turn, though the policy for overlaps is to skip', async () => {
    expect(await begun(1_000, 90)).toEqual(['01:00 succeeded', '02:00 succeeded', '03:00 succeeded', '04:00 succeeded'])
  })
})

describe('a clock', () => {
  test('that is set back begins nothing twice; one that is set forward is a time when nobody was there', async () => {
    const rig = await open([hourly()])
    await rig.look()
    await rig.at(hour(1))
    await rig.ended()
    await rig.at(hour(0.5))
    await rig.at(hour(1))
    await rig.at(hour(26.5))
    await rig.ended()
    await rig.look()
    expect(await rig.ticks()).toEqual([
      '01:00 succeeded',
      expect.stringMatching(/^01:00 skipped 24 due times since 2026-05-01T02:00:00Z/),
      '02:00 succeeded',
    ])
  })
})
