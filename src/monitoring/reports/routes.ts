import type { FastifyPluginAsync } from 'fastify'
import { type Instant, parseInstant } from '../../base/instant.ts'
import { longPage } from '../../db/long-work.ts'
import * as wire from '../../wire/drift-requests.ts'
import { nextPageToken, pageOfQuery } from '../../wire/page.ts'
import { routeOptions } from '../../wire/route.ts'
import type { DriftOptions, Side } from '../drift/sides.ts'
import { reportPage } from './page.ts'
import type { KeptReport, ReportLine, Reports } from './reports.ts'

/** `POST GET /drift-reports`, `GET /drift-reports/{id}`, and the same as a page that stands alone. */
export function reportRoutes(reports: Reports): FastifyPluginAsync {
  return async (app) => {
    // What is in the data stays in no cache on the way.
    app.addHook('onSend', async (_request, reply) => void reply.header('cache-control', 'no-store'))

    const make = routeOptions({
      tag: 'data',
      summary: 'Compare two sides of the data column by column, as `weir drift` does, and keep the report',
      description: 'The same content is the same report, under the same id; the newest 1,000 are kept.',
      body: wire.driftReportBody,
      answers: { 200: wire.driftReportAnswer },
      errors: [404, 409],
    })
    app.post<{ Body: wire.DriftReportBody }>('/drift-reports', make, async ({ body }) => {
      const request = {
        reference: sideOf(body.reference, 'reference'),
        current: sideOf(body.current, 'current'),
        options: optionsOf(body),
      }
      return answerOf(await longPage(() => reports.make(request)))
    })

    const list = routeOptions({
      tag: 'data',
      summary: 'The reports of drift that were made, the newest first',
      query: wire.driftReportsQuery,
      answers: { 200: wire.driftReportsAnswer },
    })
    app.get<{ Querystring: wire.DriftReportsQuery }>('/drift-reports', list, async ({ query }) => {
      const { limit, before } = pageOfQuery(query)
      const of = query.of === undefined ? {} : { on: query.of }
      const found = await reports.list({ ...of, limit: limit + 1, before })
      const next_page_token = nextPageToken(found, limit, ({ number }) => number)
      return { reports: found.map(lineOf), next_page_token }
    })

    const one = routeOptions({
      tag: 'data',
      summary: 'A report of drift',
      params: wire.driftReportId,
      answers: { 200: wire.driftReportAnswer },
      errors: [404],
    })
    app.get<{ Params: { id: string } }>('/drift-reports/:id', one, async ({ params }) =>
      answerOf(await reports.get(params.id)),
    )

    const page = routeOptions({
      tag: 'data',
      summary: 'A report of drift as one HTML file that asks nobody for anything',
      params: wire.driftReportId,
      answers: { 200: { type: 'text/html', description: 'The page.' } },
      errors: [404],
    })
    app.get<{ Params: { id: string } }>('/drift-reports/:id/page', page, async ({ params }, reply) => {
      const kept = await reports.get(params.id)
      return reply.type('text/html; charset=utf-8').send(reportPage(kept))
    })
  }
}

function sideOf(body: wire.DriftSideBody, where: string): Side {
  if (body.kind === 'predictions') {
    const { from, to, ...rest } = body
    return { ...rest, from: parseInstant(from, `${where}.from`), to: parseInstant(to, `${where}.to`) } as Side
  }
  const { as_of, known_at, ...rest } = body
  const known: { knownAt?: Instant } =
    known_at === undefined ? {} : { knownAt: parseInstant(known_at, `${where}.known_at`) }
  return { ...rest, asOf: parseInstant(as_of, `${where}.as_of`), ...known } as Side
}

function optionsOf({
  drift_share: driftShare,
  reference: _,
  current: __,
  ...rest
}: wire.DriftReportBody): DriftOptions {
  return { ...rest, ...(driftShare === undefined ? {} : { driftShare }) } as DriftOptions
}

function lineOf({ id, on, at, share, drifted, says, madeAt, madeBy }: ReportLine): wire.DriftReportLine {
  return { id, of: on, at, share, drifted, says, made_at: madeAt, made_by: madeBy }
}

function answerOf(kept: KeptReport): wire.DriftReportAnswer {
  return { ...lineOf(kept), report: kept.report }
}
