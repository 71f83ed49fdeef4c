import type {} from '@fastify/swagger'
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import { PlatformError } from '../base/errors.ts'
import { createGate } from '../base/gate.ts'
import { parseInstant } from '../base/instant.ts'
import { type OnProgress, withProgress } from '../base/progress.ts'
import type { Project } from '../config/project.ts'
import type { Lake } from '../lake/lake.ts'
import { callerName } from '../wire/caller.ts'
import * as wire from '../wire/deliveries.ts'
import { limitOf } from '../wire/limits.ts'
import { nextPageToken, pageOfQuery } from '../wire/page.ts'
import { routeOptions } from '../wire/route.ts'
import type { Finding } from './finding.ts'
import type { Ingest, IngestMonth } from './ingest.ts'
import type { Delivery } from './queries.ts'
import { columnRoutes } from './routes/columns.ts'
import { snapshotRoutes } from './routes/snapshots.ts'
import { sourceRoutes } from './routes/sources.ts'
import type { Proposal } from './sample.ts'
import { UPLOAD } from './sample-hints.ts'
import { receiveFiles } from './upload.ts'

export type DeliveryDeps = {
  ingest: Ingest
  lake: Lake
  project: Project
  bytesMax: number
  /** Who hears how far a delivery is, by the name that its caller gave it. */
  progressOf?: (work: { delivery: string }) => OnProgress
  /** And that it is over, however it ended. */
  onEnded?: (work: { delivery: string }) => void
}

/** Checking takes all cores and minutes: who finds the house full does well to wait a little. */
const RETRY_AFTER_S = 10

/** Deliveries, and what came of them: sources, snapshots and what is in these. */
export function deliveryRoutes(deps: DeliveryDeps): FastifyPluginAsync {
  return async (app) => {
    await app.register(sendRoute(deps))
    lookRoutes(app, deps)
    sourceRoutes(app, deps)
    snapshotRoutes(app, deps)
    columnRoutes(app, deps)
  }
}

function sendRoute({ ingest, lake, project, bytesMax, progressOf, onEnded }: DeliveryDeps): FastifyPluginAsync {
  const most = limitOf('deliveriesOpen')
  const inTurn = createGate({ atOnce: 1, waiting: most })
  let open = 0
  return async (app) => {
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('multipart/form-data', (_request, payload, done) => done(null, payload))
    const options = routeOptions({
      tag: 'data',
      summary: 'Take in the files of one moment, wholly or not at all, as `weir ingest` does',
      description:
        'The answer comes when all is checked and taken in. Refused with 422 and all findings; with dry_run also with what to write in the project (proposals) where a file is written in another way than its source says.',
      query: wire.sendQuery,
      files:
        'One part for each source. The parts are the folder of a delivery: each has the file name that the project gives its source, or is called as the source.',
      answers: { 200: wire.sendAnswer, 201: wire.delivered },
      errors: [404, 409, 422, 507],
    })
    app.post<{ Querystring: wire.SendQuery }>('/deliveries', options, async (request, reply) => {
      // What is refused is not read to its end, so the connection cannot serve another request.
      reply.header('connection', 'close')
      const { month, chosen } = readQuery(ingest, request)
      if (open >= most) {
        reply.header('retry-after', RETRY_AFTER_S)
        throw new PlatformError('unavailable', `${most} deliveries are under way here; send it again in a moment`)
      }
      const { watch } = request.query
      const onProgress = watch === undefined ? undefined : progressOf?.({ delivery: watch })
      const watched = <T>(work: () => Promise<T>) =>
        inTurn(() => (onProgress ? withProgress(onProgress, work) : work()))
      open++
      try {
        return await lake.withScratch(async (dir) => {
          const { headers } = request
          const body = request.body as FastifyRequest['raw'] | undefined
          if (!body) throw new PlatformError('invalid_argument', 'the body is empty; send the files in it')
          await receiveFiles({ headers, body, sources: chosen ?? project.sources, bytesMax }, dir)
          reply.removeHeader('connection')
          const delivered = { ...month, dir, from: UPLOAD, actor: callerName(headers, 'http') }
          if (request.query.dry_run === 'true') {
            const { asOf, ...checked } = await watched(() =>
              ingest.checkMonth(delivered).catch(withProposals(ingest, dir)),
            ).catch(asProblem)
            return { as_of: asOf, state: 'checked', ...checked, findings: checked.findings.map(wire.findingJson) }
          }
          const report = await watched(() => ingest.ingestMonth(delivered)).catch(asProblem)
          const findings = [...report.findings, ...report.sources.flatMap((s) => s.findings)]
          if (report.state === 'accepted') reply.code(201)
          reply.header('location', `/deliveries/${report.delivery}`)
          return {
            id: report.delivery,
            as_of: report.asOf,
            state: report.state,
            sources: report.sources.map(({ findings: _, ...source }) => source),
            findings: findings.map(wire.findingJson),
          }
        })
      } finally {
        open--
        if (watch !== undefined) onEnded?.({ delivery: watch })
      }
    })
  }
}

/** All that can be refused before a byte of the body is read. */
function readQuery(ingest: Ingest, { query }: FastifyRequest<{ Querystring: wire.SendQuery }>) {
  const names = query.source === undefined ? undefined : [query.source].flat()
  const month: IngestMonth = { asOf: parseInstant(query.as_of, 'as_of'), sources: names }
  const chosen = ingest.requireMonth(month)
  return { month, chosen }
}

type Refusal = { delivery?: number; asOf: string; findings: Finding[]; proposals?: Proposal[] }

/** Whoever only asks is told as well what to write in the project, where a file is written in another way. */
function withProposals(ingest: Ingest, dir: string) {
  return async (error: unknown): Promise<never> => {
    if (!(error instanceof PlatformError) || error.code !== 'delivery_refused') throw error
    const details = error.details as Refusal
    const proposals = await ingest.propose(dir, details.findings)
    throw new PlatformError(error.code, error.message, { details: { ...details, proposals }, cause: error })
  }
}

/** A refusal with the members that HTTP has. */
function asProblem(error: unknown): never {
  if (!(error instanceof PlatformError) || error.code !== 'delivery_refused') throw error
  const { delivery, asOf, findings, proposals } = error.details as Refusal
  const details = {
    ...(delivery === undefined ? {} : { id: delivery }),
    as_of: asOf,
    findings: findings.map(wire.findingJson),
    ...(proposals ? { proposals: proposals.map(wire.proposalJson) } : {}),
  }
  throw new PlatformError('delivery_refused', error.message, { details, cause: error })
}

function lookRoutes(app: FastifyInstance, { ingest, lake }: DeliveryDeps): void {
  const list = routeOptions({
    tag: 'data',
    summary: 'The deliveries so far, newest first, also refused ones',
    query: wire.deliveriesQuery,
    answers: { 200: wire.deliveriesAnswer },
  })
  app.get<{ Querystring: wire.DeliveriesQuery }>('/deliveries', list, async ({ query }) => {
    const { limit, before } = pageOfQuery(query)
    const { source, state, as_of: asOf } = query
    const found = await ingest.deliveries({ source, state, asOf, before, limit: limit + 1 })
    const token = nextPageToken(found, limit, (d) => d.id)
    return { deliveries: found.map(summaryJson), next_page_token: token }
  })

  const one = routeOptions({
    tag: 'data',
    summary: 'One delivery: who brought which files when, what became of them, and all that was found',
    params: wire.deliveryParam,
    answers: { 200: wire.deliveryAnswer },
    errors: [404],
  })
  app.get<{ Params: { id: string } }>('/deliveries/:id', one, async ({ params }) => {
    const found = /^\d{1,15}$/.test(params.id) ? await ingest.delivery(Number(params.id)) : undefined
    if (!found) throw new PlatformError('not_found', `there is no delivery '${params.id.slice(0, 20)}'`)
    return { ...headJson(found), findings: found.findings.map(wire.findingJson) }
  })

  const snapshots = routeOptions({
    tag: 'data',
    summary: 'The snapshots, newest first: each version of each source and moment, also those taken back',
    query: wire.snapshotsQuery,
    answers: { 200: wire.snapshotsAnswer },
  })
  app.get<{ Querystring: wire.SnapshotsQuery }>('/snapshots', snapshots, async ({ query }) => {
    const { limit, before } = pageOfQuery(query)
    const found = await lake.page({
      source: query.source,
      validAt: query.as_of === undefined ? undefined : parseInstant(query.as_of, 'as_of'),
      withdrawn: query.withdrawn === undefined ? undefined : query.withdrawn === 'true',
      before,
      limit: limit + 1,
    })
    const token = nextPageToken(found, limit, (s) => s.seq)
    return { snapshots: found.map(wire.snapshotJson), next_page_token: token }
  })
}

function headJson(d: Delivery) {
  const { id, state, actor, sources, files } = d
  const times = { started_at: d.startedAt, finished_at: d.finishedAt }
  return { id, as_of: d.asOf, state, actor, from: d.directory, ...times, sources, files }
}

function summaryJson(d: Delivery) {
  const errors = d.findings.filter((f) => f.severity === 'error').length
  return { ...headJson(d), errors, warnings: d.findings.length - errors }
}
