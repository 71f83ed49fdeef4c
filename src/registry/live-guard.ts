import { PlatformError } from '../base/errors.ts'
import type { Promotion } from '../config/project.ts'
import { isActiveStage, type Stage } from './names.ts'

/**
 * Where a promotion needs another pair of eyes, nobody takes the champion away alone either: what answers is moved out of its
 * stage first, which the other sees.
 */
export function refuseLive(
  { approvals }: Promotion,
  name: string,
  standing: readonly { version: number; stage: Stage; aliases: readonly string[] }[],
): void {
  if (approvals === 0) return
  const live = standing.find(({ stage, aliases }) => isActiveStage(stage) || aliases.length > 0)
  if (!live) return
  const { version, stage, aliases } = live
  const where = isActiveStage(stage) ? `is in ${stage}` : `has the alias ${aliases[0]}`
  throw new PlatformError(
    'forbidden',
    `version ${version} of ${name} ${where}, and a change of that needs another pair of eyes: take it out of there first, then delete or rename`,
  )
}
