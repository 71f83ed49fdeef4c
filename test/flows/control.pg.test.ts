import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cancelSignal, throwIfCancelled } from '../../src/base/cancel.ts'
import { silentLog } from '../../src/base/log.ts'
import type { Actor, ControlChange } from '../../src/flows/actor.ts'
import { createFlows, type Flows, type FlowsOptions } from '../../src/flows/flows.ts'
import { enterExecutor } from '../../src/flows/queries/executors.ts'
import { gate } from '../helpers/gate.ts'
import { type TestDatabase, testDatabase } from '../helpers/pg.ts'

/** Two processes: one that works, and one at which people ask. */
let database: TestDatabase
let opened: Flows[] = []
let changes: ControlChange[] = []

beforeEach(async () => {
  database = await testDatabase()
  changes = []
})
afterEach(async () => {
  await Promise.all(opened.map((flows) => flows.stop()))
  opened = []
  await database.drop()
})

function open(name = 'anna', options: Partial<FlowsOptions> = {}): Flows {
  const flows = createFlows({
    db: database.db,
    log: silentLog,
    actors: { now: () => ({ name }), during: (_actor, body) => body() },
    onChange: async (_sql, change) => void changes.push(change),
    ...options,
  })
  opened.push(flows)
  return flows
}

/** A step that is at work until it is told to end, by a cancel or by the test. */
function slowStep() {
  const begun = gate()
  const free = gate()
  let ended = ''
  const body = async () => {
    const signal = cancelSignal()!
    begun.open()
    await Promise.race([free.opened, new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))])
    ended = signal.aborted ? 'by the cancel' : 'by itself'
    throwIfCancelled()
    return 'done'
  }
  return { begun: begun.opened, free: free.open, body, ended: () => ended }
}

const GONE = { place: 'another host', pid: 1 }

describe('cancel', () => {
  test('a run that waits is over at once, says who and why, and is never begun', async () => {
    let done = 0
    const [asking, working] = [open(), open('ben')]
    for (const flows of [asking, working]) flows.define('any', async (run) => run.step('only', async () => ++done))
    const runId = await asking.submit('any', 1)
    expect(await asking.cancel(runId, { why: 'the wrong month' })).toEqual({ runId, state: 'cancelled', by: 'anna' })
    await working.start()
    await expect(asking.wait(runId)).rejects.toMatchObject({
      code: 'conflict',
      message: `the run '${runId}' was cancelled by anna: the wrong month`,
    })
    expect(done).toBe(0)
    expect(await asking.story(runId)).toMatchObject({
      ...{ state: 'cancelled', cancelBy: 'anna', cancelWhy: 'the wrong month', steps: [], output: { value: null } },
      may: { cancel: 'it is over: cancelled', resume: 'it is over: cancelled', retry: null },
    })
    // The same wish again is a new run.
    expect(await asking.submit('any', 1)).not.toBe(runId)
  })

  test('the step under way is asked to end by a signal, in another process too; what it did is not recorded', async () => {
    const [asking, working] = [open(), open('ben')]
    const slow = slowStep()
    const after: string[] = []
    for (const flows of [asking, working]) {
      flows.define('slow', async (run) => {
        await run.step('first', async () => 1)
        await run.step('second', slow.body)
        await run.step('third', async () => void after.push('third'))
      })
    }
    await working.start()
    const runId = await asking.submit('slow', null)
    await slow.begun
    expect(await asking.cancel(runId, { why: 'too slow' })).toEqual({ runId, state: 'cancelling', by: 'anna' })
    await expect(asking.wait(runId)).rejects.toThrow('was cancelled by anna: too slow')
    expect([slow.ended(), after]).toEqual(['by the cancel', []])
    const story = await asking.story(runId)
    expect(story).toMatchObject({ state: 'cancelled', error: null })
    expect(story.steps.map((step) => [step.name, step.state])).toEqual([
      ['first', 'succeeded'],
      ['second', 'cancelled'],
    ])
  })

  test('a run is cancelled by whoever asks first, and asking again changes nothing', async () => {
    const [anna, ben] = [open('anna'), open('ben')]
    for (const flows of [anna, ben]) flows.define('any', async () => 1)
    const runId = await anna.submit('any', null)
    await anna.cancel(runId, { why: 'first' })
    expect(await ben.cancel(runId, { why: 'second' })).toEqual({ runId, state: 'cancelled', by: 'anna' })
    expect((await anna.story(runId)).cancelWhy).toBe('first')
    expect(changes.map(({ action, why }) => [action, why])).toEqual([
      ['started', null],
      ['cancelled', 'first'],
    ])
  })

  test('a step that does not hear the signal is waited for and recorded, and no further step begins', async () => {
    const [asking, working] = [open(), open('ben')]
    const [begun, free] = [gate(), gate()]
    const done: string[] = []
    for (const flows of [asking, working]) {
      flows.define('deaf', async (run) => {
        await run.step('deaf', async () => {
          begun.open()
          await free.opened
          done.push('deaf')
        })
        await run.step('next', async () => void done.push('next'))
      })
    }
    await working.start()
    const runId = await asking.submit('deaf', null)
    await begun.opened
    await asking.cancel(runId, { why: 'x' })
    free.open()
    await expect(asking.wait(runId)).rejects.toThrow('was cancelled')
    expect(done).toEqual(['deaf'])
    expect((await asking.story(runId)).steps.map((step) => step.state)).toEqual(['succeeded'])
  })

  test('a cancel that comes during the last step comes too late where that step does its work: the run has succeeded', async () => {
    const [asking, working] = [open(), open('ben')]
    const [begun, free] = [gate(), gate()]
    for (const flows of [asking, working]) {
      flows.define('last', async (run) =>
        run.step('last', async () => {
          begun.open()
          await free.opened
          return 'all of it'
        }),
      )
    }
    await working.start()
    const runId = await asking.submit('last', null)
    await begun.opened
    expect((await asking.cancel(runId, { why: 'x' })).state).toBe('cancelling')
    free.open()
    expect(await asking.wait(runId)).toBe('all of it')
    expect((await asking.lines(runId, { limit: 100 })).lines.at(-1)?.text).toContain(
      'the cancel that anna asked for came after its last step',
    )
    await expect(asking.cancel(runId, { why: 'x' })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('is over: it has succeeded'),
    })
  })

  test('however a cancel and the end of a run meet, the run ends as one of the two and stays so', async () => {
    const [asking, working] = [open(), open('ben')]
    for (const flows of [asking, working]) {
      flows.define('quick', async (run, n: number) => run.step('only', async () => n))
    }
    await working.start()
    const runs = await Promise.all(Array.from({ length: 40 }, (_, n) => asking.submit('quick', n)))
    const asked = await Promise.all(
      runs.map((runId) => asking.cancel(runId, { why: 'x' }).catch((error: Error) => error.message)),
    )
    const ended = await Promise.all(
      runs.map((runId) =>
        asking.wait(runId).then(
          () => 'succeeded',
          () => 'cancelled',
        ),
      ),
    )
    for (const [i, runId] of runs.entries()) {
      const { state } = await asking.get(runId)
      expect(state).toBe(ended[i])
      const answer = asked[i]!
      // Who was told that it is over was told the truth.
      if (typeof answer === 'string')
        expect([answer, state]).toEqual([expect.stringContaining('has succeeded'), 'succeeded'])
      else if (answer.state === 'cancelled') expect(state).toBe('cancelled')
    }
  })

  test('a run whose process died before it heard the cancel is over, and nobody takes it up', async () => {
    const { db } = database
    const flows = open()
    flows.define('any', async () => 'done')
    const runId = await flows.submit('any', null)
    const dead = '00000000-0000-0000-0000-00000000dead'
    await enterExecutor(db, { executorId: dead, serves: 'any', ...GONE })
    await db.query(`update flows.run set state = 'running', holder = $1, turn = 1 where id = $2`, [dead, runId])
    expect((await flows.cancel(runId, { why: 'it hangs' })).state).toBe('cancelling')
    await db.query(`update flows.executor set silent_since = now() - interval '11 seconds'`)
    await flows.start()
    await expect(flows.wait(runId)).rejects.toThrow('was cancelled by anna: it hangs')
  })

  test('a step that cleans up is done though the run is cancelled', async () => {
    const [asking, working] = [open(), open('ben')]
    const slow = slowStep()
    let cleaned = false
    for (const flows of [asking, working]) {
      flows.define('clean', async (run) => {
        const came = await run.step('work', slow.body).catch((error: Error) => error)
        const clean = async () => {
          throwIfCancelled()
          cleaned = true
        }
        await run.step('clean up', clean, { always: true })
        if (came instanceof Error) throw came
      })
    }
    await working.start()
    const runId = await asking.submit('clean', null)
    await slow.begun
    await asking.cancel(runId, { why: 'x' })
    await expect(asking.wait(runId)).rejects.toThrow('was cancelled')
    expect(cleaned).toBe(true)
  })

  test('a run that does not exist cannot be cancelled, retried or resumed, and has no lines', async () => {
    const flows = open()
    for (const doing of [
      () => flows.cancel('none', { why: 'x' }),
      () => flows.retry('none', {}),
      () => flows.resume('none'),
      () => flows.story('none'),
      () => flows.lines('none', { limit: 1 }),
    ]) {
      await expect(doing()).rejects.toMatchObject({ code: 'not_found', message: "there is no run 'none' of a flow" })
    }
  })
})

describe('retry', () => {
  /** Three steps, of which the second fails while `broken`. */
  function threeSteps(flows: Flows, state: { broken: boolean; done: string[] }) {
    flows.define('three', async (run, input: { n: number }) => {
      const step = (name: string, value: unknown) =>
        run.step(name, async () => {
          if (name === 'second' && state.broken) throw new Error('the disk is full')
          state.done.push(name)
          return value
        })
      return [await step('first', input.n), await step('second', 2), await step('third', 3)]
    })
  }

  test('a retry is a new run that takes over the recorded steps before it and names the run that it came from', async () => {
    const state = { broken: true, done: [] as string[] }
    const flows = open()
    threeSteps(flows, state)
    const first = await flows.submit('three', { n: 7 })
    await expect(flows.wait(first)).rejects.toThrow('the disk is full')
    state.broken = false
    const { runId, from, taken } = await flows.retry(first, { why: 'there is room now' })
    expect([from, taken]).toEqual([{ number: 2, name: 'second' }, 1])
    expect(await flows.wait(runId)).toEqual([7, 2, 3])
    expect(state.done).toEqual(['first', 'second', 'third'])
    const story = await flows.story(runId)
    expect(story).toMatchObject({ retryOf: first, retryFrom: 1, submittedBy: { name: 'anna' }, state: 'succeeded' })
    expect(story.steps.map(({ name, takenFrom }) => [name, takenFrom])).toEqual([
      ['first', first],
      ['second', null],
      ['third', null],
    ])
    // The run that failed stays as it was, and names the other.
    expect(await flows.story(first)).toMatchObject({ state: 'failed', retries: [runId] })
    expect(changes.at(-1)).toMatchObject({ action: 'retried', runId: first, why: 'there is room now' })
  })

  test('any step can be named, by name or number, also of a run that succeeded; a step that was not begun is refused', async () => {
    const state = { broken: false, done: [] as string[] }
    const flows = open()
    threeSteps(flows, state)
    const first = await flows.submit('three', { n: 1 })
    await flows.wait(first)
    const begun = async (from: string | number) => {
      state.done = []
      const { runId } = await flows.retry(first, { from })
      await flows.wait(runId)
      return state.done
    }
    expect(await begun('third')).toEqual(['third'])
    expect(await begun(1)).toEqual(['first', 'second', 'third'])
    for (const from of ['fourth', 9, 0]) {
      await expect(flows.retry(first, { from })).rejects.toMatchObject({
        code: 'invalid_argument',
        message: `from: the run has begun no step '${from}'; its steps: 1 first, 2 second, 3 third`,
      })
    }
  })

  test('a run that was cancelled goes on from the step that was cancelled', async () => {
    const [asking, working] = [open(), open('ben')]
    const slow = slowStep()
    for (const flows of [asking, working]) {
      flows.define('slow', async (run) => {
        await run.step('first', async () => 1)
        return run.step('second', slow.body)
      })
    }
    await working.start()
    const first = await asking.submit('slow', null)
    await slow.begun
    await asking.cancel(first, { why: 'x' })
    await asking.wait(first).catch(() => {})
    slow.free()
    const { runId, from } = await asking.retry(first, { from: 'second' })
    expect(from).toEqual({ number: 2, name: 'second' })
    expect(await asking.wait(runId)).toBe('done')
  })

  test('no retry by another build, none of a run that is not over, and none beside the same work', async () => {
    const state = { broken: true, done: [] as string[] }
    const flows = open('anna', { build: async () => 'build A' })
    threeSteps(flows, state)
    const first = await flows.submit('three', { n: 1 })
    await expect(flows.retry(first, {})).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('is waiting'),
    })
    await flows.wait(first).catch(() => {})
    const other = open('ben', { build: async () => 'build B' })
    threeSteps(other, state)
    await expect(other.retry(first, {})).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('another build'),
    })
    const again = await flows.submit('three', { n: 1 })
    await expect(flows.retry(first, {})).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(`under way already, as run '${again}'`),
    })
  })

  test('a retry of a retry names who did each step', async () => {
    const state = { broken: false, done: [] as string[] }
    const flows = open()
    threeSteps(flows, state)
    const first = await flows.submit('three', { n: 1 })
    await flows.wait(first)
    const { runId: second } = await flows.retry(first, { from: 2 })
    await flows.wait(second)
    const { runId: third } = await flows.retry(second, { from: 3 })
    await flows.wait(third)
    expect((await flows.story(third)).steps.map((step) => step.takenFrom)).toEqual([first, second, null])
  })
})

describe('resume', () => {
  test('a run whose process died waits again and is done by a living worker', async () => {
    const { db } = database
    const flows = open()
    flows.define('any', async (run) => run.step('only', async () => 'done'))
    const runId = await flows.submit('any', null)
    const dead = '00000000-0000-0000-0000-00000000dead'
    await enterExecutor(db, { executorId: dead, serves: 'own', ...GONE })
    await db.query(`update flows.run set state = 'running', holder = $1, turn = 1 where id = $2`, [dead, runId])
    await db.query(`update flows.executor set silent_since = now() - interval '11 seconds'`)
    expect((await flows.story(runId)).process).toMatchObject({ pid: 1, alive: false })
    expect(await flows.resume(runId)).toEqual({ runId, state: 'waiting', worker: false })
    expect(changes.at(-1)).toMatchObject({ action: 'resumed', runId })
    await flows.start()
    expect(await flows.wait(runId)).toBe('done')
  })

  test('a run that is over is not resumed, and one of another build stays as it is', async () => {
    const flows = open('anna', { build: async () => 'build A' })
    flows.define('any', async () => 1)
    const runId = await flows.submit('any', null)
    const other = open('ben', { build: async () => 'build B' })
    await expect(other.resume(runId)).rejects.toMatchObject({ message: expect.stringContaining('another build') })
    expect((await flows.get(runId)).state).toBe('waiting')
    await flows.wait(runId)
    await expect(flows.resume(runId)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('is over: it has succeeded; to do it again: weir flows'),
    })
  })
})

test('what a run does is done on behalf of whoever submitted it, whichever process does it', async () => {
  let acting: Actor | undefined
  const during = <T>(actor: Actor, body: () => T): T => {
    acting = actor
    return body()
  }
  const asking = open('anna')
  const working = open('ben', { actors: { now: () => ({ name: 'ben' }), during } })
  for (const flows of [asking, working]) flows.define('any', async () => 1)
  await working.start()
  await asking.wait(await asking.submit('any', null))
  expect(acting).toEqual({ name: 'anna' })
})
