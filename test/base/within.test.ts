import { describe, expect, it } from 'vitest'
import { answerWithinMs, withinMs } from '../../src/base/within.ts'

const never = (): Promise<never> => new Promise(() => {})

describe('withinMs', () => {
  it('gives the answer that comes in time, and its error', async () => {
    expect(await withinMs('the database', 60_000, async () => 7)).toBe(7)
    await expect(withinMs('the database', 60_000, () => Promise.reject(new Error('own')))).rejects.toThrow('own')
  })

  it('rejects as unavailable, and names what did not answer and after how long', async () => {
    const error = await withinMs('Redis at 127.0.0.1:6379', 20, never).catch((e) => e)
    expect(error).toMatchObject({ code: 'unavailable', details: { afterMs: 20 } })
    expect(error.message).toBe('Redis at 127.0.0.1:6379 did not answer within 20 ms')
  })

  it('tells the call to give up, and drops its late error', async () => {
    let why: unknown
    const late = withinMs('the database', 20, (signal) => {
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          why = signal.reason
          reject(new Error('late'))
        })
      })
    })
    await expect(late).rejects.toMatchObject({ code: 'unavailable' })
    expect(why).toMatchObject({ code: 'unavailable' })
  })

  it("ends with the caller's reason when the caller gives up first, also before the start", async () => {
    const caller = new AbortController()
    const call = withinMs('the database', 60_000, never, caller.signal)
    caller.abort(new Error('the process ends'))
    await expect(call).rejects.toThrow('the process ends')
    let called = false
    const after = withinMs(
      'the database',
      60_000,
      async () => {
        called = true
      },
      caller.signal,
    )
    await expect(after).rejects.toThrow('the process ends')
    expect(called).toBe(false)
  })
})

describe('answerWithinMs', () => {
  it('gives the answer that comes in time, and its error; else it rejects as unavailable', async () => {
    expect(await answerWithinMs('Redis', 60_000, Promise.resolve(7))).toBe(7)
    await expect(answerWithinMs('Redis', 60_000, Promise.reject(new Error('own')))).rejects.toThrow('own')
    await expect(answerWithinMs('Redis', 20, never())).rejects.toMatchObject({
      code: 'unavailable',
      details: { afterMs: 20 },
    })
  })
})
