import type { FastifyInstance } from 'fastify'
import { PlatformError } from '../base/errors.ts'
import { routeOptions } from '../wire/route.ts'
import { healthAnswer, modelParam, type ReadyAnswer, readyAnswer } from '../wire/state.ts'
import type { Serving } from './serving.ts'

/** `GET /health /ready /ready/{model}`. */
export function stateRoutes(app: FastifyInstance, serving: Serving): void {
  const health = routeOptions({
    tag: 'state',
    summary: 'Whether the process answers',
    query: 'any',
    answers: { 200: healthAnswer },
  })
  app.get('/health', health, async () => ({ status: 'ok' }))

  const ready = routeOptions({
    tag: 'state',
    summary: 'Whether predictions can be answered, else 503 with the reasons',
    description:
      'Ready while each model that had a version in Production answers with fresh features. What is wrong with the others is told under warnings.',
    answers: { 200: readyAnswer },
  })
  app.get('/ready', ready, () => readyOrRefused(serving))

  const readyOne = routeOptions({
    tag: 'state',
    summary: 'Whether one model answers, with fresh features, else 503 with the reasons',
    params: modelParam,
    answers: { 200: readyAnswer },
    errors: [404],
  })
  app.get<{ Params: { model: string } }>('/ready/:model', readyOne, ({ params }) =>
    readyOrRefused(serving, params.model),
  )
}

async function readyOrRefused(serving: Serving, model?: string): Promise<ReadyAnswer> {
  const { reasons, answer } = await serving.readiness(model)
  if (reasons.length === 0) return answer
  throw new PlatformError('unavailable', reasons.join('; '), { details: { reasons, warnings: answer.warnings } })
}
