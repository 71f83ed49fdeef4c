import { setImmediate } from 'node:timers/promises'
import type {} from '@fastify/swagger'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { KeyInput } from '../features/define/keys.ts'
import { exactJson, readBodiesExactly } from '../wire/exact-json.ts'
import { type ExplainQuery, explainQuery } from '../wire/explanation.ts'
import { type InvocationRequest, invocationRequest, rowsOfInvocation, valuesOfRows } from '../wire/invocations.ts'
import {
  batchMember,
  batchOf,
  batchRequest,
  invocationAnswerOf,
  type PredictionFields,
  predictionJson,
  predictionOf,
  predictRequest,
} from '../wire/predict.ts'
import { longKeysAsText } from '../wire/predict-keys.ts'
import { routeOptions } from '../wire/route.ts'
import { predictModels, type WhatIfRequest, whatIfJson, whatIfOf, whatIfRequest } from '../wire/what-if.ts'
import { type Serving, SLICE_ROWS } from './serving.ts'
import { stateRoutes } from './state-routes.ts'

const JSON_TYPE = 'application/json; charset=utf-8'
const NONE = { schema: { hide: true } }

/**
 * `GET /health /ready /ready/{model}`, `POST /models/{name}/predict /models/{name}/predict/batch
 * /models/{name}/invocations /models/{name}/what-if`, `GET /predict`, and `/predict /predict/batch` for the model that is meant without a name.
 */
export function servingRoutes(serving: Serving, models: readonly string[]): FastifyPluginAsync {
  return async (app) => {
    readBodiesExactly(app)
    stateRoutes(app, serving)
    for (const name of models) {
      predictionRoutes(app, serving, name, pathOf(name))
      invocationRoute(app, serving, name)
      whatIfRoute(app, serving, name)
    }
    predictableRoute(app, serving)
    for (const path of ['predict', 'predict/batch', 'invocations', 'what-if']) {
      app.post<{ Params: { name: string } }>(`/models/:name/${path}`, NONE, async (request) => {
        // Refuses, and names the models that there are.
        serving.serviceOf(request.params.name)
      })
    }
    const meant = serving.defaultModel()
    if (meant !== undefined) return predictionRoutes(app, serving, meant, '')
    for (const path of ['/predict', '/predict/batch']) {
      // Refuses, and names the routes of the models that there are.
      app.post(path, NONE, async () => serving.requireDefault((name) => `POST ${pathOf(name)}${path}`))
    }
  }
}

function pathOf(model: string): string {
  return `/models/${encodeURIComponent(model)}`
}

function predictionRoutes(app: FastifyInstance, serving: Serving, name: string, prefix: string): void {
  const fields: PredictionFields = { name, ...serving.fieldsOf(name), says: serving.saysOf(name) }
  const { keys } = fields
  const single = keys.length === 1 ? keys[0]!.name : undefined
  const inputOf = (body: Record<string, unknown>): KeyInput =>
    single === undefined ? body : (body[single] as KeyInput)
  const preValidation = async (request: FastifyRequest) => {
    request.body = longKeysAsText(request.body, keys)
  }
  const one = routeOptions({
    tag: 'predictions',
    summary: `Predict one entity with the live version of ${name}`,
    query: explainQuery,
    body: predictRequest(keys),
    answers: { 200: predictionOf(fields) },
    errors: [404],
  })
  app.post<{ Body: Record<string, unknown>; Querystring: ExplainQuery }>(
    `${prefix}/predict`,
    { ...one, preValidation, config: { model: name } },
    async (request, reply) => {
      const prediction = await serving.predict(name, inputOf(request.body), {
        explain: request.query.explain === 'true',
      })
      return reply.header('content-type', JSON_TYPE).send(predictionJson(prediction))
    },
  )

  const answer = batchOf(fields)
  const many = routeOptions({
    tag: 'predictions',
    summary: `Predict many entities with the live version of ${name}`,
    description: '200 when all were predicted; 207 when some were not, each named under errors.',
    body: batchRequest(keys),
    answers: { 200: answer, 207: answer },
    errors: [404],
  })
  app.post<{ Body: Record<string, KeyInput[]> }>(
    `${prefix}/predict/batch`,
    { ...many, preValidation, config: { ...many.config, model: name } },
    async (request, reply) => answerBatch(serving, name, request.body[batchMember(keys)] ?? [], reply),
  )
}

async function answerBatch(serving: Serving, name: string, keys: readonly KeyInput[], reply: FastifyReply) {
  const results = await serving.predictMany(name, keys)
  const predictions: string[] = []
  const errors: string[] = []
  for (const [i, result] of results.entries()) {
    if (i > 0 && i % SLICE_ROWS === 0) await setImmediate()
    if ('error' in result) {
      const { code, message, details } = result.error
      errors.push(exactJson({ key: result.key, error: code, detail: message, ...details }))
    } else predictions.push(predictionJson(result))
  }
  const failed = results.find((result) => 'error' in result)
  if (failed && predictions.length === 0) throw failed.error
  return reply
    .code(errors.length > 0 ? 207 : 200)
    .header('content-type', JSON_TYPE)
    .send(`{"predictions":[${predictions.join(',')}],"errors":[${errors.join(',')}]}`)
}

function invocationRoute(app: FastifyInstance, serving: Serving, name: string): void {
  const options = routeOptions({
    tag: 'predictions',
    summary: `Score the caller's own features with the live version of ${name} (MLflow's protocol)`,
    body: invocationRequest,
    valuesLimit: 'rowsBodyValues',
    answers: { 200: invocationAnswerOf(serving.saysOf(name)) },
    errors: [404],
  })
  app.post<{ Body: InvocationRequest }>(`${pathOf(name)}/invocations`, options, async (request) => {
    const rows = rowsOfInvocation(request.body)
    return { predictions: await serving.score(name, (inputs) => valuesOfRows(rows, inputs)) }
  })
}

function predictableRoute(app: FastifyInstance, serving: Serving): void {
  const options = routeOptions({
    tag: 'predictions',
    summary: 'What can be predicted: the models, with their keys, their features and the version that answers',
    answers: { 200: predictModels },
  })
  app.get('/predict', options, async () => ({ models: serving.predictable() }))
}

function whatIfRoute(app: FastifyInstance, serving: Serving, name: string): void {
  const fields: PredictionFields = { name, ...serving.fieldsOf(name), says: serving.saysOf(name) }
  const { keys } = fields
  const [only] = keys
  const options = routeOptions({
    tag: 'predictions',
    summary: `What ${name} says of an entity, and what it would say with other values, both explained`,
    description: 'Nothing is kept of it. Features are read as /invocations reads them.',
    body: whatIfRequest(keys),
    answers: { 200: whatIfOf(fields) },
    errors: [404],
  })
  const preValidation = async (request: FastifyRequest) => {
    const { body } = request
    const key = typeof body === 'object' && body !== null && 'key' in body ? body.key : undefined
    if (key !== undefined) request.body = { ...(body as object), key: longKeysAsText(key, keys) }
  }
  app.post<{ Body: WhatIfRequest }>(
    `${pathOf(name)}/what-if`,
    { ...options, preValidation },
    async (request, reply) => {
      const { key, features } = request.body
      const input = (keys.length === 1 && only ? key[only.name] : key) as KeyInput
      return reply.header('content-type', JSON_TYPE).send(whatIfJson(await serving.whatIf(name, input, features)))
    },
  )
}
