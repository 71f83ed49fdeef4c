import { expect, test } from 'vitest'
import type { Prediction } from '../../src/wire/predict.ts'
import { predictionJson } from '../../src/wire/predict-json.ts'

const answer: Prediction = {
  keys: [
    { name: 'a"b', value: 'x"y' },
    { name: 'n', value: 9007199254740993n },
  ],
  said: {
    prediction: 'yes',
    probability: 0.1,
    probabilities: [
      ['no"', 0.9],
      ['yes', 0.1],
    ],
  },
  features: { names: ['f', 'g"', 'h', 'i', 'j'], values: [1.5, null, true, -0, 'ü\n'] },
  model: { name: 'm', version: '1', run_id: 'r', arm: 'champion' },
  times: { views: ['v', 'w'], at: ['2024-01-31T00:00:00.120000Z', null] },
  featuresAsOf: '2024-01-31T00:00:00.000000Z',
}

/** What JSON.stringify makes of the same members in the same order. */
const TEXT =
  '{"a\\"b":"x\\"y","n":9007199254740993,"prediction":"yes","probability":0.1,"probabilities":{"no\\"":0.9,"yes":0.1},' +
  '"features_used":{"f":1.5,"g\\"":null,"h":true,"i":0,"j":"ü\\n"},"model":{"name":"m","version":"1","run_id":"r","arm":"champion"},' +
  '"feature_times":{"v":"2024-01-31T00:00:00.12Z","w":null},"features_as_of":"2024-01-31T00:00:00Z"}'

test('an answer is written from pieces that are made once, to the byte as JSON.stringify writes it', () => {
  expect(predictionJson(answer)).toBe(TEXT)
  expect(predictionJson(answer)).toBe(TEXT)
})

test('versions with other names, one after the other, are each written with their own', () => {
  const other = { ...answer, features: { names: ['z'], values: [2] }, model: { ...answer.model, version: '2' } }
  const text = predictionJson(other)
  expect(text).toContain('"features_used":{"z":2},"model":{"name":"m","version":"2","run_id":"r","arm":"champion"}')
  expect(predictionJson(answer)).toBe(TEXT)
  const none = { ...answer, features: { names: [], values: [] }, times: { views: [], at: [] } }
  expect(JSON.parse(predictionJson(none))).toMatchObject({ features_used: {}, feature_times: {} })
})
