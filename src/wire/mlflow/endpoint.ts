import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { mlflowError } from './errors.ts'
import { type Fields, fieldsOf } from './read.ts'

/** An answer that is JSON already. */
export class JsonText {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export type Endpoint = {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  /** The most bytes that a body may have, where the server's usual limit is too small. */
  bodyLimit?: number
  /** Takes the fields of query, body and path together; what it gives is the answer, unset fields left out. */
  run(fields: Fields): Promise<object>
}

/** Both are served: the first by clients, the second by MLflow's own pages. */
const BASES = ['/api/2.0/mlflow', '/ajax-api/2.0/mlflow']

/** A plugin of MLflow endpoints, with MLflow's error bodies. */
export function mlflowPlugin(endpoints: readonly Endpoint[]): FastifyPluginAsync {
  return async (app) => {
    answerErrorsAsMlflow(app)
    for (const base of BASES) {
      for (const { method, path, bodyLimit, run } of endpoints) {
        app.route({
          method,
          url: `${base}/${path}`,
          schema: { hide: true },
          bodyLimit,
          async handler(request, reply) {
            const fields = { ...fieldsOf(request.query), ...fieldsOf(request.body), ...fieldsOf(request.params) }
            const answer = await run(fields)
            return answer instanceof JsonText ? reply.type('application/json; charset=utf-8').send(answer.text) : answer
          },
        })
      }
    }
  }
}

/**
 * MLflow's client sends again up to seven times and waits this long each time; without the header it would wait up to
 * two minutes in all. So it stays with us for 70 s: a restart of PostgreSQL fails no training.
 */
const RETRY_AFTER_S = 10

export function answerErrorsAsMlflow(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    const { status, body } = mlflowError(error)
    if (status >= 500 && status !== 503) request.log.error({ err: error }, 'request failed')
    if (status === 503) reply.header('retry-after', RETRY_AFTER_S)
    return reply.code(status).send(body)
  })
}
