import type { Clock } from '../base/clock.ts'
import { PlatformError } from '../base/errors.ts'
import { instantOfMs, msOfInstant } from '../base/instant.ts'
import type { Promotion } from '../config/project.ts'
import type { Sql } from '../db/sql.ts'
import { recordChange } from '../identity/audit.ts'
import { actorNow } from '../identity/principal.ts'
import { wasRevoked } from '../identity/tokens.ts'
import { aliasMove, changesWhoAnswers, moveOf, stageMove } from './asked-moves.ts'
import type { GateVerdict } from './gate-verdict.ts'
import { noModel } from './models.ts'
import { actorOf, isDone, type Move, make, standingOf } from './moves.ts'
import { invalid, isActiveStage, type Stage } from './names.ts'
import {
  forbidden,
  noRequest,
  otherChampion,
  otherPlace,
  over,
  ownWish,
  revokedWish,
  waits,
} from './promotion-refusals.ts'
import { type KeptTransition, selectStageAt, selectTransitions, selectWasInStage } from './queries/history.ts'
import { holdModel, notifyChanged } from './queries/models.ts'
import { selectPrevious } from './queries/overview.ts'
import {
  decideRequest,
  findRequest,
  findWaiting,
  insertRequest,
  isOwnWish,
  lockRequest,
  type PromotionRequest,
  selectRequests,
} from './queries/requests.ts'
import * as queries from './queries/versions.ts'
import { type ModelVersion, noVersion } from './versions.ts'

export type TransitionRequest = {
  name: string
  version: number
  stage: Stage
  /** The other versions of that stage go to Archived; only for Staging and Production. */
  archiveExisting: boolean
  actor: string
  comment?: string
}

/** Made, or waiting for another pair of eyes: then nothing has changed. */
export type Asked = { state: 'made'; version: ModelVersion | null } | { state: 'waiting'; request: PromotionRequest }

type Deps = {
  sql: Sql
  clock: Clock
  policyOf: (name: string) => Promotion
  verdict: (name: string, version: number) => Promise<GateVerdict>
}

/**
 * Stages and aliases: who answers for a model. Each change is kept with who made it, when, from what to what.
 * - Where a model wants another pair of eyes, whatever changes who answers waits: the way back and a taken-away alias too.
 * - Nobody accepts their own wish, or one of a token that was revoked since. Whoever accepts has seen the champion that is there then, and takes nobody out who came since.
 */
export function createPromotion({ sql, clock, policyOf, verdict }: Deps) {
  const now = () => instantOfMs(clock.nowMs())

  async function promote(
    move: Move,
    { actor, comment = null, details = null }: { actor: string; comment?: string | null; details?: object | null },
  ): Promise<Asked> {
    await requireGate(move)
    const policy = policyOf(move.name)
    return sql.tx(async (tx) => {
      if (!(await holdModel(tx, move.name))) throw absent(move)
      const before = await standingOf(tx, move)
      if (move.version !== null && before.stage === undefined) throw absent(move)
      if (policy.approvals > 0 && changesWhoAnswers(move, before, policy) && !isDone(move, before)) {
        return {
          state: 'waiting',
          request: await ask(tx, move, { champion: before.champion, reason: comment, policy }),
        }
      }
      await make(tx, move, { actor: actorOf(actor), comment, details, atMs: clock.nowMs() })
      return { state: 'made', version: await versionIn(tx, move) }
    })
  }

  async function ask(
    tx: Sql,
    move: Move,
    { champion, reason, policy }: { champion: number | null; reason: string | null; policy: Promotion },
  ): Promise<PromotionRequest> {
    const { name: askedBy, token: askedToken } = actorNow()
    const waiting = await findWaiting(tx, now(), { ...move, askedBy })
    if (waiting) return waiting
    const expiresAt = instantOfMs(clock.nowMs() + policy.expiresMs)
    const request = await insertRequest(tx, {
      ...move,
      champion,
      reason,
      askedBy,
      askedToken,
      askedAt: now(),
      expiresAt,
    })
    const { id, target, version } = request
    const to = { version, [move.kind]: target, champion, expires_at: expiresAt }
    await recordChange(tx, {
      action: 'promotion.asked',
      on: onRequest(id),
      model: move.name,
      from: null,
      to,
      why: reason,
    })
    await notifyChanged(tx, move.name)
    return request
  }

  /** What comes to Production, answers for a share of the keys, or comes to the alias `champion`, has passed the gate. */
  async function requireGate(move: Move): Promise<void> {
    const { name, version, target } = move
    if (version === null || policyOf(name).gate.length === 0) return
    if (target !== 'Production' && move.kind !== 'canary' && !(move.kind === 'alias' && target === 'champion')) return
    // The way back is open: what answered once has passed.
    if (await selectWasInStage(sql, { name, version }, 'Production')) return
    const { passed, rules } = await verdict(name, version)
    if (passed) return
    const said = rules.filter((rule) => !rule.passed).map((rule) => rule.says)
    throw new PlatformError('conflict', `the gate of ${name} refuses version ${version}: ${said.join('; ')}`, {
      details: { rules },
    })
  }

  type Decision = { id: number; reason: string; champion?: number | null }

  /** One who asks, and those who accept, decline, or take it back, one at a time. */
  async function decide(
    state: 'accepted' | 'declined' | 'withdrawn',
    { name, id, reason, champion }: Decision & { name: string },
  ): Promise<PromotionRequest> {
    if (reason.trim() === '') throw invalid('say why, for the record')
    const by = actorNow()
    const asked = await findRequest(sql, now(), id)
    if (asked?.name !== name) throw noRequest(id, name)
    if (state === 'accepted') await requireGate(moveOf(asked))
    await sql.tx(async (tx) => {
      await holdModel(tx, name)
      const request = await lockRequest(tx, now(), id)
      if (!request) throw noRequest(id, name)
      if (request.state !== 'waiting') throw over(request)
      const own = isOwnWish(request, by)
      if (state === 'withdrawn' && !own)
        throw forbidden(`request ${id} was made by ${request.askedBy}: only they take it back; decline it instead`)
      if (state === 'accepted' && own) throw forbidden(ownWish(request, by.kind))
      const { askedToken } = request
      if (state === 'accepted' && askedToken !== null && (await wasRevoked(tx, askedToken))) throw revokedWish(request)
      const at = now()
      await decideRequest(tx, id, { state, by: by.name, token: by.token, reason, at })
      const to = { state, asked_by: request.askedBy }
      const action = `promotion.${state}` as const
      await recordChange(tx, { action, on: onRequest(id), model: name, from: { state: 'waiting' }, to, why: reason })
      if (state === 'accepted') await makeAccepted(tx, request, { champion, by: by.name, reason })
      await notifyChanged(tx, name)
    })
    return getRequest(id)
  }

  async function makeAccepted(
    tx: Sql,
    request: PromotionRequest,
    { champion, by, reason }: { champion: number | null | undefined; by: string; reason: string },
  ): Promise<void> {
    const { id, askedBy } = request
    const move = moveOf(request)
    const before = await standingOf(tx, move)
    if (move.version !== null && before.stage === undefined) throw absent(move)
    const seen = champion === undefined ? request.champion : champion
    if (before.champion !== seen) throw otherChampion(request, before.champion)
    await requireSamePlace(tx, request, before.stage)
    const comment = [request.reason, `accepted by ${by}: ${reason}`].filter((text) => text !== null).join(' · ')
    await make(tx, move, { actor: askedBy, comment, atMs: clock.nowMs(), request: id })
  }

  /** Who came to answer since the wish was made is not taken out by it: nobody saw that. From Staging to Production is a way on. */
  async function requireSamePlace(tx: Sql, request: PromotionRequest, stage: Stage | undefined): Promise<void> {
    const { kind, name, version, target, askedAt } = request
    if (kind !== 'stage' || version === null || stage === undefined || stage === target || !isActiveStage(stage)) return
    if (target === 'Production') return
    const then = await selectStageAt(tx, { name, version }, msOfInstant(askedAt))
    if (then !== stage) throw otherPlace(request, { then, now: stage })
  }

  async function getRequest(id: number): Promise<PromotionRequest> {
    const found = await findRequest(sql, now(), id)
    if (!found) throw noRequest(id)
    return found
  }

  const versionIn = async (tx: Sql, { name, version }: Move) =>
    version === null ? null : ((await queries.selectVersion(tx, name, version)) ?? null)

  /** As MLflow's clients ask: what was not made is refused, and says which request waits. */
  async function madeOrRefused(move: Move, said: { actor: string; comment?: string }): Promise<ModelVersion | null> {
    const asked = await promote(move, said)
    if (asked.state === 'waiting') throw waits(asked.request)
    return asked.version
  }

  async function transition(request: TransitionRequest): Promise<ModelVersion> {
    const { name, version, stage, archiveExisting, ...said } = request
    return (await madeOrRefused(stageMove({ name, version, stage, archiveExisting }), said)) as ModelVersion
  }

  return {
    promote,
    transition,
    async setAlias(request: {
      name: string
      version: number
      alias: string
      actor: string
      comment?: string
    }): Promise<ModelVersion> {
      const { name, version, alias, ...said } = request
      return (await madeOrRefused(aliasMove({ name, version, alias }), said)) as ModelVersion
    },
    /** Does nothing when there is no such alias. */
    async deleteAlias({ name, alias, ...said }: { name: string; alias: string; actor: string }): Promise<void> {
      await madeOrRefused({ kind: 'alias', name, version: null, target: alias, archiveExisting: false }, said)
    },
    accept: (decision: Decision & { name: string }) => decide('accepted', decision),
    decline: (decision: Decision & { name: string }) => decide('declined', decision),
    /** Whoever asked for it takes it back. */
    takeBack: (decision: Decision & { name: string }) => decide('withdrawn', decision),
    getRequest,
    requests: (asked: { name: string | null; open: boolean; limit: number; before: number | null }) =>
      selectRequests(sql, now(), asked),
    policyOf,
    previousChampion: (name: string) => selectPrevious(sql, name),
    /** The version that was in Production before comes there again. */
    async back(name: string, said: { actor: string; comment?: string | null }): Promise<Asked> {
      const version = await selectPrevious(sql, name)
      if (version === null)
        throw new PlatformError('conflict', `no other version of ${name} that is still there was in Production`)
      return promote(stageMove({ name, version, stage: 'Production', archiveExisting: true }), said)
    },
    history: (name: string, version?: number): Promise<KeptTransition[]> =>
      selectTransitions(sql, name, { version: version ?? null, deleted: false }),
    /** Of the models that had this name before and were deleted. */
    historyOfDeleted: (name: string, version?: number): Promise<KeptTransition[]> =>
      selectTransitions(sql, name, { version: version ?? null, deleted: true }),
  }
}

const onRequest = (id: number) => ({ kind: 'promotion', name: String(id) })

function absent({ name, version }: Move): PlatformError {
  return version === null ? noModel(name) : noVersion(name, version)
}
