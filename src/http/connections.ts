/**
 * Who may stay connected. Node's own limits end a connection that sends no headers; here ends what comes after them: a
 * JSON body that does not arrive, an artifact that trickles, a caller who takes no answer. So no caller holds a place,
 * or the stop, for ever.
 */
import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { limitOf } from '../wire/limits.ts'
import { hasRawBody } from '../wire/raw-body.ts'

const LOOK_MS = 1_000
/** An upload is measured over so long: a pause of some seconds is no fault. */
const RATE_WINDOW_MS = 30_000

const LINGER_MS = 5_000

/** During a stop a connection without a request may still bring one that was on its way; busy callers are told within this. */
const TOLD_MS = 250

const TIMED_OUT = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'

type Coming = { kind: 'json' | 'raw'; sinceMs: number; bytes: number; request: IncomingMessage }
/** `taken`: how much of the answer that waits the system had taken from us at `movedMs`; undefined while none waits. */
type Watched = { answers: Set<ServerResponse>; coming?: Coming; taken: number | undefined; movedMs: number }

export type Connections = {
  /** Ends those that are too slow; done every second by itself. */
  look(): void
  /**
   * First nobody new is let in. What is under way, and what comes on a connection that is open, is answered, and the answer
   * says that the connection ends with it; those that stay silent end after a moment, all others after `stopMs`.
   */
  stop(stopMs: number): void
  /** The stop is done: nothing more to end. */
  stopped(): void
}

/** Watches the connections of a server. A route with `config: { rawBody: true }` streams its body at the caller's speed. */
export function watchConnections(app: FastifyInstance, nowMs: () => number = () => performance.now()): Connections {
  const server = app.server as HttpServer
  const sockets = new Map<Socket, Watched>()
  let stopping = false
  // Node would end connections without a request at once, also one whose request is on its way: `stop` ends them in its time.
  server.closeIdleConnections = () => {}
  server.on('connection', (socket: Socket) => {
    sockets.set(socket, { answers: new Set(), taken: undefined, movedMs: nowMs() })
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('request', (request: IncomingMessage, response) => {
    const { socket } = request
    const watched = sockets.get(socket)
    if (!watched) return
    watched.answers.add(response)
    if (stopping) response.shouldKeepAlive = false
    watched.movedMs = nowMs()
    response.once('close', () => {
      watched.answers.delete(response)
      // Answered before its body had come: what is left of it may come for a moment, so that the answer is read.
      watched.coming = request.complete
        ? undefined
        : { ...comingOf(request, socket, 'json'), sinceMs: nowMs() + LINGER_MS - limitOf('bodyMs') }
      if (stopping && watched.answers.size === 0) socket.end()
    })
  })
  // A request that is over has no socket any more, so it is named.
  const comingOf = (request: IncomingMessage, socket: Socket, kind: Coming['kind']): Coming => {
    return { kind, sinceMs: nowMs(), bytes: socket.bytesRead, request }
  }
  app.addHook('preParsing', (request, _reply, payload, done) => {
    const watched = sockets.get(request.raw.socket)
    if (watched) watched.coming = comingOf(request.raw, request.raw.socket, hasRawBody(request) ? 'raw' : 'json')
    done(null, payload)
  })
  app.addHook('preValidation', (request, _reply, done) => {
    const watched = sockets.get(request.raw.socket)
    if (watched?.coming?.kind === 'json') watched.coming = undefined
    done()
  })

  const look = () => {
    const now = nowMs()
    for (const [socket, watched] of sockets) {
      if (isLate(socket, watched, now)) {
        if (socket.writable && socket.bytesWritten === 0) socket.write(TIMED_OUT)
        socket.destroySoon()
      } else if (isStalled(socket, watched, now)) socket.destroy()
    }
  }
  const timer = setInterval(look, LOOK_MS)
  timer.unref()
  let telling: NodeJS.Timeout | undefined
  let ending: NodeJS.Timeout | undefined

  return {
    look,
    stop(stopMs) {
      stopping = true
      NetServer.prototype.close.call(server)
      for (const { answers } of sockets.values()) for (const answer of answers) answer.shouldKeepAlive = false
      const endSilent = () => {
        for (const [socket, watched] of sockets) if (watched.answers.size === 0) socket.destroySoon()
      }
      // Timers run before what has arrived is read, immediates after it: a busy process reads late.
      telling = setTimeout(() => setImmediate(endSilent), Math.min(TOLD_MS, stopMs / 2))
      ending = setTimeout(() => {
        for (const socket of sockets.keys()) socket.destroy()
      }, stopMs)
    },
    stopped() {
      clearInterval(timer)
      clearTimeout(telling)
      clearTimeout(ending)
    },
  }
}

/** A body that does not come, or comes too slowly. */
function isLate(socket: Socket, { coming }: Watched, now: number): boolean {
  if (!coming || coming.request.complete) return false
  // What waits to be read waits for us.
  if (coming.kind === 'raw' && coming.request.readableLength > 0) coming.sinceMs = now
  const passed = now - coming.sinceMs
  if (coming.kind === 'json') return passed > limitOf('bodyMs')
  if (passed < RATE_WINDOW_MS) return false
  const arrived = socket.bytesRead - coming.bytes
  coming.sinceMs = now
  coming.bytes = socket.bytesRead
  return arrived < (limitOf('uploadBytesPerSecond') * passed) / 1000
}

/** An answer that waits, of which too little was taken: nothing, or a byte now and then. */
function isStalled(socket: Socket, watched: Watched, now: number): boolean {
  const waits = socket.writableLength > 0
  const taken = socket.bytesWritten - socket.writableLength - restOf(socket)
  const passed = now - watched.movedMs
  const least = (limitOf('answerBytesPerSecond') * Math.max(passed, limitOf('stalledMs'))) / 1000
  if (waits && watched.taken !== undefined && taken - watched.taken < least) return passed > limitOf('stalledMs')
  watched.taken = waits ? taken : undefined
  watched.movedMs = now
  return false
}

/** Of the piece that is being written: Node counts it as waiting until all of it is out, and one may be the whole answer. */
function restOf(socket: Socket): number {
  return (socket as unknown as { _handle?: { writeQueueSize?: number } })._handle?.writeQueueSize ?? 0
}
