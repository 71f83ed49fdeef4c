import { shareSaid } from './arm-words.ts'
import type { PromotionRequest } from './queries/requests.ts'

/** What is asked for, in words. */
export function saysOf({
  name,
  version,
  kind,
  target,
}: Pick<PromotionRequest, 'name' | 'version' | 'kind' | 'target'>): string {
  if (version === null) return `taking the alias ${target} of ${name} away`
  if (kind === 'canary') return `a canary of ${shareSaid(Number(target))} with version ${version} of ${name}`
  return kind === 'alias'
    ? `the alias ${target} for version ${version} of ${name}`
    : `version ${version} of ${name} to ${target}`
}
