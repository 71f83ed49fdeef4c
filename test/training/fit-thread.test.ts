import { expect, test } from 'vitest'
import { createPrng } from '../../src/base/prng.ts'
import { withProgress } from '../../src/base/progress.ts'
import { learner as learnerShape } from '../../src/config/learner-shapes.ts'
import type { TrainingColumn } from '../../src/features/offline/read-training-set.ts'
import { type FitJob, runFitJob } from '../../src/training/fit-job.ts'
import { fitInThread } from '../../src/training/fit-thread.ts'

/** A number, a text with nulls, and a label that depends on both. */
function job(rows: number, learner: { kind: string } & Record<string, unknown>, change: Partial<FitJob> = {}): FitJob {
  const prng = createPrng(3)
  const whole = new Uint8Array(rows).fill(1)
  const numbers = Float64Array.from(whole, () => prng.int(500))
  const texts = Array.from(numbers, () => `kind ${prng.int(5)}`)
  const known = Uint8Array.from(whole, () => (prng.int(7) > 0 ? 1 : 0))
  const labels = numbers.map((x, r) => (x + 50 * Number(texts[r]!.at(-1)) + prng.int(200) > 450 ? 1 : 0))
  const columns = new Map<string, TrainingColumn>([
    ['user', { type: 'String', values: Array.from(numbers, (_, r) => `user ${r}`), valid: whole.slice() }],
    ['event_timestamp', { type: 'UnixTimestamp', values: new Array<string>(rows).fill('2024'), valid: whole.slice() }],
    ['x', { type: 'Float64', values: numbers, valid: whole.slice() }],
    ['text', { type: 'String', values: texts.map((text, r) => (known[r] === 1 ? text : '')), valid: known }],
    ['y', { type: 'Bool', values: labels, valid: whole.slice() }],
  ])
  const split = { by: 'rows', testShare: 0.25, seed: 1, stratify: true, holdOut: 0 } as const
  const definition = {
    predicts: null,
    positive: null,
    learner: learnerShape.parse(learner),
    split,
    threshold: 0.5,
    calibration: 'auto',
    segments: null,
  } as const
  return {
    data: { rows, columns },
    served: null,
    features: ['x', 'text'],
    label: 'y',
    weight: null,
    definition,
    champion: null,
    threads: 2,
    ...change,
  }
}

const BOOSTING = { kind: 'gradient_boosting', rounds: 5, earlyStopping: null }

// More rows than a slice of texts has, and than two of them.
test.each([{ kind: 'random_forest', trees: 3 }, BOOSTING])(
  'a thread gives the bytes that the caller would: $kind',
  async (learner) => {
    const rows = 40_001
    const [own, other] = [await runFitJob(job(rows, learner)), await fitInThread(job(rows, learner))]
    expect(Buffer.from(other.model).equals(own.model)).toBe(true)
    expect(Buffer.from(other.onnx).equals(own.onnx)).toBe(true)
    const { trainTimeSec: _, model: __, onnx: ___, ...rest } = own
    expect(other).toMatchObject(rest)
  },
)

test('what cannot be trained is refused in the same words, by its code', async () => {
  const same = job(200, BOOSTING)
  same.data.columns.get('y')!.values = new Float64Array(200)
  await expect(fitInThread(same)).rejects.toMatchObject({
    name: 'PlatformError',
    code: 'invalid_argument',
    message: expect.stringContaining('the same label'),
  })
})

test('a fault of ours in the thread is told with the place where it arose', async () => {
  const error: Error = await fitInThread(job(200, BOOSTING, { features: ['x', 'gone'] })).catch((reason) => reason)
  expect(error.message).toContain('column gone of the training set')
  expect(error.stack).toMatch(/dist\/training\/frame\.js/)
})

test('tells how far it is, and ends when it is no longer wanted', async () => {
  const stop = new AbortController()
  const phases: string[] = []
  const fit = withProgress(
    ({ phase }) => {
      phases.push(phase)
      stop.abort(new Error('not wanted'))
    },
    () => fitInThread(job(2_000, { ...BOOSTING, rounds: 10_000, maxLeaves: 31 }), { signal: stop.signal }),
  )
  await expect(fit).rejects.toThrow('not wanted')
  expect(phases).toContain('grow trees')
})
