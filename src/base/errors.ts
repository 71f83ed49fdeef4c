/**
 * The one table of things that can go wrong outside of our own code. A room throws a `PlatformError` with one of these
 * codes; the HTTP status and the exit code are chosen elsewhere, once (`http/errors.ts`, `cli/main.ts`).
 */
export const ERROR_CODES = {
  invalid_argument: 'The caller sent something that cannot be right; the message says which part and what is expected.',
  config_invalid: 'The project definition or a setting has faults; `details.faults` lists each with its path.',
  not_found: 'The thing named does not exist.',
  already_exists: 'A thing of that name exists and may not be replaced.',
  conflict: 'The request contradicts the present state (for example a parameter that was logged with another value).',
  delivery_refused: 'A delivery broke a check of severity error; `details.findings` lists each.',
  too_large: 'The body, key or file is larger than the limit that the message names.',
  unsupported_media_type: 'The content type is not one that the route reads.',
  unauthenticated: 'A token is needed.',
  forbidden: 'The token, Host or Origin does not allow this.',
  unavailable: 'Something needed is not there yet (database, promoted model, fresh features); trying later can help.',
  no_production_model: 'No version of the model is in Production, or the one that is cannot be loaded.',
  unsupported: 'A correct request for something that this version does not do.',
  corrupt: 'Stored bytes are not what their digest says or cannot be read, or rows were lost or doubled on the way.',
  trainer_failed:
    'The trainer of a model, a command of the project, gave no model that can be used; its run has its log.',
  file_gone: 'A stored file that the records name is not there.',
  storage_full: 'A disk, a quota or a store has no room; the message names the place.',
  storage_refused: 'A file, folder or store may not be read or written (permission, read-only, a failing disk).',
} as const

export type ErrorCode = keyof typeof ERROR_CODES

export type PlatformErrorOptions = { details?: Record<string, unknown>; toCallers?: string; cause?: unknown }

export class PlatformError extends Error {
  readonly code: ErrorCode
  readonly details: Record<string, unknown>
  /** What callers over HTTP are told, where the message names paths, addresses or a driver's words. */
  declare readonly toCallers: string

  constructor(code: ErrorCode, message: string, options: PlatformErrorOptions = {}) {
    super(message, { cause: options.cause })
    this.name = 'PlatformError'
    this.code = code
    this.details = options.details ?? {}
    // Not a field that shows in logs and records beside the message.
    Object.defineProperty(this, 'toCallers', { value: options.toCallers ?? message })
  }
}

/** One sentence of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
