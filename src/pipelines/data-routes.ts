import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { actorNow } from '../identity/principal.ts'
import { snapshotOf } from '../ingest/routes/named-snapshot.ts'
import { snapshotJson } from '../wire/deliveries.ts'
import * as wire from '../wire/lineage.ts'
import { routeOptions } from '../wire/route.ts'
import { type SnapshotParams, snapshotParams } from '../wire/snapshots.ts'
import { type Impact, impactOfSnapshot } from './impact.ts'
import { lineageOf } from './lineage.ts'
import type { LineageDeps } from './lineage-rooms.ts'
import type { WithdrawFlowRequest, WithdrawReport } from './withdraw.ts'

type Deps = LineageDeps & { withdraw(request: WithdrawFlowRequest): Promise<WithdrawReport> }

/** Who read a snapshot, taking it back, and where anything came from: `/snapshots/…/impact`, `…/withdraw`, `/lineage`. */
export function dataRoutes(deps: Deps): FastifyPluginAsync {
  return async (app) => {
    impactRoute(app, deps)
    withdrawRoute(app, deps)
    const lineage = routeOptions({
      tag: 'data',
      summary: 'Where something came from, and all that it touched: from a delivered file to the answers, and back',
      query: wire.lineageQuery,
      answers: { 200: wire.lineageAnswer },
      errors: [404],
    })
    app.get<{ Querystring: { of: string } }>('/lineage', lineage, ({ query }) => lineageOf(deps, query.of))
  }
}

function impactRoute(app: FastifyInstance, deps: Deps): void {
  const options = routeOptions({
    tag: 'data',
    summary: 'Who read a snapshot: training sets, runs, versions, live views; as `weir impact` tells it',
    params: snapshotParams,
    answers: { 200: wire.impactAnswer },
    errors: [404],
  })
  app.get<{ Params: SnapshotParams }>('/snapshots/:source/:as_of/:version/impact', options, async ({ params }) =>
    impactJson(await impactOfSnapshot(deps, await snapshotOf(deps.lake, params))),
  )
}

function withdrawRoute(app: FastifyInstance, deps: Deps): void {
  const options = routeOptions({
    tag: 'data',
    summary: 'Take a snapshot back, as `weir withdraw` does; live views that showed it are corrected',
    description:
      'For whatever is known from now on it is not there, and what counts of its moment without it does. What was built before stays as it is. The answer comes when the live views are corrected.',
    params: snapshotParams,
    body: wire.withdrawBody,
    answers: { 200: wire.withdrawAnswer },
    errors: [404, 409],
  })
  type Request = { Params: SnapshotParams; Body: wire.WithdrawBody }
  app.post<Request>('/snapshots/:source/:as_of/:version/withdraw', options, async ({ params, body }) => {
    const { source, validAt, version } = await snapshotOf(deps.lake, params)
    const wish = { source, validAt, version, actor: actorNow().name, reason: body.reason }
    const { snapshot, countsNow, impact, views } = await deps.withdraw(wish)
    const brought = views.map(({ view }) => view)
    return { snapshot: snapshotJson(snapshot), counts_now: countsNow, views: brought, impact: impactJson(impact) }
  })
}

function impactJson(impact: Impact) {
  const { snapshot, trainingSets, runs, versions, liveViews, unanswered } = impact
  const counted = (counts: Impact['answers']) => counts?.map(({ refusals: _, ...each }) => each) ?? null
  return {
    snapshot: snapshotJson(snapshot),
    training_sets: trainingSets.map(({ asOf, knownAt, builtAt, mode: _, ...set }) => {
      return { ...set, as_of: asOf, known_at: knownAt, built_at: builtAt }
    }),
    runs:
      runs?.map(({ runId, runName, status, trainingSet }) => {
        return { run_id: runId, run_name: runName, status, training_set: trainingSet }
      }) ?? null,
    versions: versions?.map(({ runId, ...version }) => ({ ...version, run_id: runId })) ?? null,
    live_views: liveViews.map(({ view, asOf }) => ({ view, as_of: asOf })),
    // A run of a release before told nothing of answers.
    answers: counted(impact.answers ?? null),
    version_answers: counted(impact.versionAnswers ?? []) ?? [],
    unanswered,
  }
}
