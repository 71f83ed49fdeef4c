import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { instantOfMs, parseInstant } from '../../base/instant.ts'
import { atWork } from '../../db/pulse.ts'
import {
  acceptedAnswer,
  doneAnswer,
  type MaterializeRequest,
  materializeQuery,
  materializeRequest,
} from '../../wire/feast.ts'
import { missing, sendJson } from './refusals.ts'
import { type FeastDeps, feastRoute } from './route.ts'

type Asked = { Body: MaterializeRequest; Querystring: { async?: string } }

/** `POST /materialize` and `/materialize-incremental`. */
export function materializeRoutes(app: FastifyInstance, { features, project, clock, log }: FeastDeps): void {
  async function materialize({ query, body }: FastifyRequest<Asked>, reply: FastifyReply, since: boolean) {
    const views = body.feature_views?.length ? body.feature_views : project.featureViews.map((v) => v.name)
    for (const view of views) {
      if (project.featureViews.some((v) => v.name === view)) continue
      throw missing('FeatureViewNotFoundException', `Feature view ${view} does not exist in project ${project.name}`)
    }
    const asOf = body.end_ts ? parseInstant(body.end_ts, 'end_ts') : undefined
    const start = since && body.start_ts ? { since: parseInstant(body.start_ts, 'start_ts') } : {}
    // The end of "until now" is no bound: what happens between two calls would be left out else.
    const bounds = asOf && asOf < instantOfMs(clock.nowMs()) ? { asOf } : {}
    const run = async () => {
      // A database that is away is told at once; the work itself takes as long as it takes.
      await features.viewStates()
      return atWork(() => features.materialize({ views: [...views], ...bounds, ...start, noWait: true }))
    }
    if (query.async !== 'true') {
      await run()
      return sendJson(reply, 200, 'null')
    }
    run().catch((error: unknown) => log.warn({ err: error }, 'a materialization that was asked for failed'))
    return sendJson(reply, 202, JSON.stringify({ status: 'accepted', feature_views: views }))
  }

  const options = (summary: string) =>
    feastRoute({
      summary,
      query: materializeQuery,
      body: materializeRequest,
      answers: { 200: doneAnswer, 202: acceptedAnswer },
    })
  app.post<Asked>('/materialize', options('Brings features online, between two moments'), (request, reply) =>
    materialize(request, reply, true),
  )
  app.post<Asked>('/materialize-incremental', options('Brings online what came since'), (request, reply) =>
    materialize(request, reply, false),
  )
}
