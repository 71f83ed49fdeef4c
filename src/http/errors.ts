/** The one place that chooses an HTTP status, and the shape of an error (RFC 9457 problem details). */
import type { FastifyError } from 'fastify'
import type { ErrorCode } from '../base/errors.ts'
import { worldError } from '../base/world.ts'
import { bounded, limitOf } from '../wire/limits.ts'
import type { Problem } from '../wire/problem.ts'

export const STATUS: Record<ErrorCode, number> = {
  invalid_argument: 400,
  config_invalid: 400,
  not_found: 404,
  already_exists: 409,
  conflict: 409,
  delivery_refused: 422,
  too_large: 413,
  unsupported_media_type: 415,
  unauthenticated: 401,
  forbidden: 403,
  unavailable: 503,
  no_production_model: 503,
  unsupported: 400,
  corrupt: 500,
  trainer_failed: 422,
  file_gone: 500,
  storage_full: 507,
  storage_refused: 503,
}

const TITLES: Record<number, string> = {
  400: 'Bad request',
  401: 'Token needed',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  413: 'Too large',
  414: 'URL too long',
  415: 'Unsupported media type',
  422: 'Refused',
  500: 'Internal error',
  503: 'Unavailable',
  507: 'No room',
}

/** What a caller is told of an error. Of our own faults nothing but that they happened; the log has the rest. */
export function problemOf(error: unknown, requestId: string): Problem {
  return { ...toldOf(error, requestId), request_id: requestId }
}

function toldOf(error: unknown, requestId: string): Problem {
  const told = worldError(error)
  if (told) return problem(STATUS[told.code], told.code, bounded(told.toCallers), told.details)
  const { statusCode, code, message } = (error ?? {}) as Partial<FastifyError>
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    const isJson = code === undefined && error instanceof SyntaxError
    return problem(statusCode, codeOfStatus(statusCode), bounded(plainMessage(code, message ?? '', isJson)))
  }
  return problem(500, 'internal', `something went wrong here; the log has it under request ${requestId}`)
}

export function problem(status: number, error: string, detail: string, members: Record<string, unknown> = {}): Problem {
  return { type: `urn:weir:error:${error}`, title: TITLES[status] ?? 'Error', status, error, detail, ...members }
}

function codeOfStatus(status: number): string {
  const found = Object.entries(STATUS).find(([, s]) => s === status)
  return found ? found[0] : 'invalid_argument'
}

function plainMessage(code: string | undefined, message: string, isJson: boolean): string {
  if (code === 'FST_ERR_CTP_EMPTY_JSON_BODY') return 'the body is empty; send a JSON object'
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return 'send the body with content-type: application/json'
  if (code === 'FST_ERR_BAD_URL') return 'the path cannot be read: a % in it does not begin a valid escape'
  if (code === 'FST_ERR_MAX_PARAM_LENGTH') {
    return `a part of the path is longer than ${limitOf('pathPart')} characters (limit pathPart)`
  }
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return `the body is too long; see docs/reference/limits.md`
  if (code === 'FST_ERR_CTP_INVALID_JSON_BODY' || isJson) return `the body is not JSON: ${message}`
  return message
}
