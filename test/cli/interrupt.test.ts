import { describe, expect, it } from 'vitest'
import type { App } from '../../src/app.ts'
import { createLog } from '../../src/base/log.ts'
import type { Context } from '../../src/cli/context.ts'
import { Interrupted, leftToStop, orInterrupted, startedOr } from '../../src/cli/interrupt.ts'

const app = (runs: { runId: string; flow: string }[]) => ({ flows: { unfinished: () => runs } }) as unknown as App

function context() {
  const said: string[] = []
  let muted = false
  const out = {
    mute: () => {
      muted = true
    },
    line: (text: string) => void (muted || said.push(text)),
  }
  const whole = { log: createLog('warn'), out } as unknown as Context
  return { whole, said, isMuted: () => muted }
}

const never = (): Promise<never> => new Promise(() => {})

describe('a command that is interrupted', () => {
  it('Blocked 4: ends with one sentence, which says what becomes of its run, and with the exit code of the signal', async () => {
    const { whole, isMuted } = context()
    const runs = [{ runId: 'r1', flow: 'train_baseline' }]
    const error = await orInterrupted(app(runs), whole, Promise.resolve('SIGINT'), never).catch((e) => e)
    expect(error).toBeInstanceOf(Interrupted)
    expect(error.exitCode).toBe(130)
    expect(error.message).toBe(
      'interrupted; the run r1 (train_baseline) is kept: the same command resumes it, and so does a worker',
    )
    expect([isMuted(), whole.log.level]).toEqual([true, 'silent'])
    const ended = orInterrupted(app([]), context().whole, Promise.resolve('SIGTERM'), never)
    await expect(ended).rejects.toMatchObject({ exitCode: 143, message: 'interrupted' })
  })

  it('gives what its body gives when no signal comes, and leaves a signal that the body heeds to it', async () => {
    expect(await orInterrupted(app([]), context().whole, never(), async () => 7)).toBe(7)
    const heeded = orInterrupted(
      app([]),
      context().whole,
      Promise.resolve('SIGINT'),
      async () => 'served',
      () => true,
    )
    expect(await heeded).toBe('served')
  })

  it('F2: a start that hangs or fails after the signal is left, without a word', async () => {
    expect(await startedOr(Promise.resolve('SIGTERM'), never)).toBeUndefined()
    expect(await startedOr(never(), async () => 'up')).toBe('up')
    await expect(startedOr(never(), () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  })
})

it('the time for ending is one for all parts: what requests have used of it is not given again', () => {
  expect(leftToStop(10_000, 5_000, undefined)).toBe(10_000)
  expect(leftToStop(10_000, 5_000, 1_000)).toBe(6_000)
  expect(leftToStop(10_000, 50_000, 1_000)).toBe(0)
})
