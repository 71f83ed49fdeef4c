import type {} from '@fastify/swagger'
import type { FastifyPluginAsync, FastifyReply } from 'fastify'
import { PlatformError } from '../base/errors.ts'
import type { KeyInput } from '../features/keys.ts'
import { rowsOfInvocation, valuesOfRows } from '../wire/invocations.ts'
import {
  batchMember,
  batchSchema,
  keySchema,
  PROBLEM_SCHEMA,
  predictionJson,
  predictionSchema,
} from '../wire/predict.ts'
import type { Serving } from './serving.ts'

const JSON_TYPE = 'application/json; charset=utf-8'

/** Only for the document: an answer is written by predictionJson, an error by the server. */
const PROBLEMS = { 400: PROBLEM_SCHEMA, 404: PROBLEM_SCHEMA, 503: PROBLEM_SCHEMA }

/** `GET /health /ready`, `POST /predict /predict/batch /models/{name}/predict /models/{name}/invocations`. */
export function servingRoutes(serving: Serving, models: readonly string[]): FastifyPluginAsync {
  return async (app) => {
    app.get('/health', { schema: { tags: ['state'], summary: 'Whether the process answers' } }, async () => {
      return { status: 'ok' }
    })
    app.get(
      '/ready',
      { schema: { tags: ['state'], summary: 'Whether predictions can be answered, else 503 with the reasons' } },
      async () => {
        const reasons = await serving.unreadiness()
        if (reasons.length > 0) throw new PlatformError('unavailable', reasons.join('; '), { details: { reasons } })
        return { status: 'ready' }
      },
    )
    const [first] = models
    if (first !== undefined) predictionRoutes(app, serving, first, '')
    for (const name of models) {
      predictionRoutes(app, serving, name, `/models/${encodeURIComponent(name)}`)
      invocationRoute(app, serving, name)
    }
    for (const path of ['predict', 'predict/batch', 'invocations']) {
      app.post<{ Params: { name: string } }>(`/models/:name/${path}`, { schema: { hide: true } }, async (request) => {
        // Refuses, and names the models that there are.
        serving.serviceOf(request.params.name)
      })
    }
  }
}

function predictionRoutes(app: Parameters<FastifyPluginAsync>[0], serving: Serving, name: string, prefix: string) {
  const { keys } = serving.serviceOf(name)
  const single = keys.length === 1 ? keys[0]!.name : undefined
  const inputOf = (body: Record<string, unknown>): KeyInput =>
    single === undefined ? body : (body[single] as KeyInput)
  app.post<{ Body: Record<string, unknown> }>(
    `${prefix}/predict`,
    {
      schema: {
        tags: ['predictions'],
        summary: `Predict one entity with the live version of ${name}`,
        body: keySchema(keys),
        response: { 200: predictionSchema(keys), ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const prediction = await serving.predict(name, inputOf(request.body))
      return reply.header('content-type', JSON_TYPE).send(predictionJson(prediction))
    },
  )
  app.post<{ Body: Record<string, KeyInput[]> }>(
    `${prefix}/predict/batch`,
    {
      schema: {
        tags: ['predictions'],
        summary: `Predict many entities with the live version of ${name}`,
        description: '200 when all were predicted; 207 when some were not, each named under errors.',
        body: batchSchema(keys),
        response: { 200: batchAnswerSchema(keys), 207: batchAnswerSchema(keys), ...PROBLEMS },
      },
    },
    async (request, reply) => answerBatch(serving, name, request.body[batchMember(keys)] ?? [], reply),
  )
}

async function answerBatch(serving: Serving, name: string, keys: readonly KeyInput[], reply: FastifyReply) {
  const results = await serving.predictMany(name, keys)
  const predictions: string[] = []
  const errors: string[] = []
  for (const result of results) {
    if ('error' in result) {
      const { code, message, details } = result.error
      errors.push(JSON.stringify({ key: result.key, error: code, detail: message, ...details }))
    } else predictions.push(predictionJson(result))
  }
  const failed = results.find((result) => 'error' in result)
  if (failed && predictions.length === 0) throw failed.error
  return reply
    .code(errors.length > 0 ? 207 : 200)
    .header('content-type', JSON_TYPE)
    .send(`{"predictions":[${predictions.join(',')}],"errors":[${errors.join(',')}]}`)
}

function invocationRoute(app: Parameters<FastifyPluginAsync>[0], serving: Serving, name: string) {
  app.post(
    `/models/${encodeURIComponent(name)}/invocations`,
    {
      schema: {
        tags: ['predictions'],
        summary: `Score the caller's own features with the live version of ${name} (MLflow's protocol)`,
        body: { type: 'object', description: 'One of dataframe_split, dataframe_records, instances, inputs.' },
      },
    },
    async (request) => {
      const rows = rowsOfInvocation(request.body)
      return { predictions: serving.score(name, (inputs) => valuesOfRows(rows, inputs)) }
    },
  )
}

function batchAnswerSchema(keys: Parameters<typeof predictionSchema>[0]) {
  return {
    type: 'object',
    properties: {
      predictions: { type: 'array', items: predictionSchema(keys) },
      errors: { type: 'array', items: { type: 'object', additionalProperties: true } },
    },
  }
}
