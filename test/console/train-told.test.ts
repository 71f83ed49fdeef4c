import { expect, test } from 'vitest'
import { commandOf } from '../../console/pages/train/command.ts'
import { lossLines, toldOf } from '../../console/pages/train/told.ts'

test('what events tell of one training: its step, how far it is, and the loss, which stays when a phase has none', () => {
  const progress = { type: 'progress', run: 'a', step: 'fit', phase: 'grow trees', done: 3, total: 10 }
  const curves = [{ of: 'valid' as const, rounds: [1, 2], losses: [0.7, 0.6] }]
  let told = toldOf({}, { ...progress, run: 'b' }, 'a')
  expect(told).toEqual({})
  told = toldOf(told, { ...progress, curves }, 'a')
  expect(told).toEqual({ step: 'fit', phase: 'grow trees', done: 3, total: 10, curves })
  told = toldOf(told, { type: 'step', run: 'a', step: 'log run', state: 'running' }, 'a')
  expect(told).toEqual({ step: 'log run', curves })
  // A page that is opened later hears it with the state.
  expect(toldOf({}, { type: 'state', progress: [{ ...progress, curves }] }, 'a')).toMatchObject({ done: 3, curves })
})

test('both curves stand over the rounds of either', () => {
  expect(
    lossLines([
      { of: 'train', rounds: [1, 4], losses: [5, 6] },
      { of: 'valid', rounds: [1, 2], losses: [7, 8] },
    ]),
  ).toEqual({
    x: [1, 2, 4],
    lines: [
      { of: 'train', values: [5, undefined, 6] },
      { of: 'valid', values: [7, 8, undefined] },
    ],
  })
})

test('the command has what was filled in, quoted for a shell', () => {
  expect(commandOf({ model: 'churn', as_of: '2024-01-31' })).toBe('weir train churn --as-of 2024-01-31')
  expect(commandOf({ model: "o'neil x", as_of: '2024-01-31', from: '2023-12-31', reuse: true })).toBe(
    "weir train 'o'\\''neil x' --as-of 2024-01-31 --from 2023-12-31 --reuse",
  )
})
