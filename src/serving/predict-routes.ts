import { setImmediate } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply, preValidationHookHandler } from 'fastify'
import type { KeyInput } from '../features/define/keys.ts'
import { exactJson } from '../wire/exact-json.ts'
import { type ExplainQuery, explainQuery } from '../wire/explanation.ts'
import { requireWithin } from '../wire/limits.ts'
import {
  batchMember,
  batchOf,
  batchRequest,
  type PredictionFields,
  predictionOf,
  predictRequest,
} from '../wire/predict.ts'
import { predictionJson } from '../wire/predict-json.ts'
import { longKeysAsText } from '../wire/predict-keys.ts'
import { routeOptions } from '../wire/route.ts'
import { SLICE_ROWS } from './predict.ts'
import type { Serving } from './serving.ts'

export const JSON_TYPE = 'application/json; charset=utf-8'

/** `POST {prefix}/predict` and `{prefix}/predict/batch` of one model. */
export function predictionRoutes(app: FastifyInstance, serving: Serving, name: string, prefix: string): void {
  const fields: PredictionFields = { name, ...serving.fieldsOf(name), says: serving.saysOf(name) }
  const { keys } = fields
  const single = keys.length === 1 ? keys[0]!.name : undefined
  const inputOf = (body: Record<string, unknown>): KeyInput =>
    single === undefined ? body : (body[single] as KeyInput)
  const preValidation: preValidationHookHandler = (request, _reply, done) => {
    request.body = longKeysAsText(request.body, keys)
    done()
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
    query: explainQuery,
    body: batchRequest(keys),
    answers: { 200: answer, 207: answer },
    errors: [404],
  })
  app.post<{ Body: Record<string, KeyInput[]>; Querystring: ExplainQuery }>(
    `${prefix}/predict/batch`,
    { ...many, preValidation, config: { ...many.config, model: name } },
    async ({ body, query }, reply) => {
      const explain = query.explain === 'true'
      const asked = body[batchMember(keys)] ?? []
      if (explain) requireWithin('explainKeys', asked.length, 'the list of keys to explain')
      return answerBatch(await serving.predictMany(name, asked, { explain }), reply)
    },
  )
}

async function answerBatch(results: Awaited<ReturnType<Serving['predictMany']>>, reply: FastifyReply) {
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
