import { expect, test } from 'vitest'
import { learner } from '../../src/config/learner-shapes.ts'
import type { TrainingColumn } from '../../src/features/offline/read-training-set.ts'
import { runFitJob } from '../../src/training/fit-job.ts'
import { targetOf, weightsOf } from '../../src/training/targets.ts'
import type { ValueType } from '../../src/values/values.ts'

const NOTHING = { predicts: null, positive: null }

function column(type: ValueType, values: readonly (string | number | null)[]): TrainingColumn {
  const valid = Uint8Array.from(values, (value) => (value === null ? 0 : 1))
  if (type === 'String') return { type, valid, values: values.map((value) => String(value ?? '')) }
  return { type, valid, values: Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value))) }
}

test('labels become numbers of classes, in the order of their values, and the positive one of two is 1', () => {
  expect(targetOf('y', column('Bool', [0, 1, 1]), NOTHING)).toEqual({
    target: { kind: 'binary', labels: Uint8Array.of(0, 1, 1) },
    classes: [0, 1],
  })
  expect(targetOf('y', column('String', ['b', 'a', 'b']), { predicts: null, positive: 'a' })).toEqual({
    target: { kind: 'binary', labels: Uint8Array.of(0, 1, 0) },
    classes: ['b', 'a'],
  })
  expect(targetOf('y', column('Int64', [10, -2, 9]), { predicts: 'multiclass', positive: null })).toEqual({
    target: { kind: 'multiclass', classes: 3, labels: Uint8Array.of(2, 0, 1) },
    classes: [-2, 9, 10],
  })
  expect(targetOf('y', column('Float32', [0, 1, 0]), { predicts: 'binary', positive: null }).target.kind).toBe('binary')
  const numbers = targetOf('y', column('Float64', [0.5, 3]), NOTHING).target
  expect(numbers).toEqual({ kind: 'regression', values: Float64Array.of(0.5, 3) })
})

test('what cannot be learned is refused with its row, or with its values', () => {
  const attempt =
    (type: ValueType, values: readonly (string | number | null)[], change = {}) =>
    () =>
      targetOf('y', column(type, values), { ...NOTHING, ...change })
  expect(attempt('Bool', [1, null])).toThrow('label y is null in row 2')
  expect(attempt('Int64', [0, 2])).toThrow('label y is 2 in row 2; it must be 0 or 1')
  expect(attempt('Float64', [1, Infinity])).toThrow('label y is Infinity in row 2; it must be a finite number')
  expect(attempt('Float64', [0, 1])).toThrow("state predicts: 'binary' or 'regression'")
  expect(attempt('Float64', [0, 1], { predicts: 'regression' })).not.toThrow()
  expect(attempt('String', ['a', 'b', 'c'], { positive: 'a' })).toThrow(
    'label y has 3 values: "a", "b", "c"; two outcomes',
  )
  expect(attempt('String', ['a', 'b'], { positive: 'c' })).toThrow('label y has 2 values')
  expect(attempt('Int64', [1, 2 ** 53], { predicts: 'multiclass' })).toThrow(
    'a class is a text or a whole number up to 2^53',
  )
  const many = Array.from({ length: 256 }, (_, i) => `c${i}`)
  expect(attempt('String', many)).toThrow('label y has 256 values, and a model tells at most 255 classes apart')
  expect(attempt('String', many.slice(1))).not.toThrow()
})

test('a weight is a finite number above 0; null and any other value is refused with its row, whose it is, and the value', () => {
  const of = (value: number | null) => () => weightsOf('w', column('Float64', [1, value]), (r) => `u${r} at T`)
  expect(of(2.5)()).toEqual(Float64Array.of(1, 2.5))
  expect(of(null)).toThrow('weight w is null in row 2 (u1 at T); a weight is a finite number above 0')
  for (const wrong of [0, -1, Infinity]) expect(of(wrong), String(wrong)).toThrow(`weight w is ${wrong} in row 2`)
})

test('a class that only the measuring rows have is refused, with the way out', async () => {
  const rows = 400
  const t = (r: number) => `2024-0${r < 300 ? 1 : 2}-01T00:00:00.000000Z`
  const every = <T>(of: (r: number) => T) => Array.from({ length: rows }, (_, r) => of(r))
  const columns = new Map<string, TrainingColumn>([
    [
      'id',
      column(
        'String',
        every((r) => `u${r}`),
      ),
    ],
    ['event_timestamp', { ...column('String', every(t)), type: 'UnixTimestamp' }],
    [
      'x',
      column(
        'Float64',
        every((r) => r % 7),
      ),
    ],
    [
      'y',
      column(
        'String',
        every((r) => (r === 399 ? 'new' : r % 7 > 3 ? 'a' : 'b')),
      ),
    ],
  ])
  const definition = {
    ...{ ...NOTHING, learner: learner.parse({ kind: 'random_forest', trees: 2 }), threshold: null, segments: null },
    split: { by: 'time', testShare: 0.25, seed: 1, stratify: null, holdOut: 0 },
    calibration: 'none',
  } as const
  const job = {
    data: { rows, columns },
    served: null,
    features: ['x'],
    label: 'y',
    weight: null,
    champion: null,
    threads: 0,
  }
  await expect(runFitJob({ ...job, definition })).rejects.toThrow(
    'of the rows that are learned from (split by time) none is of the class "new"',
  )
})
