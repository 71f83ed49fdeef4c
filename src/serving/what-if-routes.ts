import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { KeyInput } from '../features/define/keys.ts'
import type { PredictionFields } from '../wire/predict.ts'
import { longKeysAsText } from '../wire/predict-keys.ts'
import { routeOptions } from '../wire/route.ts'
import { type WhatIfRequest, whatIfJson, whatIfOf, whatIfRequest } from '../wire/what-if.ts'
import { JSON_TYPE } from './predict-routes.ts'
import type { Serving } from './serving.ts'

/** `POST {prefix}/what-if`. */
export function whatIfRoute(app: FastifyInstance, serving: Serving, name: string, prefix: string): void {
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
    `${prefix}/what-if`,
    { ...options, preValidation, config: { ...options.config, model: name } },
    async (request, reply) => {
      const { key, features } = request.body
      const input = (keys.length === 1 && only ? key[only.name] : key) as KeyInput
      return reply.header('content-type', JSON_TYPE).send(whatIfJson(await serving.whatIf(name, input, features)))
    },
  )
}
