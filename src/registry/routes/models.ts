import type {} from '@fastify/swagger'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { callerName } from '../../wire/caller.ts'
import { nextPageToken, pageOfQuery } from '../../wire/page.ts'
import * as wire from '../../wire/registry.ts'
import { routeOptions } from '../../wire/route.ts'
import { aliasMove, stageMove } from '../asked-moves.ts'
import { invalid, parseVersion } from '../names.ts'
import type { Asked } from '../promotion.ts'
import type { Registry } from '../registry.ts'
import type { VersionDetails } from '../version-details.ts'
import * as shown from './shown.ts'

export type ModelRouteDeps = { registry: Registry; details: VersionDetails; inProject: (model: string) => boolean }

/** Our own routes of models, beside MLflow's: lists, history, the gate, promotions and who decides them. */
export function modelRoutes(deps: ModelRouteDeps): FastifyPluginAsync {
  return async (app) => {
    lists(app, deps)
    versions(app, deps)
    promotions(app, deps)
    decisions(app, deps)
  }
}

const MODELS_PAGE = 200

function lists(app: FastifyInstance, { registry, inProject }: ModelRouteDeps): void {
  const list = routeOptions({
    tag: 'models',
    summary: 'Registered models, by name, and the names of those that were deleted',
    query: wire.modelsQuery,
    answers: { 200: wire.modelsAnswer },
  })
  app.get<{ Querystring: wire.ModelsQuery }>('/models', list, async ({ query }) => {
    const asked = { filter: query.filter, pageToken: query.page_token, maxResults: MODELS_PAGE }
    const { rows, nextPageToken: next } = await registry.findModels(asked)
    const [models, counts, deleted] = await Promise.all([
      registry.readModels(rows),
      registry.countsOf(rows),
      query.page_token === undefined ? registry.deletedModels() : [],
    ])
    return {
      models: models.map((model) =>
        shown.modelShown(model, { ...counts.get(model.name)!, inProject: inProject(model.name) }),
      ),
      deleted: deleted.map(({ name, atMs, actor }) => ({ name, deleted_at: shown.moment(atMs), by: actor })),
      next_page_token: next ?? null,
    }
  })

  const one = routeOptions({
    tag: 'models',
    summary: 'A registered model: what answers, its aliases, and what a promotion of it needs',
    params: wire.modelParams,
    answers: { 200: wire.modelAnswer },
    errors: [404],
  })
  app.get<{ Params: wire.ModelParams }>('/models/:model', one, async ({ params: { model: name } }) => {
    const model = await registry.getModel(name)
    const [counts, previous] = await Promise.all([registry.countsOf([name]), registry.previousChampion(name)])
    const counted = { ...counts.get(name)!, inProject: inProject(name) }
    return {
      ...shown.modelShown(model, counted),
      promotion: shown.policyShown(registry.policyOf(name)),
      previous,
    }
  })

  const history = routeOptions({
    tag: 'models',
    summary: 'Who moved what, from where to where, when and why; of the models of this name that were deleted too',
    params: wire.modelParams,
    query: wire.historyQuery,
    answers: { 200: wire.historyAnswer },
    errors: [404],
  })
  type History = { Params: wire.ModelParams; Querystring: wire.HistoryQuery }
  app.get<History>('/models/:model/history', history, async ({ params: { model: name }, query }) => {
    const version = query.version === undefined ? undefined : parseVersion(query.version)
    const deleted = query.deleted === 'true'
    const lines = await (deleted ? registry.historyOfDeleted(name, version) : registry.history(name, version))
    if (lines.length === 0) await registry.getModel(name)
    return { transitions: lines.map(shown.transitionShown) }
  })
}

function versions(app: FastifyInstance, { registry, details }: ModelRouteDeps): void {
  const list = routeOptions({
    tag: 'models',
    summary: 'The versions of a model, newest first',
    params: wire.modelParams,
    query: wire.versionsQuery,
    answers: { 200: wire.versionsAnswer },
    errors: [404],
  })
  type List = { Params: wire.ModelParams; Querystring: wire.VersionsQuery }
  app.get<List>('/models/:model/versions', list, async ({ params: { model: name }, query }) => {
    const { limit, before } = pageOfQuery(query)
    await registry.getModel(name)
    const rows = await registry.versionsPage(name, { limit, before })
    const next = nextPageToken(rows, limit, ({ version }) => version)
    return { versions: rows.map(shown.versionShown), next_page_token: next }
  })

  const one = routeOptions({
    tag: 'models',
    summary: 'A version: its stage and aliases, what it takes and gives, what its run measured',
    params: wire.versionParams,
    answers: { 200: wire.versionAnswer },
    errors: [404],
  })
  app.get<{ Params: wire.VersionParams }>('/models/:model/versions/:version', one, async ({ params }) => {
    const version = await registry.getVersion(params.model, parseVersion(params.version))
    return { ...shown.versionShown(version), model: version.name, ...(await details.of(version)) }
  })

  const gate = routeOptions({
    tag: 'models',
    summary: 'What the gate says of a version, and how it differs from the champion',
    params: wire.versionParams,
    answers: { 200: wire.gateAnswer },
    errors: [404],
  })
  app.get<{ Params: wire.VersionParams }>('/models/:model/versions/:version/gate', gate, async ({ params }) => {
    const version = parseVersion(params.version)
    const verdict = await registry.verdict(params.model, version)
    const comparison = await details.comparison(await registry.getVersion(params.model, version), verdict.champion)
    const needs = registry.policyOf(params.model).approvals > 0
    return { ...shown.gateShown(verdict), comparison, needs_approval: needs }
  })
}

function promotions(app: FastifyInstance, { registry }: ModelRouteDeps): void {
  const answers = { 200: wire.promotedAnswer, 202: wire.waitingAnswer }
  const answer = (asked: Asked, name: string) => {
    if (asked.state === 'waiting') return { state: 'waiting', request: shown.requestShown(asked.request) }
    const { version } = asked
    const { stage = null, aliases = [] } = version ?? {}
    return { state: 'made', model: name, version: version?.version ?? null, stage, aliases }
  }
  const make = routeOptions({
    tag: 'models',
    summary: 'Give a version a stage or an alias: 200 where that is done, 202 where it waits for another pair of eyes',
    params: wire.modelParams,
    body: wire.promotionRequest,
    answers,
    errors: [404, 409],
  })
  type Make = { Params: wire.ModelParams; Body: wire.PromotionBody }
  app.post<Make>('/models/:model/promotions', make, async ({ params: { model: name }, body, headers }, reply) => {
    const said = { actor: callerName(headers, 'http'), comment: requireReason(body.reason) }
    const asked = await registry.promote(moveOf(name, body), said)
    if (asked.state === 'waiting') reply.code(202)
    return answer(asked, name)
  })

  const back = routeOptions({
    tag: 'models',
    summary: 'The way back: the version that answered before this one comes to Production again',
    params: wire.modelParams,
    body: wire.backRequest,
    answers,
    errors: [404, 409],
  })
  type Back = { Params: wire.ModelParams; Body: wire.BackBody }
  app.post<Back>('/models/:model/back', back, async ({ params: { model: name }, body, headers }, reply) => {
    const said = { actor: callerName(headers, 'http'), comment: requireReason(body.reason) }
    const asked = await registry.back(name, said)
    if (asked.state === 'waiting') reply.code(202)
    return answer(asked, name)
  })

  const list = routeOptions({
    tag: 'models',
    summary: 'Promotions that wait or waited for another pair of eyes, newest first',
    params: wire.modelParams,
    query: wire.requestsQuery,
    answers: { 200: wire.requestsAnswer },
  })
  type List = { Params: wire.ModelParams; Querystring: wire.RequestsQuery }
  app.get<List>('/models/:model/promotions', list, ({ params: { model: name }, query }) => page(registry, name, query))

  const all = routeOptions({
    tag: 'models',
    summary: 'The same of all models',
    query: wire.requestsQuery,
    answers: { 200: wire.requestsAnswer },
  })
  app.get<{ Querystring: wire.RequestsQuery }>('/promotions', all, ({ query }) => page(registry, null, query))
}

async function page(registry: Registry, name: string | null, query: wire.RequestsQuery) {
  const { limit, before } = pageOfQuery(query)
  const found = await registry.requests({ name, open: query.open === 'true', limit, before })
  const next = nextPageToken(found, limit, ({ id }) => id)
  return { requests: found.map(shown.requestShown), next_page_token: next }
}

function decisions(app: FastifyInstance, { registry }: ModelRouteDeps): void {
  const decided = {
    accept: [registry.accept, 'Accept a promotion that somebody else asked for: it is made'],
    decline: [registry.decline, 'Decline a promotion: nothing changes'],
    withdraw: [registry.takeBack, 'Take back a promotion that one asked for oneself'],
  } as const
  type Decide = { Params: wire.RequestParams; Body: wire.DecisionBody }
  for (const [what, [decide, summary]] of Object.entries(decided)) {
    const options = routeOptions({
      tag: 'models',
      summary,
      params: wire.requestParams,
      body: wire.decisionRequest,
      answers: { 200: wire.requestAnswer },
      errors: [404, 409],
    })
    app.post<Decide>(`/models/:model/promotions/:id/${what}`, options, async ({ params, body }) => {
      const id = /^\d{1,15}$/.test(params.id) ? Number(params.id) : 0
      const { reason, champion } = body
      const seen = champion === undefined ? {} : { champion }
      return shown.requestShown(await decide({ name: params.model, id, reason, ...seen }))
    })
  }
}

function moveOf(name: string, { version, stage, alias, keep_existing: keep = false }: wire.PromotionBody) {
  if ((stage === undefined) === (alias === undefined)) throw invalid('name either a stage or an alias')
  if (alias !== undefined) return aliasMove({ name, version: version ?? null, alias })
  if (version === undefined || version === null || stage === undefined)
    throw invalid('version: which one comes to that stage?')
  return stageMove({ name, version, stage, archiveExisting: !keep && (stage === 'Staging' || stage === 'Production') })
}

function requireReason(reason: string): string {
  if (reason.trim() === '') throw invalid('reason: say why, for the history')
  return reason
}
