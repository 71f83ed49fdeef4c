/** What is said where a promotion waits, is over or is refused. */
import { PlatformError } from '../base/errors.ts'
import { displayInstant } from '../base/instant.ts'
import { saysOf } from './promotion-words.ts'
import type { PromotionRequest } from './queries/requests.ts'

export function waits(request: PromotionRequest): PlatformError {
  const { id, expiresAt } = request
  const says = `${saysOf(request)} needs another pair of eyes: request ${id} waits until ${displayInstant(expiresAt)}, and nothing has changed. Somebody else accepts it: weir promotions accept ${id} --reason …`
  return new PlatformError('forbidden', says, { details: { request: id } })
}

export function over({ id, state, decidedBy, expiresAt }: PromotionRequest): PlatformError {
  const says = {
    accepted: `was accepted by ${decidedBy}`,
    declined: `was declined by ${decidedBy}`,
    withdrawn: `was taken back by ${decidedBy}`,
    expired: `expired on ${displayInstant(expiresAt)}: ask again`,
    void: 'is void: what it is about was deleted',
    waiting: 'waits',
  }
  return new PlatformError('conflict', `request ${id} ${says[state]}`)
}

export function ownWish({ id }: PromotionRequest, kind: string): string {
  const alone =
    kind === 'local'
      ? '. Without tokens everybody here is one user, and one user is one pair of eyes: make a token for somebody else (weir tokens create NAME --role promoter)'
      : ''
  return `request ${id} is your own: somebody else must accept it${alone}`
}

export function otherChampion({ id, target, champion }: PromotionRequest, now: number | null): PlatformError {
  const named = (version: number | null) => (version === null ? 'nobody' : `version ${version}`)
  const says = `when request ${id} was made ${named(champion)} had ${target}, and now it is ${named(now)}: look at the difference again, and accept it with the champion that you saw (champion: ${now})`
  return new PlatformError('conflict', says, { details: { champion: now } })
}

export function otherPlace({ id, name, version }: PromotionRequest, { then, now }: { then: string; now: string }) {
  const says = `when request ${id} was made version ${version} of ${name} was in ${then}, and now it is in ${now}, where it would be taken out: decline it, and let it be asked for again`
  return new PlatformError('conflict', says)
}

export function revokedWish({ id, askedBy }: PromotionRequest): PlatformError {
  const says = `request ${id} was made with a token of ${askedBy} that was revoked since: decline it, and let it be asked for again`
  return new PlatformError('conflict', says)
}

export function noRequest(id: number, name?: string): PlatformError {
  const says = name === undefined ? 'there is' : `'${name.slice(0, 250)}' has`
  return new PlatformError('not_found', `${says} no promotion request ${id}`)
}

export const forbidden = (says: string) => new PlatformError('forbidden', says)
