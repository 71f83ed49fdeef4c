import type { FastifyInstance, FastifyReply } from 'fastify'
import { PlatformError } from '../../base/errors.ts'
import { worldError } from '../../base/world.ts'
import { feastDetail } from '../../wire/feast.ts'
import { type FeastErrorClass, feastErrorJson } from '../../wire/feature-server.ts'
import type { SchemaFault } from '../../wire/refused-request.ts'

const STATUS: Partial<Record<PlatformError['code'], number>> = {
  invalid_argument: 400,
  config_invalid: 400,
  not_found: 404,
  conflict: 409,
  delivery_refused: 422,
  too_large: 413,
  unavailable: 503,
  storage_refused: 503,
  storage_full: 507,
  unsupported: 422,
}

/** The statuses beside those of every route. */
export const FEAST_ERRORS = [404, 409, 413, 422, 507]

/**
 * Errors in Feast's own form: a class of feast.errors that the client raises again, or for a body of the wrong shape
 * FastAPI's `detail`. A caller's mistake is never a 5xx, which clients would send again and again.
 */
export function answerErrorsAsFeast(app: FastifyInstance): void {
  app.setSchemaErrorFormatter((faults, part) => wrongBody(faults as SchemaFault[], part))
  app.setErrorHandler((thrown, request, reply) => {
    const error = worldError(thrown)
    if (!error) throw thrown
    const { feastClass, detail } = error.details as { feastClass?: FeastErrorClass; detail?: unknown }
    if (detail) return sendJson(reply, 422, JSON.stringify({ detail }))
    const status = STATUS[error.code]
    if (status === undefined) throw error
    request.log.debug({ error: error.message }, 'a request of the Feast protocol was refused')
    const named = feastClass ?? (error.code === 'not_found' ? 'FeatureViewNotFoundException' : undefined)
    const text = named ? feastErrorJson(named, error.toCallers) : JSON.stringify(error.toCallers)
    return sendJson(reply, feastClass === 'PushSourceNotFoundException' ? 422 : status, text)
  })
}

export function wrongBody(faults: readonly SchemaFault[], part = 'body'): PlatformError {
  return refusedBody(feastDetail(faults, part))
}

export function noJson(): PlatformError {
  return refusedBody([{ loc: ['body'], msg: 'the body is not JSON', type: 'json_invalid' }])
}

function refusedBody(detail: ReturnType<typeof feastDetail>): PlatformError {
  const message = detail.map((d) => `${d.loc.join('.')}: ${d.msg}`).join('; ')
  return new PlatformError('invalid_argument', message, { details: { detail } })
}

export function wrong(message: string): PlatformError {
  return new PlatformError('invalid_argument', message)
}

export function missing(feastClass: FeastErrorClass, message: string): PlatformError {
  return new PlatformError('not_found', message, { details: { feastClass } })
}

export function sendJson(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).header('content-type', 'application/json; charset=utf-8').send(text)
}
