/** How models, versions and requests look at our own routes. */
import { type Instant, instantOfMs } from '../../base/instant.ts'
import { actorNow } from '../../identity/principal.ts'
import type * as wire from '../../wire/registry.ts'
import type { GateVerdict } from '../gate-verdict.ts'
import { isOwnWish, type PromotionRequest } from '../queries/requests.ts'
import type { ModelVersion, RegisteredModel, Registry, Transition } from '../registry.ts'
import { isOwn } from '../source.ts'

export const moment = (ms: number): Instant => instantOfMs(ms)

export function modelShown(
  model: RegisteredModel,
  more: { versions: number; waiting: number; inProject: boolean },
): wire.ModelsAnswer['models'][number] {
  const { name, description, creationMs, lastUpdateMs, tags, aliases, latestVersions } = model
  const stages = latestVersions
    .filter(({ stage }) => stage !== 'None')
    .map(({ stage, version }) => ({ stage, version }))
  return {
    name,
    description,
    created_at: moment(creationMs),
    updated_at: moment(lastUpdateMs),
    tags,
    aliases,
    stages,
    production: stages.find(({ stage }) => stage === 'Production')?.version ?? null,
    newest: latestVersions.reduce<number | null>((most, { version }) => Math.max(most ?? 0, version), null),
    versions: more.versions,
    waiting: more.waiting,
    in_project: more.inProject,
  }
}

export function policyShown({
  approvals,
  expiresMs,
  gate,
}: ReturnType<Registry['policyOf']>): wire.ModelAnswer['promotion'] {
  const rules = gate.map(({ metric, atLeast, atMost, worseBy, better }) => ({
    ...{ metric, better },
    ...{ at_least: atLeast, at_most: atMost, worse_by: worseBy },
  }))
  return { approvals, expires_seconds: expiresMs / 1000, gate: rules }
}

export function versionShown(version: ModelVersion): wire.VersionRow {
  const { stage, aliases, description, runId, source, status, tags } = version
  return {
    version: version.version,
    ...{ stage, aliases, description, source, status, tags },
    created_at: moment(version.creationMs),
    updated_at: moment(version.lastUpdateMs),
    run_id: runId,
    own_files: isOwn(version.location),
  }
}

export function transitionShown(line: Transition): wire.HistoryAnswer['transitions'][number] {
  const { version, kind, from, to, actor, comment, details, atMs, endedMs } = line
  const ended = endedMs === null ? null : moment(endedMs)
  return { version, kind, from, to, actor, comment, details, at: moment(atMs), ended_at: ended }
}

export function gateShown({
  passed,
  rules,
  champion,
  metrics,
}: GateVerdict): Omit<wire.GateAnswer, 'comparison' | 'needs_approval'> {
  return { passed, rules: rules.map(numbersOnly), champion, metrics: metrics.map(numbersOnly) }
}

/** JSON has no NaN and no infinity. */
function numbersOnly<T extends { value: number | null; champion: number | null }>(row: T): T {
  const finite = (value: number | null) => (value !== null && Number.isFinite(value) ? value : null)
  return { ...row, value: finite(row.value), champion: finite(row.champion) }
}

export function requestShown(request: PromotionRequest): wire.RequestAnswer {
  const { id, name, version, kind, target, champion, reason, state } = request
  return {
    ...{ id, model: name, version, kind, target, champion, reason, state },
    asked_by: request.askedBy,
    asked_at: request.askedAt,
    expires_at: request.expiresAt,
    decided_by: request.decidedBy,
    decided_reason: request.decidedReason,
    decided_at: request.decidedAt,
    own: isOwnWish(request, actorNow()),
  }
}
