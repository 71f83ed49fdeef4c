import type {} from '@fastify/swagger'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { PlatformError } from '../base/errors.ts'
import type { KeyInput } from '../features/define/keys.ts'
import { exactJson, readBodiesExactly } from '../wire/exact-json.ts'
import { rowsOfInvocation, valuesOfRows } from '../wire/invocations.ts'
import { predictionJson, type ReadyAnswer } from '../wire/predict.ts'
import { longKeysAsText } from '../wire/predict-keys.ts'
import * as schemas from '../wire/predict-schemas.ts'
import { refusedRequest } from './refused-request.ts'
import type { Serving } from './serving.ts'

const JSON_TYPE = 'application/json; charset=utf-8'

/** Only for the document: an answer is written by predictionJson, an error by the server. */
const PROBLEMS = { 400: schemas.PROBLEM_SCHEMA, 404: schemas.PROBLEM_SCHEMA, 503: schemas.PROBLEM_SCHEMA }

/** `GET /health /ready /ready/{model}`, `POST /predict /predict/batch /models/{name}/predict /models/{name}/invocations`. */
export function servingRoutes(serving: Serving, models: readonly string[]): FastifyPluginAsync {
  return async (app) => {
    app.setSchemaErrorFormatter(refusedRequest)
    readBodiesExactly(app)
    stateRoutes(app, serving)
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

function stateRoutes(app: FastifyInstance, serving: Serving): void {
  app.get(
    '/health',
    {
      schema: {
        tags: ['state'],
        summary: 'Whether the process answers',
        response: { 200: schemas.HEALTH_ANSWER },
      },
    },
    async () => ({ status: 'ok' }),
  )
  app.get(
    '/ready',
    {
      schema: {
        tags: ['state'],
        summary: 'Whether predictions can be answered, else 503 with the reasons',
        description:
          'Ready while each model that had a version in Production answers with fresh features. What is wrong with the others is told under warnings.',
        querystring: schemas.NO_QUERY,
        response: { 200: schemas.READY_ANSWER, 503: schemas.PROBLEM_SCHEMA },
      },
    },
    () => readyOrRefused(serving),
  )
  app.get<{ Params: { model: string } }>(
    '/ready/:model',
    {
      schema: {
        tags: ['state'],
        summary: 'Whether one model answers, with fresh features, else 503 with the reasons',
        params: schemas.MODEL_PARAM,
        querystring: schemas.NO_QUERY,
        response: { 200: schemas.READY_ANSWER, 404: schemas.PROBLEM_SCHEMA, 503: schemas.PROBLEM_SCHEMA },
      },
    },
    ({ params }) => readyOrRefused(serving, params.model),
  )
}

async function readyOrRefused(serving: Serving, model?: string): Promise<ReadyAnswer> {
  const { reasons, answer } = await serving.readiness(model)
  if (reasons.length === 0) return answer
  throw new PlatformError('unavailable', reasons.join('; '), { details: { reasons, warnings: answer.warnings } })
}

function predictionRoutes(app: FastifyInstance, serving: Serving, name: string, prefix: string): void {
  const fields = serving.serviceOf(name)
  const { keys } = fields
  const single = keys.length === 1 ? keys[0]!.name : undefined
  const inputOf = (body: Record<string, unknown>): KeyInput =>
    single === undefined ? body : (body[single] as KeyInput)
  const exactKeys = async (request: FastifyRequest) => {
    request.body = longKeysAsText(request.body, keys)
  }
  app.post<{ Body: Record<string, unknown> }>(
    `${prefix}/predict`,
    {
      preValidation: exactKeys,
      schema: {
        tags: ['predictions'],
        summary: `Predict one entity with the live version of ${name}`,
        querystring: schemas.NO_QUERY,
        body: schemas.keySchema(keys),
        response: { 200: schemas.predictionSchema(fields), ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const prediction = await serving.predict(name, inputOf(request.body))
      return reply.header('content-type', JSON_TYPE).send(predictionJson(prediction))
    },
  )
  const answer = schemas.batchAnswerSchema(fields)
  app.post<{ Body: Record<string, KeyInput[]> }>(
    `${prefix}/predict/batch`,
    {
      preValidation: exactKeys,
      schema: {
        tags: ['predictions'],
        summary: `Predict many entities with the live version of ${name}`,
        description: '200 when all were predicted; 207 when some were not, each named under errors.',
        querystring: schemas.NO_QUERY,
        body: schemas.batchSchema(keys),
        response: { 200: answer, 207: answer, ...PROBLEMS },
      },
    },
    async (request, reply) => answerBatch(serving, name, request.body[schemas.batchMember(keys)] ?? [], reply),
  )
}

async function answerBatch(serving: Serving, name: string, keys: readonly KeyInput[], reply: FastifyReply) {
  const results = await serving.predictMany(name, keys)
  const predictions: string[] = []
  const errors: string[] = []
  for (const result of results) {
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
  const { features } = serving.serviceOf(name)
  app.post(
    `/models/${encodeURIComponent(name)}/invocations`,
    {
      schema: {
        tags: ['predictions'],
        summary: `Score the caller's own features with the live version of ${name} (MLflow's protocol)`,
        querystring: schemas.NO_QUERY,
        body: schemas.invocationSchema(features),
        response: { 200: schemas.INVOCATION_ANSWER, ...PROBLEMS },
      },
      config: { valuesLimit: 'rowsBodyValues' },
    },
    async (request) => {
      const rows = rowsOfInvocation(request.body)
      return { predictions: await serving.score(name, (inputs) => valuesOfRows(rows, inputs)) }
    },
  )
}
