import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import type { ServiceDefinition } from '../../src/features/define/definitions.ts'
import { type KeyInput, keyValues } from '../../src/features/define/keys.ts'
import { createServer } from '../../src/http/server.ts'
import { servingRoutes } from '../../src/serving/routes.ts'
import type { Serving } from '../../src/serving/serving.ts'
import type { Prediction } from '../../src/wire/predict.ts'

/** The routes of a model with Int64 keys; of the rooms behind them only what reads the key. */
const BIG = '9007199254740993'

const service = (keys: ServiceDefinition['keys']): ServiceDefinition => {
  return { name: 's', keys, request: [], views: [], stored: [], onDemand: [], features: [] }
}
const SERVICES: Record<string, ServiceDefinition> = {
  one: service([{ name: 'num', type: 'Int64' }]),
  two: service([
    { name: 'a', type: 'Int64' },
    { name: 'b', type: 'String' },
  ]),
  day: service([{ name: 'day', type: 'Date' }]),
}

function predicted(name: string, key: KeyInput): Prediction {
  const { keys } = SERVICES[name] as ServiceDefinition
  const values = keyValues(keys, key)
  return {
    keys: keys.map((k, i) => ({ name: k.name, value: values[i] ?? null })),
    said: { prediction: 0, probability: 0.5 },
    features: { names: ['n'], values: [BigInt(BIG)] },
    model: { name, version: '1', run_id: '', arm: 'champion' },
    times: { views: [], at: [] },
    featuresAsOf: null,
  }
}

let app: FastifyInstance
beforeAll(async () => {
  const serving = {
    serviceOf: (name: string) => SERVICES[name],
    fieldsOf: (name: string) => SERVICES[name],
    saysOf: () => ({ kind: 'binary', labels: 'flag' }),
    defaultModel: () => undefined,
    predict: async (name: string, key: KeyInput) => predicted(name, key),
    predictMany: async (name: string, keys: KeyInput[]) => keys.map((key) => predicted(name, key)),
  } as unknown as Serving
  const routes = [servingRoutes(serving, Object.keys(SERVICES))]
  const options = { host: '127.0.0.1', port: 0, token: null, log: silentLog, version: '0' }
  app = (await createServer({ routes, ...options })).app
})
afterAll(() => app.close())

async function post(path: string, payload: string): Promise<[number, string]> {
  const headers = { 'content-type': 'application/json' }
  const { statusCode, body } = await app.inject({ method: 'POST', url: path, headers, payload })
  return [statusCode, body]
}

describe('B9: an Int64 key beyond 2^53', () => {
  test.each([BIG, `"${BIG}"`, ` ${BIG} `])('is taken as %s, and answered with every digit', async (key) => {
    const [status, body] = await post('/models/one/predict', `{"num":${key}}`)
    expect([status, body]).toEqual([200, expect.stringContaining(`{"num":${BIG},"prediction"`)])
    expect(body).toContain(`"features_used":{"n":${BIG}}`)
    const [batchStatus, batch] = await post('/models/one/predict/batch', `{"nums":[${key},12]}`)
    expect(batchStatus).toBe(200)
    expect(batch).toContain(`{"num":${BIG},`)
    expect(batch).toContain('{"num":12,')
  })

  test('is taken as a part of a composite key, alone and in a batch', async () => {
    for (const key of [BIG, `"${BIG}"`]) {
      const [status, body] = await post('/models/two/predict', `{"a":${key},"b":"x"}`)
      expect([status, body]).toEqual([200, expect.stringContaining(`{"a":${BIG},"b":"x",`)])
      expect((await post('/models/two/predict/batch', `{"keys":[{"a":${key},"b":"x"}]}`))[1]).toContain(`{"a":${BIG},`)
    }
  })

  test('is no text where a text key is', async () => {
    expect((await post('/models/two/predict', `{"a":1,"b":${BIG}}`))[0]).toBe(400)
    expect((await post('/models/two/predict', '{"a":1,"b":5}'))[0]).toBe(400)
  })

  test.each(['9223372036854775808', '9.007199254740993e15', '1.5', '"x"', 'true', 'null', '[1]'])(
    'is refused as %s',
    async (key) => {
      const [status, body] = await post('/models/one/predict', `{"num":${key}}`)
      expect([status, body]).toEqual([400, expect.stringContaining('"error":"invalid_argument"')])
    },
  )
})

test('a key of another type is taken in its JSON form', async () => {
  expect((await post('/models/day/predict', '{"day":"2024-01-31"}'))[1]).toContain('{"day":"2024-01-31",')
})
