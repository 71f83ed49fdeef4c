import { expect, test } from 'vitest'
import { PlatformError } from '../../src/base/errors.ts'
import type { Database } from '../../src/db/sql.ts'
import { insist } from '../../src/flows/insist.ts'
import { gate } from '../helpers/gate.ts'

const lost = () => new PlatformError('unavailable', 'the database did not answer', { details: { afterMs: 1 } })
const reason = new Error('the process is ending')

/** A database that is back when the test says so, or when whoever waits for it leaves. */
function awayUntil(back: Promise<void>) {
  const waits = gate()
  const untilThere: Database['untilThere'] = (_ms, signal) =>
    new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason))
      back.then(resolve)
      waits.open()
    })
  return { db: { untilThere } as Database, waits: waits.opened }
}

test('what is safe to be sent twice is sent again when the database is back', async () => {
  const back = gate()
  const { db, waits } = awayUntil(back.opened)
  let sent = 0
  const answer = insist(db, new AbortController().signal, async () => {
    if (++sent === 1) throw lost()
    return 'answer'
  })
  await waits
  back.open()
  expect([await answer, sent]).toEqual(['answer', 2])
})

test('a fault that no wait mends is told at once', async () => {
  const { db } = awayUntil(Promise.resolve())
  const answer = insist(db, new AbortController().signal, () => Promise.reject(new Error('syntax')))
  await expect(answer).rejects.toThrow('syntax')
})

test('who is told to leave leaves: before it sends, whatever its statement said, and while it waits', async () => {
  const { db, waits } = awayUntil(new Promise(() => {}))
  let sent = 0
  await expect(insist(db, AbortSignal.abort(reason), async () => ++sent)).rejects.toBe(reason)
  expect(sent).toBe(0)
  const during = new AbortController()
  const ends = insist(db, during.signal, async () => {
    during.abort(reason)
    throw new Error('Cannot use a pool after calling end on the pool')
  })
  await expect(ends).rejects.toBe(reason)
  const waiting = new AbortController()
  const away = insist(db, waiting.signal, () => Promise.reject(lost()))
  away.catch(() => {})
  await waits
  waiting.abort(reason)
  await expect(away).rejects.toBe(reason)
})
