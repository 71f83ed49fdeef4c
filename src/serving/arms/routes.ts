import type {} from '@fastify/swagger'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { PlatformError } from '../../base/errors.ts'
import { instantOfMs } from '../../base/instant.ts'
import type { Project } from '../../config/project.ts'
import type { Sql } from '../../db/sql.ts'
import { canaryMove } from '../../registry/asked-moves.ts'
import { invalid, parseVersion } from '../../registry/names.ts'
import type { Arm, Registry } from '../../registry/registry.ts'
import { requestShown } from '../../registry/routes/shown.ts'
import * as wire from '../../wire/arms.ts'
import { callerName } from '../../wire/caller.ts'
import { type ModelParams, modelParams } from '../../wire/registry.ts'
import { routeOptions } from '../../wire/route.ts'
import { numbersOf } from './gate.ts'
import { readTrial } from './trial-counts.ts'

export type ArmRouteDeps = { sql: Sql; registry: Registry; project: Pick<Project, 'models' | 'tracking'> }

/** `GET /models/{model}/arms`, `PUT /models/{model}/arms/{version}`, and `POST …/stop`. */
export function armRoutes(deps: ArmRouteDeps): FastifyPluginAsync {
  return async (app) => {
    list(app, deps)
    changes(app, deps)
  }
}

function list(app: FastifyInstance, { sql, registry, project }: ArmRouteDeps): void {
  const options = routeOptions({
    tag: 'models',
    summary: 'The versions that answer for a model, or are tried beside the one that does, with their numbers',
    params: modelParams,
    answers: { 200: wire.armsAnswer },
    errors: [404],
  })
  app.get<{ Params: ModelParams }>('/models/:model/arms', options, async ({ params: { model: name } }) => {
    await registry.getModel(name)
    const model = project.models.find((one) => one.name === name)
    return { arms: await armsOf({ sql, registry }, name), rules: model ? rulesShown(model) : null }
  })
}

/** The champion first, then the canary, then shadows. */
export async function armsOf(
  { sql, registry }: Pick<ArmRouteDeps, 'sql'> & { registry: Pick<Registry, 'inStage' | 'arms'> },
  name: string,
): Promise<wire.ArmsAnswer['arms']> {
  const [champion, arms] = await Promise.all([registry.inStage(name, 'Production'), registry.arms(name)])
  const counted = await Promise.all(arms.map(({ trial }) => readTrial(sql, trial)))
  const canary = arms.find(({ role }) => role === 'canary')
  const beside = arms.map((arm, i) => armShown(arm, numbersOf(counted[i]!.all.arm)))
  if (!champion) return beside
  const first = counted[canary ? arms.indexOf(canary) : 0]
  const numbers = first ? numbersOf(first.all.champion) : null
  const share = 1 - (canary?.share ?? 0)
  const none = { began_at: null, changed_at: null, changed_by: null }
  return [{ version: champion.version, role: 'champion', share, ...none, numbers }, ...beside]
}

function armShown({ version, role, share, beganMs, changedMs, changedBy }: Arm, numbers: ReturnType<typeof numbersOf>) {
  const times = { began_at: instantOfMs(beganMs), changed_at: instantOfMs(changedMs), changed_by: changedBy }
  return { version, role, share, ...times, numbers }
}

function rulesShown({ serving }: Project['models'][number]): wire.ArmsAnswer['rules'] {
  const { errors, p99Times, drift, quality, leastRequests, promoteAfterMs } = serving.canary
  return {
    errors,
    p99_times: p99Times,
    drift,
    quality: quality && { metric: quality.metric, worse_by: quality.worseBy },
    least_requests: leastRequests,
    promote_after_seconds: promoteAfterMs === null ? null : promoteAfterMs / 1000,
  }
}

function changes(app: FastifyInstance, { registry, project }: ArmRouteDeps): void {
  const set = routeOptions({
    tag: 'models',
    summary:
      'Make a version a canary or a shadow, or give the canary another share: 202 where that waits for another pair of eyes',
    params: wire.armParams,
    body: wire.armRequest,
    answers: { 200: wire.armMadeAnswer, 202: wire.armWaitingAnswer },
    errors: [404, 409],
  })
  type Set = { Params: wire.ArmParams; Body: wire.ArmBody }
  app.put<Set>('/models/:model/arms/:version', set, async ({ params, body, headers }, reply) => {
    const { model: name } = params
    const version = parseVersion(params.version)
    const said = { actor: callerName(headers, 'http'), comment: requireReason(body.reason) }
    requireOwnVersions(project)
    const { role, share = 0 } = body
    if (role === 'shadow') {
      if (share !== 0) throw invalid('share: a shadow answers for no keys; leave share out')
      await registry.shadow(name, version, said)
      return { state: 'made', model: name, version, role, share }
    }
    if (share === 0) throw invalid('share: which share of the keys does the canary answer for? 0.05 is 5 %')
    const asked = await registry.promote(canaryMove({ name, version, share }), said)
    if (asked.state === 'made') return { state: 'made', model: name, version, role, share }
    reply.code(202)
    return { state: 'waiting', request: requestShown(asked.request) }
  })

  const stop = routeOptions({
    tag: 'models',
    summary: "Roll a canary back, or stop a shadow: its keys are the champion's again",
    params: wire.armParams,
    body: wire.armEndRequest,
    answers: { 200: wire.armMadeAnswer },
    errors: [404, 409],
  })
  type Stop = { Params: wire.ArmParams; Body: wire.ArmEndBody }
  app.post<Stop>('/models/:model/arms/:version/stop', stop, async ({ params, body, headers }) => {
    const { model: name } = params
    const version = parseVersion(params.version)
    const said = { actor: callerName(headers, 'http'), comment: requireReason(body.reason) }
    await registry.stopArm(name, version, said)
    return { state: 'made', model: name, version, role: null, share: 0 }
  })
}

/** What another MLflow server has is not held to any rule here. */
export function requireOwnVersions({ tracking }: Pick<Project, 'tracking'>): void {
  if (tracking === null) return
  throw new PlatformError(
    'conflict',
    `this project logs to another MLflow server (tracking: ${tracking}), which has the versions: a canary or shadow needs them here`,
  )
}

function requireReason(reason: string): string {
  if (reason.trim() === '') throw invalid('reason: say why, for the history')
  return reason
}
