import type { Instant } from '../base/instant.ts'
import type { Principal } from './principal.ts'
import type { Role } from './roles.ts'

/** A token that is known, without the token itself. */
export type Held = {
  id: string
  name: string
  digest: string
  role: Role
  /** The one model that it is for; null for everything. */
  model: string | null
  expiresAt: Instant | null
}

/** Who sent a request, what they may, and how they said who they are. */
export type Caller = {
  principal: Principal
  role: Role
  model: string | null
  /** none: nobody is asked, whoever reaches the port is the local user. */
  by: 'none' | 'token' | 'cookie'
  /** Null for the local user. */
  token: Held | null
  /** Digest of the browser's session. */
  session: string | null
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before any route runs; null where the route is open to everybody. */
    caller: Caller | null
  }
}
