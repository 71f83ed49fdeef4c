import type { ServerResponse } from 'node:http'
import type {} from '@fastify/swagger'
import type { FastifyPluginAsync } from 'fastify'
import { PlatformError } from '../base/errors.ts'
import type { Flows } from '../flows/flows.ts'
import { EVENT_STREAM, type EventsQuery, eventsQuery } from '../wire/events.ts'
import { limitOf } from '../wire/limits.ts'
import { routeOptions } from '../wire/route.ts'
import type { Events, Happening } from './events.ts'

export type EventDeps = { events: Events; flows: Pick<Flows, 'list'> }

const RUNS_SHOWN = 50
const RECONNECT_MS = 2_000

/**
 * `GET /events`: server-sent events over one connection, for a page or a script. The first is the whole state; what comes
 * after it is news. Whoever was cut off connects again and gets the whole state again.
 */
export function eventRoutes({ events, flows }: EventDeps): FastifyPluginAsync {
  return async (app) => {
    const open = new Set<Stream>()
    let places = 0
    const beat = setInterval(() => {
      for (const stream of open) stream.write(': still here\n\n')
    }, limitOf('eventBeatMs'))
    beat.unref()
    // A stop of the server waits for no stream.
    app.addHook('preClose', async () => {
      clearInterval(beat)
      for (const stream of open) stream.end()
    })
    const options = routeOptions({
      tag: 'state',
      summary: 'What happens now, as server-sent events; the first is the whole state',
      query: eventsQuery,
      answers: { 200: EVENT_STREAM },
    })
    const stream = { ...options, config: { endsWithToken: true }, exposeHeadRoute: false }
    app.get<{ Querystring: EventsQuery }>('/events', stream, async (request, reply) => {
      if (places >= limitOf('eventStreams')) {
        throw new PlatformError('unavailable', `${places} pages watch this server; close one, or try again later`)
      }
      // Taken before anything is waited for: however many ask at once, no more than these are let in.
      places++
      const { run } = request.query
      const stateNow = () => wholeState({ events, flows }, run)
      const early: Happening[] = []
      let send = (event: Happening): void => {
        early.push(event)
      }
      let stream: Stream | undefined
      const unwatch = events.watch(
        (event) => {
          if (isOf(run, event)) send(event)
        },
        () => {
          stateNow().then(
            (state) => stream?.send('state', state),
            // It is away again, and tells when it is back.
            () => {},
          )
        },
      )
      const leave = () => {
        places--
        unwatch()
        if (stream) open.delete(stream)
      }
      try {
        // Asked for before anything is promised: without the database the answer is a 503.
        const first = await stateNow()
        reply.hijack()
        // Who went away meanwhile has no end to come, which would give the place back.
        if (reply.raw.destroyed) return leave()
        const opened = openStream(reply.raw)
        stream = opened
        open.add(opened)
        opened.send('state', first)
        send = (event) => opened.send(event.type, eventJson(event))
        for (const event of early) send(event)
        reply.raw.once('close', leave)
      } catch (error) {
        leave()
        throw error
      }
    })
  }
}

async function wholeState({ events, flows }: EventDeps, run: string | undefined) {
  const runs = (await flows.list({ limit: RUNS_SHOWN })).filter(({ id }) => run === undefined || id === run)
  const over = new Set(runs.filter(({ finishedAt }) => finishedAt !== null).map(({ id }) => id))
  return {
    runs: runs.map(({ id, flow, state, submittedAt, startedAt, finishedAt }) => {
      return { run: id, flow, state, submitted_at: submittedAt, started_at: startedAt, finished_at: finishedAt }
    }),
    progress: events
      .underWay()
      // A process that was killed told no end; the record of its run has one.
      .filter((event) => isOf(run, event) && !('run' in event && over.has(event.run)))
      .map(eventJson),
  }
}

/** Every event where no run was asked for. */
function isOf(run: string | undefined, event: Happening): boolean {
  return run === undefined || ('run' in event && event.run === run)
}

function eventJson(event: Happening): object {
  const { type: _, ...members } = event
  if (event.type === 'progress') {
    const { remainingMs, rate, ...rest } = members as Extract<Happening, { type: 'progress' }>
    return { ...rest, rate, remaining_ms: remainingMs === null ? null : Math.round(remainingMs) }
  }
  if (event.type === 'delivery') return { id: event.id, as_of: event.asOf, state: event.state }
  return members
}

type Stream = { write(text: string): void; send(event: string, data: object): void; end(): void }

/** Writes what can be written; a reader who lets too much pile up is cut off, and connects again. */
function openStream(raw: ServerResponse): Stream {
  let id = 0
  raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // Proxies would hold the events back.
    'x-accel-buffering': 'no',
  })
  raw.write(`retry: ${RECONNECT_MS}\n\n`)
  const write = (text: string) => {
    if (raw.destroyed || raw.writableEnded) return
    if (raw.writableLength > limitOf('eventBytesWaiting')) raw.destroy()
    else raw.write(text)
  }
  return {
    write,
    send: (event, data) => write(`id: ${++id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
    end: () => void raw.end(),
  }
}
