import { beforeEach, expect, test } from 'vitest'
import { PlatformError } from '../../src/base/errors.ts'
import { withRequestId } from '../../src/base/request-id.ts'
import type { ServiceDefinition } from '../../src/features/define/definitions.ts'
import type { EntityKey } from '../../src/features/define/keys.ts'
import { createModel } from '../../src/ml/model/model-file.ts'
import { yesOrNo } from '../../src/ml/model/outcome.ts'
import type { Answered } from '../../src/serving/answered.ts'
import { routeOf } from '../../src/serving/arms/route.ts'
import type { LiveModel } from '../../src/serving/live-model.ts'
import { createPredict, type PredictDeps } from '../../src/serving/predict.ts'

/** A model of one number that goes through a logistic curve; the store answers when a test lets it. */
const service: ServiceDefinition = {
  name: 's',
  keys: [{ name: 'user', type: 'String' }],
  request: [],
  views: [],
  stored: [],
  onDemand: [],
  features: [],
}
const model = createModel({
  label: 'y',
  outcome: yesOrNo(0.5),
  encoder: {
    inputs: [{ name: 'n', type: 'Float64', nullable: false }],
    columns: [{ kind: 'numeric', input: 'n' }],
  },
  learned: forestOfOneLeaf(),
})
const live = {
  name: 'm',
  version: '3',
  runId: 'r',
  model,
  keyNames: ['user'],
  featureNames: ['n'],
  inputs: model.encoder.spec.inputs,
  source: 'here',
} as LiveModel

type Read = { keys: readonly EntityKey[]; answer(): void; fail(error: Error): void }
let reads: Read[]
let told: Answered[]
let predict: ReturnType<typeof createPredict>

beforeEach(() => {
  reads = []
  told = []
  predict = createPredict({
    serviceOf: () => service,
    models: { route: () => routeOf(live), problem: () => undefined },
    clock: { nowMs: () => 0 },
    events: { predicted: () => {}, stage: () => {}, answered: (rows: readonly Answered[]) => void told.push(...rows) },
    lastKnown: {
      read: (_: string, __: string, keys: readonly EntityKey[]) =>
        new Promise((resolve, reject) => {
          reads.push({ keys, answer: () => resolve(keys.map(([user]) => rowOf(user!))), fail: reject })
        }),
    },
    features: {
      refusal: (_: string, __: unknown, row: { found: boolean }) =>
        row.found ? undefined : new PlatformError('not_found', 'unknown'),
    },
  } as unknown as PredictDeps)
})

function rowOf(user: string) {
  return {
    found: user !== 'nobody',
    values: [user.length],
    statuses: ['PRESENT'],
    eventTimestamps: [null],
    viewTimes: [],
  }
}

function forestOfOneLeaf() {
  const trees = { trees: 1, columns: 1, roots: Uint32Array.of(0), feature: Int16Array.of(-1), right: Uint32Array.of(0) }
  const forest = { ...trees, value: Float64Array.of(0.75), missingLeft: Uint8Array.of(0), cover: null }
  return {
    kind: 'random_forest',
    forest: { ...forest, link: 'share', outputs: 1, leaves: new Float64Array(0) },
  } as const
}

/** Lets everything go on that waits for nothing outside. */
const settle = () => new Promise((done) => setImmediate(done))

test('a lone caller’s key is read at once; those that come meanwhile are read by one query, each with its own answer', async () => {
  const first = predict.predict('m', 'a')
  const rest = Array.from({ length: 40 }, (_, i) => predict.predict('m', `user${i}`))
  await settle()
  expect(reads.map(({ keys }) => keys.length)).toEqual([1, 8])
  reads[0]!.answer()
  expect((await first).keys).toEqual([{ name: 'user', value: 'a' }])
  await settle()
  expect(reads.map(({ keys }) => keys.length)).toEqual([1, 8, 32])
  for (const read of reads.slice(1)) read.answer()
  const answers = await Promise.all(rest)
  expect(answers.map(({ keys }) => keys[0]?.value)).toEqual(Array.from({ length: 40 }, (_, i) => `user${i}`))
})

test('a key that is refused, or can be none, refuses only itself', async () => {
  const bad = predict.predict('m', 7)
  const wait = predict.predict('m', 'a')
  const nobody = predict.predict('m', 'nobody')
  const known = predict.predict('m', 'known')
  await expect(bad).rejects.toThrow("'user' must be a string")
  await settle()
  reads[0]!.answer()
  await wait
  await settle()
  expect(reads[1]!.keys).toEqual([['nobody'], ['known']])
  reads[1]!.answer()
  await expect(nobody).rejects.toMatchObject({ code: 'not_found' })
  expect((await known).said).toEqual({ prediction: 1, probability: 0.75 })
})

test('a read that fails refuses all that waited for it, and the next is read anew', async () => {
  const both = [predict.predict('m', 'a'), predict.predict('m', 'b')]
  await settle()
  reads[0]!.fail(new PlatformError('unavailable', 'away'))
  await expect(both[0]).rejects.toMatchObject({ code: 'unavailable' })
  await settle()
  reads[1]!.answer()
  expect((await both[1]!).features.values).toEqual([1])
})

test('each answer is told with the id of its own request, whoever it was read together with', async () => {
  const asked = ['a', 'b', 'c'].map((user) => withRequestId(`id-${user}`, () => predict.predict('m', user)))
  await settle()
  reads[0]!.answer()
  await settle()
  reads[1]!.answer()
  await Promise.all(asked)
  expect(told.map(({ requestId, keys }) => [requestId, ...keys])).toEqual([
    ['id-a', 'a'],
    ['id-b', 'b'],
    ['id-c', 'c'],
  ])
})
