import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, PlatformError } from '../base/errors.ts'
import { MLFLOW_READ_MS, MLFLOW_WRITE_MS } from '../base/time-limits.ts'

/** Where another MLflow server is, and what it asks for: a token, or a user with a password, or nothing. */
export type RemoteServer = { url: string; token?: string | null; username?: string | null; password?: string | null }

export type Json = Record<string, unknown>

export type Call = {
  method: 'GET' | 'POST' | 'PUT'
  /** Below `/api/2.0/`. */
  path: string
  query?: Record<string, string>
  body?: Json | Uint8Array
  /** Whether it may be sent again when it is not known what became of it. */
  repeatable: boolean
  /** How long the answer may keep us waiting, and then each part of it: nobody hangs on a server that hangs. */
  timeMs: number
}

const TRIES = 4
const FIRST_WAIT_MS = 200
const TRANSIENT = new Set([408, 429, 502, 503, 504])

/** How long to wait before the second try, for an answer that is only read, and for one to a write. */
export type RestOptions = { waitMs?: number; readMs?: number; writeMs?: number }

export type Rest = ReturnType<typeof createRest>

/**
 * The one door to another server: its address comes from the project, never from a caller, and no answer leads to a
 * further address. Gives the bytes of a 2xx; everything else is an error that names the server and the call.
 */
export function createRest(server: RemoteServer, options: RestOptions = {}) {
  const { waitMs = FIRST_WAIT_MS, readMs = MLFLOW_READ_MS, writeMs = MLFLOW_WRITE_MS } = options
  const base = server.url.replace(/\/+$/, '')
  const headers = authorization(server)
  const closing = new AbortController()
  // Each call that is under way listens.
  setMaxListeners(0, closing.signal)

  async function once({ method, path, query, body, timeMs }: Call): Promise<{ answer: Response; body: Buffer }> {
    const search = query ? `?${new URLSearchParams(query)}` : ''
    const json = body && !(body instanceof Uint8Array)
    const giveUp = new AbortController()
    const late = () => giveUp.abort(new DOMException('it took too long', 'TimeoutError'))
    let timer = setTimeout(late, timeMs)
    try {
      const answer = await fetch(`${base}/api/2.0/${path}${search}`, {
        method,
        headers: json ? { ...headers, 'content-type': 'application/json' } : headers,
        body: json ? JSON.stringify(body) : (body as Uint8Array | undefined),
        redirect: 'error',
        signal: AbortSignal.any([giveUp.signal, closing.signal]),
      })
      const chunks: Uint8Array[] = []
      for await (const chunk of answer.body ?? []) {
        chunks.push(chunk)
        // What comes in may take as long as it moves.
        clearTimeout(timer)
        timer = setTimeout(late, timeMs)
      }
      return { answer, body: Buffer.concat(chunks) }
    } finally {
      clearTimeout(timer)
    }
  }

  async function bytes(call: Call): Promise<Buffer> {
    const tries = call.repeatable ? TRIES : 1
    for (let tried = 1; ; tried++) {
      try {
        const { answer, body } = await once(call)
        if (answer.ok) return body
        throw refusal(base, call, answer.status, body.toString('utf8'))
      } catch (error) {
        const told = error instanceof PlatformError ? error : unreachable(base, call, error)
        if (closing.signal.aborted) throw closing.signal.reason
        if (tried === tries || told.code !== 'unavailable' || told.details.permanent === true) throw told
        await sleep(waitMs * 2 ** (tried - 1), undefined, { signal: closing.signal })
      }
    }
  }

  async function json(call: Call): Promise<Json> {
    const text = (await bytes(call)).toString('utf8')
    try {
      return JSON.parse(text) as Json
    } catch (error) {
      const message = `${told(base, call)} answered with something that is not JSON: is it an MLflow server?`
      throw new PlatformError('unavailable', message, { cause: error })
    }
  }

  const post = (path: string, body: Json, how: Pick<Call, 'repeatable' | 'timeMs'>) =>
    json({ method: 'POST', path: `mlflow/${path}`, body, ...how })

  return {
    url: base,
    bytes,
    readMs,
    /** Ends what is under way, with an error. */
    close: () => closing.abort(new PlatformError('unavailable', `the tracking server ${base}: this process is ending`)),
    get: (path: string, query: Record<string, string>) =>
      json({ method: 'GET', path: `mlflow/${path}`, query, repeatable: true, timeMs: readMs }),
    /** A call that only reads, though it is a POST. */
    ask: (path: string, body: Json) => post(path, body, { repeatable: true, timeMs: readMs }),
    /** A call that comes to the same when it is sent twice. */
    post: (path: string, body: Json) => post(path, body, { repeatable: true, timeMs: writeMs }),
    postOnce: (path: string, body: Json) => post(path, body, { repeatable: false, timeMs: writeMs }),
  }
}

function authorization({ token, username, password }: RemoteServer): Record<string, string> {
  if (token) return { authorization: `Bearer ${token}` }
  if (!username) return {}
  return { authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` }
}

function told(base: string, { method, path }: Call): string {
  return `the tracking server ${base} (${method} ${path.slice(0, 120)})`
}

function refusal(base: string, call: Call, status: number, body: string): PlatformError {
  const { error_code, message } = parsed(body)
  const text = `${told(base, call)} answered ${status}: ${(message ?? body).slice(0, 300)}`
  if (status === 401 || status === 403) {
    const hint = 'set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD'
    return new PlatformError('unavailable', `${text}; ${hint}`, { details: { permanent: true } })
  }
  if (error_code === 'RESOURCE_ALREADY_EXISTS') return new PlatformError('already_exists', text)
  if (status === 404) return new PlatformError('not_found', text)
  if (status < 500 && !TRANSIENT.has(status)) return new PlatformError('conflict', text)
  return new PlatformError('unavailable', text, { details: { permanent: !TRANSIENT.has(status) } })
}

function parsed(body: string): { error_code?: string; message?: string } {
  try {
    return JSON.parse(body) as { error_code?: string; message?: string }
  } catch {
    return {}
  }
}

function unreachable(base: string, call: Call, error: unknown): PlatformError {
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    const text = `${told(base, call)} did not answer within ${call.timeMs / 1000} seconds`
    // Asked again it would hang as long once more.
    return new PlatformError('unavailable', text, { cause: error, details: { permanent: true } })
  }
  const cause = error instanceof Error && error.cause ? messageOf(error.cause) : messageOf(error)
  return new PlatformError('unavailable', `${told(base, call)} cannot be reached: ${cause}`, { cause: error })
}
