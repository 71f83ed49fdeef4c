import type { Problem } from '../../src/wire/problem.ts'

/** What the server refused, in its own words; status 0 where there was no answer at all. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly body: Partial<Problem> & Record<string, unknown>

  constructor(status: number, code: string, detail: string, body: Record<string, unknown> = {}) {
    super(detail)
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.detail = detail
    this.body = body
  }
}

type Watcher = () => void
const signedOut = new Set<Watcher>()

/** Called when the server asks who is there (401): the session or the token is over. */
export function onSignedOut(watcher: Watcher): () => void {
  signedOut.add(watcher)
  return () => signedOut.delete(watcher)
}

/** Whatever asks by another way than `get` and `send` says so here. */
export function told401(): void {
  for (const watcher of signedOut) watcher()
}

export function get<Answer>(url: string, signal?: AbortSignal): Promise<Answer> {
  return ask<Answer>(url, { signal: signal ?? null })
}

export type Method = 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export function send<Answer>(method: Method, url: string, body?: unknown, signal?: AbortSignal): Promise<Answer> {
  const json = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  return ask<Answer>(url, { method, signal: signal ?? null, ...json })
}

async function ask<Answer>(url: string, init: RequestInit): Promise<Answer> {
  const response = await answerOf(url, init)
  if (response.status === 204) return undefined as Answer
  const text = await response.text()
  return (text === '' ? undefined : JSON.parse(text)) as Answer
}

/** Urls are relative to the page, which may stand below a path of a proxy. */
async function answerOf(url: string, init: RequestInit): Promise<Response> {
  let response: Response
  try {
    response = await fetch(url, { credentials: 'same-origin', ...init })
  } catch (error) {
    if ((error as Error).name === 'AbortError') throw error
    throw new ApiError(0, 'no_answer', 'The server does not answer.')
  }
  if (response.ok) return response
  if (response.status === 401) told401()
  throw await errorOf(response)
}

/** Our routes answer with problem details, MLflow's with error_code and message; a proxy between with anything. */
async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '')
  let body: Record<string, unknown> = {}
  try {
    body = JSON.parse(text) as Record<string, unknown>
  } catch {
    // Not ours: the status has to do.
  }
  const code = body.error ?? body.error_code ?? 'unknown'
  const detail = body.detail ?? body.message ?? `${response.status} ${response.statusText}`
  return new ApiError(response.status, String(code), String(detail), body)
}
