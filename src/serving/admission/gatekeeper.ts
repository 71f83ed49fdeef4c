/**
 * Asks for a turn before the body of a prediction is read: a refusal costs next to nothing. Every route that names its model
 * (`config: { model }`) is asked for here; the others, health and metrics among them, are never.
 */
import { AsyncResource } from 'node:async_hooks'
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler, RouteOptions } from 'fastify'
import { PlatformError } from '../../base/errors.ts'
import { configOf } from '../../wire/route-config.ts'
import type { Admission, Ask, Refusal, Ticket } from './admission.ts'
import { LOOK_MS } from './admission.ts'

declare module 'fastify' {
  interface FastifyRequest {
    ticket: Ticket | null
  }
}

/** A body that has not come by then gives its turn back, and asks again when it is there. */
const BODY_MS = 100

/** About what a key of a batch takes: how many there are is known when the body was read. */
const ROW_BYTES = 16
const HEAD_BYTES = 256

export type GatekeeperOptions = { admission: Admission; deadlineMsOf: (model: string) => number }

/** For the routes that are registered in this scope from now on. */
export function askTurns(app: FastifyInstance, { admission, deadlineMsOf }: GatekeeperOptions): void {
  app.decorateRequest('ticket', null)
  const refusals: Record<Refusal, PlatformError> = { full: refusalOf('full'), late: refusalOf('late') }
  const slow = new Map<Ticket, FastifyRequest>()
  let timer: NodeJS.Timeout | undefined
  const look = () => {
    const now = performance.now()
    for (const [ticket, request] of slow) {
      if (request.raw.complete) slow.delete(ticket)
      else if (now - ticket.askedMs > BODY_MS && ticket.state === 'working') {
        slow.delete(ticket)
        admission.leave(ticket)
      }
    }
    admission.look()
    const { working, waiting, overloaded } = admission.state()
    if (working + waiting > 0 || overloaded) return
    clearInterval(timer)
    timer = undefined
  }

  const askFor = (request: FastifyRequest, rows: number, done: (error?: Error) => void): void => {
    const { model = '' } = configOf(request)
    timer ??= setInterval(look, LOOK_MS).unref()
    const asked: Ask = {
      model,
      caller: callerOf(request),
      rows,
      deadlineMs: deadlineMsOf(model),
      from: request.raw.socket,
    }
    const ticket = admission.ask(asked, (refusal) => done(refusal && refusals[refusal]))
    // Its turn comes when another request ends: what it does then is done in its own name.
    if (ticket.state === 'waiting') ticket.told = AsyncResource.bind(ticket.told)
    request.ticket = ticket
  }

  const onRequest: onRequestHookHandler = (request, reply, done) => {
    reply.raw.once('close', () => {
      const { ticket } = request
      if (ticket === null) return
      slow.delete(ticket)
      admission.leave(ticket)
    })
    askFor(request, rowsByLength(request), done)
    const { ticket } = request
    if (ticket !== null && ticket.state !== 'over' && !request.raw.complete) slow.set(ticket, request)
  }

  app.addHook('onRoute', (route) => {
    if (route.config?.model === undefined || route.method === 'GET' || route.method === 'HEAD') return
    const before = [route.onRequest ?? []].flat() as onRequestHookHandler[]
    route.onRequest = [...before, onRequest]
    route.handler = withinDeadline(route.handler, admission, refusals.late, (request, go) => {
      // Its body was slow: it gave its turn back.
      if (request.ticket?.state === 'over') askFor(request, rowsOf(request.body), go)
      else go()
    })
  })
}

type Handler = RouteOptions['handler']

function withinDeadline(
  handler: Handler,
  admission: Admission,
  late: PlatformError,
  again: (request: FastifyRequest, go: (error?: Error) => void) => void,
): Handler {
  return function (this: FastifyInstance, request: FastifyRequest, reply: FastifyReply) {
    return new Promise((resolve, reject) => {
      again(request, (refusal) => {
        if (refusal) return reject(refusal)
        const { ticket } = request
        if (ticket !== null) {
          admission.weigh(ticket, rowsOf(request.body))
          ticket.late = () => reject(late)
        }
        // What comes after the refusal is nobody's answer.
        Promise.resolve(handler.call(this, request, reply)).then(resolve, reject)
      })
    })
  }
}

function callerOf({ caller, ip }: FastifyRequest): string {
  return caller === null ? ip : `${caller.principal.name} ${caller.principal.from ?? ip}`
}

function rowsByLength({ headers }: FastifyRequest): number {
  const bytes = Number(headers['content-length'] ?? 0)
  return 1 + Math.max(0, bytes - HEAD_BYTES) / ROW_BYTES
}

/** The longest list in it, whichever of the forms it has. */
export function rowsOf(body: unknown): number {
  if (typeof body !== 'object' || body === null) return 1
  let rows = 1
  for (const value of Object.values(body)) {
    if (Array.isArray(value)) rows = Math.max(rows, value.length)
    else if (typeof value === 'object' && value !== null && 'data' in value && Array.isArray(value.data)) {
      rows = Math.max(rows, value.data.length)
    }
  }
  return rows
}

function refusalOf(why: Refusal): PlatformError {
  const says = {
    full: 'more predictions are asked for than this server can answer soon; send it again after the seconds of Retry-After, or ask another server',
    late: 'the prediction was not made within its deadline (models.NAME.serving.admission.deadline); send it again after the seconds of Retry-After',
  }
  return new PlatformError('unavailable', says[why], {
    details: { reason: why === 'full' ? 'overloaded' : 'deadline' },
  })
}
