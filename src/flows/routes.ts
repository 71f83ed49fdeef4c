import type {} from '@fastify/swagger'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { PlatformError } from '../base/errors.ts'
import { addMs, type Instant, instantOfMs, readInstant } from '../base/instant.ts'
import * as wire from '../wire/flows.ts'
import { limitOf } from '../wire/limits.ts'
import { textPageOfQuery, textToken, wholeOfQuery } from '../wire/page.ts'
import { routeOptions } from '../wire/route.ts'
import { isWellFormed } from '../wire/well-formed.ts'
import type { Flows } from './flows.ts'
import { errorOf, type FlowError } from './history.ts'
import type { ListedRow } from './queries/history.ts'
import type { FlowStory, StepStory } from './story.ts'

type Deps = {
  flows: Pick<Flows, 'page' | 'story' | 'lines' | 'days' | 'cancel' | 'retry' | 'resume'>
  nowMs: () => number
}

const DAY_MS = 86_400_000

/** `GET /flows /flows/by-day /flows/{id} /flows/{id}/logs`, `POST /flows/{id}/cancel /retry /resume`. */
export function flowRoutes(deps: Deps): FastifyPluginAsync {
  return async (app) => {
    listRoutes(app, deps)
    runRoutes(app, deps)
    controlRoutes(app, deps)
  }
}

function listRoutes(app: FastifyInstance, { flows, nowMs }: Deps): void {
  const list = routeOptions({
    tag: 'state',
    summary: 'The runs of flows, newest first',
    query: wire.flowsQuery,
    answers: { 200: wire.flowsAnswer },
  })
  app.get<{ Querystring: wire.FlowsQuery }>('/flows', list, async ({ query }): Promise<wire.FlowsAnswer> => {
    const { limit, before } = textPageOfQuery(query, placeOf)
    // One more than asked for, so that a last page says that it is the last.
    const rows = await flows.page({ flow: query.flow, state: query.state, before, limit: limit + 1 })
    const page = rows.slice(0, limit)
    return {
      flows: page.map(listedJson),
      next_page_token: rows.length > limit ? textToken([page.at(-1)!.submittedAt, page.at(-1)!.id]) : null,
    }
  })

  const days = routeOptions({
    tag: 'state',
    summary: 'How many runs of flows came to what, by day',
    query: wire.daysQuery,
    answers: { 200: wire.daysAnswer },
  })
  app.get<{ Querystring: wire.DaysQuery }>('/flows/by-day', days, async ({ query }): Promise<wire.DaysAnswer> => {
    const wanted = wholeOfQuery(query.days, 'days', { most: wire.DAYS_MAX }) ?? 14
    const from = addMs(`${instantOfMs(nowMs()).slice(0, 10)}T00:00:00.000000Z`, -(wanted - 1) * DAY_MS)
    const rows = await flows.days(from)
    return { from, days: rows.map(({ msMax, ...row }) => ({ ...row, ms_max: msMax })) }
  })
}

function runRoutes(app: FastifyInstance, { flows }: Deps): void {
  const one = routeOptions({
    tag: 'state',
    summary: 'One run of a flow: what it was given, its steps with their attempts, and how it ended',
    params: wire.runParams,
    answers: { 200: wire.flowAnswer },
    errors: [404],
  })
  app.get<{ Params: wire.RunParams }>('/flows/:id', one, async ({ params }) => storyJson(await flows.story(params.id)))

  const logs = routeOptions({
    tag: 'state',
    summary: 'What a run says, while it runs and afterwards',
    description:
      'The event `log` of GET /events tells when more is there. Of one run the first 1,000 and the last 4,000 lines are kept.',
    params: wire.runParams,
    query: wire.logsQuery,
    answers: { 200: wire.logsAnswer },
    errors: [404],
  })
  app.get<{ Params: wire.RunParams; Querystring: wire.LogsQuery }>(
    '/flows/:id/logs',
    logs,
    async ({ params, query }): Promise<wire.LogsAnswer> => {
      const most = limitOf('listItems')
      const last = wholeOfQuery(query.last, 'last', { most })
      const after = wholeOfQuery(query.after, 'after', { least: 0, most: 2 ** 31 - 1 })
      if (last !== undefined && after !== undefined) {
        throw new PlatformError('invalid_argument', 'last and after: send one of them')
      }
      const page = await flows.lines(params.id, {
        ...(after === undefined ? {} : { after }),
        ...(last === undefined ? {} : { last }),
        limit: wholeOfQuery(query.limit, 'limit', { most }) ?? most,
      })
      const { leftOut, lines, ...rest } = page
      return {
        lines: lines.map(({ step, ...line }) => ({ ...line, step: step === null ? null : step + 1 })),
        ...rest,
        left_out: leftOut,
      }
    },
  )
}

function controlRoutes(app: FastifyInstance, { flows }: Deps): void {
  const cancel = routeOptions({
    tag: 'state',
    summary: 'Cancel a run',
    description:
      'One that waits is over at once. Of one under way the step is asked to end, and no further step begins; what its recorded steps did stays done.',
    params: wire.runParams,
    body: wire.cancelRequest,
    answers: { 202: wire.cancelAnswer },
    errors: [404, 409],
  })
  app.post<{ Params: wire.RunParams; Body: wire.CancelRequest }>(
    '/flows/:id/cancel',
    cancel,
    async ({ params, body }, reply) => {
      const { runId, ...asked } = await flows.cancel(params.id, body)
      return reply.code(202).send({ run: runId, ...asked } satisfies wire.CancelAnswer)
    },
  )

  const retry = routeOptions({
    tag: 'state',
    summary: 'Do a run again from one of its steps',
    description:
      'A new run takes over the steps that were recorded before that one. Only where the build of this server is the one that the run was submitted with.',
    params: wire.runParams,
    body: wire.retryRequest,
    answers: { 202: wire.retryAnswer },
    errors: [404, 409],
  })
  app.post<{ Params: wire.RunParams; Body: wire.RetryRequest }>(
    '/flows/:id/retry',
    retry,
    async ({ params, body }, reply) => {
      const { runId, ...made } = await flows.retry(params.id, body)
      return reply.code(202).send({ run: runId, ...made } satisfies wire.RetryAnswer)
    },
  )

  const resume = routeOptions({
    tag: 'state',
    summary: 'Have a run go on that waits, or whose process died',
    params: wire.runParams,
    body: wire.resumeRequest,
    answers: { 202: wire.resumeAnswer },
    errors: [404, 409],
  })
  app.post<{ Params: wire.RunParams }>('/flows/:id/resume', resume, async ({ params }, reply) => {
    const { runId, ...resumed } = await flows.resume(params.id)
    return reply.code(202).send({ run: runId, ...resumed } satisfies wire.ResumeAnswer)
  })
}

function listedJson(run: ListedRow): wire.ListedFlow {
  const { about, step, stepStartedAt } = run
  return {
    ...headJson({ ...run, error: errorOf(run.error) }),
    about: about ?? {},
    step: step === null || stepStartedAt === null ? null : { name: step, started_at: stepStartedAt },
  }
}

type Head = Pick<
  FlowStory,
  | 'id'
  | 'flow'
  | 'state'
  | 'submittedAt'
  | 'startedAt'
  | 'finishedAt'
  | 'submittedBy'
  | 'error'
  | 'cancelBy'
  | 'cancelWhy'
> &
  Pick<FlowStory, 'retryOf' | 'deaths'>

function headJson(run: Head) {
  const { id, flow, state, submittedAt, startedAt, finishedAt, submittedBy, error, retryOf, deaths } = run
  return {
    ...{ id, flow, state, submitted_at: submittedAt, started_at: startedAt, finished_at: finishedAt },
    ...{ by: submittedBy?.name ?? null, error: errorJson(error) },
    ...{ cancel: run.cancelBy === null ? null : { by: run.cancelBy, why: run.cancelWhy }, retry_of: retryOf, deaths },
  }
}

function storyJson(story: FlowStory): wire.FlowAnswer {
  const { build, input, output, process, lines, may, retries, retryFrom, cancelAskedAt } = story
  const { cancel, ...head } = headJson(story)
  return {
    ...head,
    cancel: cancel && cancelAskedAt ? { ...cancel, asked_at: cancelAskedAt } : null,
    ...{ build, input, output, process, lines, may, retries },
    retry_from: retryFrom === null ? null : retryFrom + 1,
    steps: story.steps.map(stepJson),
  }
}

function stepJson({ startedAt, finishedAt, error, takenFrom, attempts, ...step }: StepStory): wire.FlowStep {
  return {
    ...step,
    ...{ started_at: startedAt, finished_at: finishedAt, error: errorJson(error), taken_from: takenFrom },
    attempts: attempts.map((attempt) => ({
      ...{ started_at: attempt.startedAt, finished_at: attempt.finishedAt, ms: attempt.ms },
      error: errorJson(attempt.error),
    })),
  }
}

/** Who calls over HTTP is told no path and no address; and a message has its bound. */
function errorJson(error: FlowError | null) {
  if (error === null) return null
  const says = error.toCallers ?? error.message
  return { code: error.code, message: says.slice(0, limitOf('message')) }
}

/** A place in the list, as its token has it. */
function placeOf(part: unknown): { submittedAt: Instant; id: string } | undefined {
  const [submittedAt, id] = Array.isArray(part) ? part : []
  if (typeof submittedAt !== 'string' || readInstant(submittedAt) !== submittedAt) return undefined
  return typeof id === 'string' && isWellFormed(id) ? { submittedAt, id } : undefined
}
