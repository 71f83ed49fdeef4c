import type { FastifyPluginAsync } from 'fastify'
import { type OverviewAnswer, overviewAnswer } from '../wire/overview.ts'
import { routeOptions } from '../wire/route.ts'
import type { createOverview } from './overview.ts'
import type { Standing } from './standing.ts'

/** `GET /overview`. */
export function overviewRoutes({ overview }: ReturnType<typeof createOverview>): FastifyPluginAsync {
  return async (app) => {
    const options = routeOptions({
      tag: 'state',
      summary:
        'How the project stands: newest months, freshness, what answers, last flows, and problems with what to do',
      answers: { 200: overviewAnswer },
    })
    app.get('/overview', options, async () => overviewJson(await overview()))
  }
}

function overviewJson({ project, weir, at, sources, views, models, runs, problems }: Standing): OverviewAnswer {
  return {
    project,
    weir,
    at,
    sources: sources.map(({ name, kind, newest }) => {
      if (newest === null) return { name, kind, newest }
      const { id, validAt, recordedAt, rows } = newest
      return { name, kind, newest: { snapshot: id, valid_at: validAt, recorded_at: recordedAt, rows } }
    }),
    feature_views: views.map(({ name, source, state, validAt, materializedAt, rows, ttlMs }) => {
      const ttl = ttlMs === null ? null : ttlMs / 1000
      return { name, source, state, valid_at: validAt, materialized_at: materializedAt, rows, ttl_seconds: ttl }
    }),
    models: models.map(({ name, views: asked, live, problem, perSecond, refusedPerSecond, p99Ms }) => ({
      name,
      views: asked,
      live: live && { version: live.version, run_id: live.runId },
      problem,
      requests_per_second: perSecond,
      refused_per_second: refusedPerSecond,
      p99_ms: p99Ms,
    })),
    flows: runs.map(({ id, flow, state, submittedAt, startedAt, finishedAt, error }) => {
      const times = { submitted_at: submittedAt, started_at: startedAt, finished_at: finishedAt }
      return { run: id, flow, state, ...times, error: error?.message ?? null }
    }),
    problems,
  }
}
