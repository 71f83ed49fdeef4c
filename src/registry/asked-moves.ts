/** What can be asked for, as moves; and which of them change who answers. */
import type { Promotion } from '../config/project.ts'
import type { Move, Standing } from './moves.ts'
import { checkAlias, invalid, isActiveStage, type Stage } from './names.ts'
import type { PromotionRequest } from './queries/requests.ts'

export function stageMove(asked: { name: string; version: number; stage: Stage; archiveExisting: boolean }): Move {
  const { name, version, stage: target, archiveExisting } = asked
  if (archiveExisting && !isActiveStage(target)) {
    throw invalid(
      `Model version transition cannot archive existing model versions because '${target}' is not an Active stage. Valid stages are Staging, Production.`,
    )
  }
  return { kind: 'stage', name, version, target, archiveExisting }
}

export function aliasMove({ name, version, alias }: { name: string; version: number | null; alias: string }): Move {
  return { kind: 'alias', name, version, target: checkAlias(alias), archiveExisting: false }
}

/**
 * Into a stage that counts or out of one; an alias always; a canary that grows, beyond what the project lets one person do
 * alone. A canary that shrinks gives keys back to the champion, whom another pair of eyes has seen.
 */
export function changesWhoAnswers(move: Move, { stage: from, share }: Standing, { canaryAlone }: Promotion): boolean {
  if (move.kind === 'canary') return Number(move.target) > Math.max(share, canaryAlone)
  return move.kind === 'alias' || isActiveStage(move.target) || (from !== undefined && isActiveStage(from))
}

/** What a request asks for. */
export function moveOf({ name, version, kind, target, archiveExisting }: PromotionRequest): Move {
  if (kind === 'alias') return { kind, name, version, target, archiveExisting: false }
  if (kind === 'canary') return { kind, name, version: version as number, target, archiveExisting: false }
  return { kind, name, version: version as number, target: target as Stage, archiveExisting }
}

/** A share of the keys for a version that is tried. */
export function canaryMove({ name, version, share }: { name: string; version: number; share: number }): Move {
  if (!(share > 0 && share <= 1)) {
    throw invalid(`share: ${share} is not a share of the keys; write more than 0 and at most 1, such as 0.05 for 5 %`)
  }
  return { kind: 'canary', name, version, target: String(share), archiveExisting: false }
}
