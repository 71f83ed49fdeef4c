import { PlatformError } from '../base/errors.ts'
import { displayInstant, type Instant } from '../base/instant.ts'
import { shown } from '../wire/limits.ts'
import type { Caller } from './caller.ts'
import type { Needs } from './can.ts'

export function tokenNeeded(): PlatformError {
  return new PlatformError(
    'unauthenticated',
    'send the token: Authorization: Bearer TOKEN (or as the password of Basic)',
  )
}

export function unknownToken(): PlatformError {
  return new PlatformError(
    'unauthenticated',
    'this token is not known here: it was revoked, or never given out. Send another: Authorization: Bearer TOKEN',
  )
}

export function expiredToken(name: string, at: Instant): PlatformError {
  return new PlatformError(
    'unauthenticated',
    `the token ${shown(name)} expired at ${displayInstant(at)}; ask an admin for another`,
  )
}

export function endedSession(): PlatformError {
  return new PlatformError('unauthenticated', 'this session is over; sign in again with a token')
}

/** Who may not is told what they have, and what is needed. */
export function notAllowed({ principal, role, model }: Caller, needs: Needs): PlatformError {
  const has = `${shown(principal.name)} is ${a(role)}${model === null ? '' : ` of the model ${shown(model)}`}`
  const may = `this needs ${needs.role === null ? 'nothing' : a(needs.role)}`
  const whose = model === null ? '' : ' of that model, or of everything'
  return new PlatformError('forbidden', `${has}; ${may}${whose}. An admin gives tokens: weir tokens create`)
}

function a(role: string): string {
  return /^[aeiou]/.test(role) ? `an ${role}` : `a ${role}`
}
