import { expect, test } from 'vitest'
import { PlatformError } from '../../src/base/errors.ts'
import { createPulse } from '../../src/db/pulse.ts'
import { gate } from '../helpers/gate.ts'

const refused = new PlatformError('unavailable', 'connection refused', {
  cause: Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
})
const nobodyAtWork: ReadonlySet<number> = new Set()

test('whoever waits for its return waits that long from now, however long the database has been away', async () => {
  const back = gate()
  let there = false
  const pulse = createPulse({
    ask: async () => {
      if (there) return nobodyAtWork
      throw refused
    },
    revive: () => back.opened,
    tell: () => {},
  })
  // Away for longer than these have patience.
  await expect(pulse.untilThere(20)).rejects.toMatchObject({ code: 'unavailable' })
  await expect(pulse.untilThere(20)).rejects.toMatchObject({ code: 'unavailable' })
  await expect(pulse.untilBack(20)).rejects.toThrow(/did not answer within 20 ms/)
  let heard = false
  const waiting = pulse.untilBack(60_000).then(() => {
    heard = true
  })
  await new Promise(setImmediate)
  expect(heard).toBe(false)
  there = true
  back.open()
  await waiting
  await pulse.untilThere(0)
  pulse.close()
})

test('an answer that was asked for before something failed is not believed: the database is asked again', async () => {
  const first = gate()
  let asked = 0
  const pulse = createPulse({
    ask: async () => {
      asked++
      if (asked > 1) throw refused
      await first.opened
      return nobodyAtWork
    },
    tell: () => {},
  })
  pulse.suspect()
  await expect.poll(() => asked).toBe(1)
  const waiting = pulse.untilThere(0)
  first.open()
  await expect(waiting).rejects.toMatchObject({ code: 'unavailable' })
  pulse.close()
})
