import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createGate } from '../../src/base/gate.ts'
import { createPrng } from '../../src/base/prng.ts'
import { mapInTurns, sortInTurns } from '../../src/base/turns.ts'
import { withTurns } from '../helpers/turns.ts'

describe('a list of any length', () => {
  it.each([0, 1, 1_999, 2_000, 2_001, 9_999, 70_000])('of %i is sorted and mapped as ever', async (count) => {
    const prng = createPrng(count)
    const items = Array.from({ length: count }, (_, place) => ({ key: prng.int(500), place }))
    const compare = (a: { key: number }, b: { key: number }) => a.key - b.key
    expect(await sortInTurns(items, compare)).toEqual([...items].sort(compare))
    expect(await mapInTurns(items, (item) => item.place)).toEqual(items.map((item) => item.place))
  })

  it('gives others their turn', async () => {
    const items = Array.from({ length: 70_000 }, (_, i) => 70_000 - i)
    // 35 parts are sorted, and their 70,000 items merged six times: a turn for each 2,000 of all these.
    expect((await withTurns(() => sortInTurns(items, (a, b) => a - b))).turns).toBeGreaterThan(150)
    expect((await withTurns(() => mapInTurns(items, (item) => item))).turns).toBeGreaterThan(30)
  })
})

describe('a gate', () => {
  it('lets so many work, so many wait in their order, and refuses the others', async () => {
    const gate = createGate({ atOnce: 2, waiting: 2 })
    let working = 0
    let most = 0
    const order: number[] = []
    const releases: (() => void)[] = []
    const task = (n: number) =>
      gate(async () => {
        order.push(n)
        most = Math.max(most, ++working)
        await new Promise<void>((done) => releases.push(done))
        working--
        if (n === 1) throw new Error('one fails')
      })
    const tasks = [0, 1, 2, 3].map(task)
    await expect(task(4)).rejects.toMatchObject({ code: 'unavailable' })
    const ended = Promise.allSettled(tasks)
    for (let i = 0; i < 4; i++) {
      while (releases.length <= i) await setImmediate()
      releases[i]!()
    }
    expect((await ended).map((one) => one.status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
    expect([most, order]).toEqual([2, [0, 1, 2, 3]])
    const after = gate(async () => 'free again')
    expect(await after).toBe('free again')
  })
})
