import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { callerName } from '../wire/caller.ts'
import { readBodiesExactly } from '../wire/exact-json.ts'
import { textOrStream } from '../wire/json-stream.ts'
import { mlflowError } from './errors.ts'
import { type Fields, fieldsOf } from './read.ts'

/** An answer that may be long: JSON in pieces (wire/json-stream.ts). */
export class JsonPieces {
  readonly pieces: AsyncGenerator<string>
  constructor(pieces: AsyncGenerator<string>) {
    this.pieces = pieces
  }
}

export type Endpoint = {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  /** Of MLflow's API, `2.0` where nothing else is said. */
  versions?: readonly ('2.0' | '3.0')[]
  /** The most bytes that a body may have, where the server's usual limit is too small. */
  bodyLimit?: number
  /**
   * Takes the fields of the query (GET) or body (all others) and path together; what it gives is the answer, unset fields
   * left out.
   */
  run(fields: Fields, caller: Caller): Promise<object>
}

/** Who calls, by the caller's own words: one token is everybody's, and the name that Basic sends with it is not checked. */
export type Caller = { actor: string }

/** Both are served: the first by clients, the second by MLflow's own pages. */
const BASES = ['/api', '/ajax-api']

/** A plugin of MLflow endpoints, with MLflow's error bodies. */
export function mlflowPlugin(endpoints: readonly Endpoint[]): FastifyPluginAsync {
  return async (app) => {
    answerErrorsAsMlflow(app)
    readBodiesExactly(app)
    for (const { method, path, versions = ['2.0'], bodyLimit, run } of endpoints) {
      for (const base of BASES.flatMap((start) => versions.map((version) => `${start}/${version}/mlflow`))) {
        app.route({
          method,
          url: `${base}/${path}`,
          schema: { hide: true },
          bodyLimit,
          async handler(request, reply) {
            // A write takes nothing from its address: any page can make a browser ask for one.
            const given = fieldsOf(method === 'GET' ? request.query : request.body)
            const fields = { ...given, ...fieldsOf(request.params) }
            const caller = { actor: callerName(request.headers, 'mlflow-api') }
            const answer = await run(fields, caller)
            if (isDeletion(method, path)) request.log.info({ ...caller, call: path, ...namesOf(fields) }, 'deleted')
            if (!(answer instanceof JsonPieces)) return answer
            const json = await textOrStream(answer.pieces)
            return reply.type('application/json; charset=utf-8').send(json)
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

function isDeletion(method: string, path: string): boolean {
  return method === 'DELETE' || path.endsWith('/delete')
}

/** What a deletion was of, for the log. */
function namesOf(fields: Fields): Fields {
  const names = ['experiment_id', 'run_id', 'model_id', 'name', 'version', 'alias', 'key', 'tag_key']
  return Object.fromEntries(
    names.flatMap((n) => (fields[n] === undefined ? [] : [[n, String(fields[n]).slice(0, 100)]])),
  )
}

export function answerErrorsAsMlflow(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    const { status, body } = mlflowError(error)
    // Who breaks off while an answer is written is no fault of ours.
    const isBroken = reply.raw.destroyed
    if (status >= 500 && status !== 503 && !isBroken) request.log.error({ err: error }, 'request failed')
    if (status === 503) reply.header('retry-after', RETRY_AFTER_S)
    return reply.code(status).send(body)
  })
}
