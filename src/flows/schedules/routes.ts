import type {} from '@fastify/swagger'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { type Instant, parseInstant, readInstant } from '../../base/instant.ts'
import { textPageOfQuery, textToken, wholeOfQuery } from '../../wire/page.ts'
import { routeOptions } from '../../wire/route.ts'
import * as wire from '../../wire/schedules.ts'
import type { TickRow } from './queries/lists.ts'
import type { ScheduleStory, Schedules } from './schedules.ts'

/** `GET /schedules /schedules/{name} /schedules/{name}/ticks /schedules/{name}/backfills`, and what people do to one by `POST`. */
export function scheduleRoutes(schedules: Schedules): FastifyPluginAsync {
  return async (app) => {
    readRoutes(app, schedules)
    changeRoutes(app, schedules)
    backfillRoutes(app, schedules)
  }
}

const [tag, params] = ['state', wire.scheduleParams] as const
type Named = { Params: wire.ScheduleParams }

function readRoutes(app: FastifyInstance, schedules: Schedules): void {
  const list = routeOptions({
    tag,
    summary: 'What begins by itself, when next, and when last',
    answers: { 200: wire.schedulesAnswer },
  })
  app.get('/schedules', list, async (): Promise<wire.SchedulesAnswer> => {
    const [all, leader] = await Promise.all([schedules.list(), schedules.leader()])
    return { schedules: all.map(storyJson), leader: leader && { place: leader.place, pid: leader.pid } }
  })

  const one = routeOptions({
    tag,
    summary: 'One schedule',
    params,
    answers: { 200: wire.scheduleAnswer },
    errors: [404],
  })
  app.get<Named>('/schedules/:name', one, async ({ params }) => storyJson(await schedules.get(params.name)))

  const ticks = routeOptions({
    ...{
      tag,
      summary: 'What a schedule wished so far, newest first: begun, or why not',
      params,
      query: wire.ticksQuery,
    },
    ...{ answers: { 200: wire.ticksAnswer }, errors: [404] },
  })
  app.get<Named & { Querystring: wire.TicksQuery }>(
    '/schedules/:name/ticks',
    ticks,
    async ({ params, query }): Promise<wire.TicksAnswer> => {
      const { limit, before } = textPageOfQuery(query, placeOf)
      const backfill = wholeOfQuery(query.backfill, 'backfill', { most: 2 ** 31 - 1 })
      const rows = await schedules.ticks({ schedule: params.name, backfill, before, limit: limit + 1 })
      const page = rows.slice(0, limit)
      const next = rows.length > limit ? textToken([page.at(-1)!.dueAt, page.at(-1)!.id]) : null
      return { ticks: page.map(tickJson), next_page_token: next }
    },
  )
}

function changeRoutes(app: FastifyInstance, schedules: Schedules): void {
  const options = (summary: string) =>
    routeOptions({
      tag,
      summary,
      params,
      body: wire.changeRequest,
      answers: { 200: wire.scheduleAnswer },
      errors: [404],
    })
  type Change = Named & { Body: wire.ChangeRequest }
  app.post<Change>(
    '/schedules/:name/pause',
    options('Begin nothing of it until it is resumed'),
    async ({ params, body }) => storyJson(await schedules.pause(params.name, { why: body.why ?? null })),
  )
  app.post<Change>(
    '/schedules/:name/resume',
    options('Go on with a schedule that was paused'),
    async ({ params, body }) => storyJson(await schedules.resume(params.name, { why: body.why ?? null })),
  )
  const run = routeOptions({
    ...{ tag, summary: 'Begin one run of it now', params, body: wire.runRequest },
    ...{ answers: { 202: wire.runAnswer }, errors: [404, 409] },
  })
  app.post<Named & { Body: wire.RunRequest }>('/schedules/:name/run', run, async ({ params, body }, reply) => {
    const period = body.period === undefined ? undefined : parseInstant(body.period, 'period')
    const answer = await schedules.run(params.name, { period, why: body.why ?? null })
    return reply.code(202).send(answer satisfies wire.RunAnswer)
  })
}

function backfillRoutes(app: FastifyInstance, schedules: Schedules): void {
  const list = routeOptions({
    tag,
    summary: 'The backfills of a schedule',
    params,
    answers: { 200: wire.backfillsAnswer },
    errors: [404],
  })
  app.get<Named>(
    '/schedules/:name/backfills',
    list,
    async ({ params }): Promise<wire.BackfillsAnswer> => ({
      backfills: (await schedules.backfills(params.name)).map(({ schedule: _, by, askedAt, ...row }) => ({
        ...row,
        ...{ by: by.name, asked_at: askedAt },
      })),
    }),
  )

  const make = routeOptions({
    ...{ tag, summary: 'Do a schedule for a range of periods', params, body: wire.backfillRequest },
    description:
      'With dry_run it is only said which periods those are. What is begun goes on over restarts until none waits.',
    ...{ answers: { 202: wire.backfillAnswer }, errors: [404, 409] },
  })
  app.post<Named & { Body: wire.BackfillRequest }>(
    '/schedules/:name/backfills',
    make,
    async ({ params, body }, reply) => {
      const { parallel, missing, why = null } = body
      const range = { from: parseInstant(body.from, 'from'), to: parseInstant(body.to, 'to') }
      const made = await schedules.backfill(params.name, { ...range, parallel, missing, dryRun: body.dry_run, why })
      const periods = made.periods.map(({ period, dueAt }) => ({ period, due_at: dueAt }))
      const answer: wire.BackfillAnswer = { backfill: made.id, periods, left_out: made.leftOut, worker: made.worker }
      return reply.code(202).send(answer)
    },
  )

  const drop = routeOptions({
    ...{ tag, summary: 'Do not do what waits of a backfill', params: wire.backfillParams, body: wire.dropRequest },
    ...{ answers: { 200: wire.dropAnswer }, errors: [404] },
  })
  app.post<{ Params: wire.BackfillParams; Body: wire.DropRequest }>(
    '/schedules/:name/backfills/:id/drop',
    drop,
    async ({ params, body }): Promise<wire.DropAnswer> => {
      const id = wholeOfQuery(params.id, 'id', { most: 2 ** 31 - 1 })!
      return schedules.dropBackfill(params.name, id, body)
    },
  )
}

function storyJson({ rule, ...story }: ScheduleStory): wire.ScheduleAnswer {
  const { name, flow, input, zone, on, overlap, concurrency, timing } = rule
  return {
    ...{ name, flow, input, zone, overlap, concurrency },
    on: { ...on, delivered: on.delivered && [...on.delivered], withdrawn: on.withdrawn && [...on.withdrawn] },
    cron: timing && 'cron' in timing ? timing.cron : null,
    every_ms: timing && 'everyMs' in timing ? timing.everyMs : null,
    ...{ catch_up_most: rule.catchUpMost, retries: rule.retries.times },
    ...{ paused: story.paused, known: story.known, next: story.next, last: story.last.map(tickJson) },
    ...{ waiting: story.waiting, running: story.running },
  }
}

function tickJson(tick: TickRow): wire.ScheduleTick {
  const { id, origin, period, dueAt, subject, state, why, standsFor, backfill, attempts, runId, endedAt } = tick
  return {
    ...{ id, origin, period, due_at: dueAt, subject, state, why, stands_for: standsFor, backfill, attempts },
    ...{ run: runId, ended_at: endedAt },
  }
}

/** A place in the list, as its token has it. */
function placeOf(part: unknown): { dueAt: Instant; id: number } | undefined {
  const [dueAt, id] = Array.isArray(part) ? part : []
  if (typeof dueAt !== 'string' || readInstant(dueAt) !== dueAt) return undefined
  return Number.isSafeInteger(id) ? { dueAt, id: id as number } : undefined
}
