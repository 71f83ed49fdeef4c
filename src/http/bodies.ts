/** What a body must be before a room sees it: JSON on every write, of a bounded shape, with text that can be stored. */
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { PlatformError } from '../base/errors.ts'
import { hasRawBody } from '../wire/raw-body.ts'
import { configOf } from '../wire/route-config.ts'
import { requireWellFormed } from '../wire/well-formed.ts'
import { shapeGuard } from './body-shape.ts'

/** Shorter bodies are parsed in no time, and cannot be so deep that a parser which calls itself fails. */
const SMALL_BYTES = 2 << 10

/** How many bytes of the body are JSON; what follows are numbers as they lie in memory. */
const JSON_BYTES = 'inference-header-content-length'

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

export function checkBodies(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _reply, done) => attempt(() => requireJson(request), done))
  app.addHook('preParsing', (request, _reply, payload, done) => {
    if (
      hasRawBody(request) ||
      !hasBody(request) ||
      isOtherBody(request) ||
      Number(request.headers['content-length'] ?? Number.NaN) <= SMALL_BYTES
    ) {
      return done(null, payload)
    }
    const guard = shapeGuard(configOf(request).valuesLimit ?? 'bodyValues')
    // Of a body that no parser takes (a route that is not there, a type that is refused) nobody else hears it.
    guard.on('error', () => {})
    payload.once('error', (error) => guard.destroy(error))
    request.raw.once('aborted', () => guard.destroy(new PlatformError('invalid_argument', 'the body ended early')))
    done(null, payload.pipe(guard))
  })
  app.addHook('preValidation', (request, _reply, done) => attempt(() => requireWhole(request), done))
}

/** A hook that waits for nothing makes no promise: each is some microseconds of every request. */
function attempt(check: () => void, done: (error?: Error) => void): void {
  let refusal: Error | undefined
  try {
    check()
  } catch (error) {
    refusal = error as Error
  }
  done(refusal)
}

function requireWhole({ body, query, params }: FastifyRequest): void {
  if (!(body instanceof Readable || body instanceof Uint8Array)) requireWellFormed(body, 'the body')
  requireWellFormed(query, 'the query')
  requireWellFormed(params, 'the path')
}

/**
 * A page of another origin can send text, a form or nothing in particular without asking; JSON it cannot. Feast's
 * clients up to 0.60 send JSON and name no type: they are no page, so they have no Origin.
 */
function requireJson(request: FastifyRequest): void {
  const type = request.headers['content-type']
  if (configOf(request).multipart === true) {
    if (/^multipart\/form-data\s*;/i.test(type ?? '')) return
    throw new PlatformError('unsupported_media_type', 'send the files with content-type: multipart/form-data')
  }
  if (SAFE.has(request.method) || configOf(request).url === undefined || hasRawBody(request) || !hasBody(request))
    return
  if (isOtherBody(request)) return
  if (type === undefined ? request.headers.origin === undefined : /^application\/json\s*(;|$)/i.test(type)) return
  throw new PlatformError('unsupported_media_type', 'send the body with content-type: application/json')
}

/** A body that is no JSON, or no JSON alone (the open inference protocol says so by a header), where the route reads such. */
function isOtherBody(request: FastifyRequest): boolean {
  const { bodyTypes } = configOf(request)
  if (bodyTypes === undefined) return false
  const { headers } = request
  const [type = ''] = (headers['content-type'] ?? '').split(';')
  if (bodyTypes.includes(type.trim().toLowerCase())) return true
  return bodyTypes.length > 0 && type === '' && headers[JSON_BYTES] !== undefined && headers.origin === undefined
}

function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}
