/** How MLflow names an error, and the status that its own server gives it. */
import type { ErrorCode } from '../base/errors.ts'
import { worldError } from '../base/world.ts'
import { bounded } from '../wire/limits.ts'

export type MlflowError = { status: number; body: { error_code: string; message: string } }

const NAMES: Record<ErrorCode, [number, string]> = {
  invalid_argument: [400, 'INVALID_PARAMETER_VALUE'],
  config_invalid: [400, 'INVALID_PARAMETER_VALUE'],
  not_found: [404, 'RESOURCE_DOES_NOT_EXIST'],
  already_exists: [400, 'RESOURCE_ALREADY_EXISTS'],
  conflict: [400, 'INVALID_PARAMETER_VALUE'],
  delivery_refused: [400, 'INVALID_PARAMETER_VALUE'],
  too_large: [413, 'INVALID_PARAMETER_VALUE'],
  unsupported_media_type: [400, 'BAD_REQUEST'],
  unauthenticated: [401, 'UNAUTHENTICATED'],
  forbidden: [403, 'PERMISSION_DENIED'],
  unavailable: [503, 'TEMPORARILY_UNAVAILABLE'],
  no_production_model: [503, 'TEMPORARILY_UNAVAILABLE'],
  unsupported: [400, 'BAD_REQUEST'],
  corrupt: [500, 'DATA_LOSS'],
  trainer_failed: [400, 'INVALID_PARAMETER_VALUE'],
  file_gone: [500, 'DATA_LOSS'],
  storage_full: [507, 'RESOURCE_EXHAUSTED'],
  storage_refused: [503, 'IO_ERROR'],
}

/** What MLflow calls an error of ours; of another kind it has no name. */
export function mlflowCode(code: string): string {
  return (NAMES as Record<string, [number, string] | undefined>)[code]?.[1] ?? 'BAD_REQUEST'
}

/** What the client is told; of our own faults nothing but that they happened. */
export function mlflowError(error: unknown): MlflowError {
  const told = worldError(error)
  if (told) {
    const [status, code] = NAMES[told.code]
    return { status, body: { error_code: code, message: bounded(told.toCallers) } }
  }
  const { statusCode, message } = (error ?? {}) as { statusCode?: number; message?: string }
  if (statusCode === 413) {
    const told = 'the body is too long: batched logging API requests must be at most 1000000 bytes'
    return { status: 400, body: { error_code: 'INVALID_PARAMETER_VALUE', message: told } }
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return { status: 400, body: { error_code: 'BAD_REQUEST', message: bounded(message ?? '') } }
  }
  return {
    status: 500,
    body: { error_code: 'INTERNAL_ERROR', message: 'something went wrong here; see the server log' },
  }
}
