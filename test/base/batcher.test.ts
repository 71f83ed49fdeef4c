import { expect, test } from 'vitest'
import { createBatcher } from '../../src/base/batcher.ts'

const LIMITS = { maxInFlight: 1, what: 'the store', limitMs: 60_000 }

/** A query that answers when it is told to. */
function heldQuery() {
  const sent: { keys: readonly number[]; answer(): void; fail(error: Error): void }[] = []
  const run = (keys: readonly number[]) =>
    new Promise<number[]>((resolve, reject) => {
      sent.push({ keys, answer: () => resolve(keys.map((key) => key * 10)), fail: reject })
    })
  return { sent, run }
}

test('a lone call goes out at once', async () => {
  const { sent, run } = heldQuery()
  const get = createBatcher(run, { ...LIMITS, maxKeys: 10 })
  const answer = get([1])
  expect(sent.map((query) => query.keys)).toEqual([[1]])
  sent[0]?.answer()
  expect(await answer).toEqual([10])
})

test('calls that wait share the next query, and each gets its own part', async () => {
  const { sent, run } = heldQuery()
  const get = createBatcher(run, { ...LIMITS, maxKeys: 10 })
  const answers = [get([1]), get([2, 3]), get([]), get([4])]
  sent[0]?.answer()
  await answers[0]
  expect(sent.map((query) => query.keys)).toEqual([[1], [2, 3, 4]])
  sent[1]?.answer()
  expect(await Promise.all(answers)).toEqual([[10], [20, 30], [], [40]])
})

test('a batch has at most its number of keys, but a larger group is not cut', async () => {
  const { sent, run } = heldQuery()
  const get = createBatcher(run, { ...LIMITS, maxKeys: 2 })
  const answers = [get([0]), get([1, 2, 3]), get([4]), get([5]), get([6])]
  for (let i = 0; i < 4; i++) {
    sent[i]?.answer()
    await Promise.resolve()
    await answers[i]
  }
  expect(await Promise.all(answers)).toHaveLength(5)
  expect(sent.map((query) => query.keys)).toEqual([[0], [1, 2, 3], [4, 5], [6]])
})

test('a failed query fails those who shared it, and nobody else', async () => {
  const { sent, run } = heldQuery()
  const get = createBatcher(run, { ...LIMITS, maxKeys: 10 })
  const first = get([1])
  const second = get([2])
  sent[0]?.fail(new Error('gone'))
  await expect(first).rejects.toThrow('gone')
  sent[1]?.answer()
  expect(await second).toEqual([20])
})

test('X11: a query that is never answered gives its place back, and its callers are told', async () => {
  const { sent, run } = heldQuery()
  const get = createBatcher(run, { ...LIMITS, maxKeys: 10, limitMs: 20 })
  const lost = get([1])
  const next = get([2])
  await expect(lost).rejects.toMatchObject({ code: 'unavailable', message: 'the store did not answer within 20 ms' })
  expect(sent).toHaveLength(2)
  sent[1]?.answer()
  expect(await next).toEqual([20])
})

test('beside a query that is under way the next one goes with no fewer keys than asked, and alone with any', async () => {
  const { sent, run } = heldQuery()
  const get = createBatcher(run, { ...LIMITS, maxInFlight: 2, besideMin: 3, maxKeys: 10 })
  const answers = [get([1]), get([2]), get([3])]
  expect(sent.map((query) => query.keys)).toEqual([[1]])
  answers.push(get([4]), get([5]))
  expect(sent.map((query) => query.keys)).toEqual([[1], [2, 3, 4]])
  sent[0]?.answer()
  await answers[0]
  // The other is still under way.
  expect(sent).toHaveLength(2)
  sent[1]?.answer()
  await answers[1]
  expect(sent.map((query) => query.keys)).toEqual([[1], [2, 3, 4], [5]])
  sent[2]?.answer()
  expect(await Promise.all(answers)).toEqual([[10], [20], [30], [40], [50]])
})
