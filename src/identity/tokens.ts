import { randomBytes } from 'node:crypto'
import { PlatformError } from '../base/errors.ts'
import { sha256Hex } from '../base/hash.ts'
import type { Database, Sql } from '../db/sql.ts'
import { limitOf, overLimit, shown } from '../wire/limits.ts'
import { invisibleIn } from '../wire/visible-name.ts'
import { recordChange } from './audit.ts'
import { hasEntry } from './audit-read.ts'
import { SETTING_NAME } from './holders.ts'
import { actorNow } from './principal.ts'
import {
  countTokens,
  deleteAllTokens,
  deleteOldRevoked,
  findNamed,
  findToken,
  insertToken,
  lockTokens,
  notifyIdentity,
  revokeExpired,
  revokeToken,
  selectTokens,
  type TokenRow,
} from './queries.ts'
import { ROLES, type Role } from './roles.ts'

export type { TokenRow }

export type Tokens = {
  /** Makes a token. It is in the answer and nowhere else, ever. */
  create(wish: TokenWish): Promise<{ token: string; made: TokenRow }>
  list(): Promise<TokenRow[]>
  /** From now on nobody is let in with it, at any server; its sessions end. By id or name. */
  revoke(idOrName: string, options?: { keepAdmin?: boolean }): Promise<TokenRow>
  /** Takes all of them away, also from the records: callers of this machine need none again. */
  clear(): Promise<TokenRow[]>
}

export type TokenWish = {
  name: string
  role: Role
  model?: string | null
  /** How long it is good; null for until it is revoked. */
  lastsMs?: number | null
  /** Over HTTP the first of all must be an admin's: it shuts out whoever made it. */
  firstIsAdmin?: boolean
}

const TOKEN_BYTES = 32
const ID_BYTES = 6
/** Longer than anybody lives, and short enough for the calendar of the database. */
const LASTS_MS_MAX = 100 * 365 * 86_400_000

/** `read`: this server knows of a change before it says that it is made; others hear of it. */
export function createTokens(sql: Database, read: () => Promise<void>): Tokens {
  async function change<T>(body: (tx: Sql) => Promise<T>): Promise<T> {
    const done = await sql.tx(async (tx) => {
      await lockTokens(tx)
      const changed = await body(tx)
      await notifyIdentity(tx)
      return changed
    })
    await read()
    return done
  }
  const told = (row: TokenRow) => ({ name: row.name, role: row.role, model: row.model, expires_at: row.expiresAt })

  return {
    create(wish) {
      const { name, role, model = null, lastsMs = null, firstIsAdmin = false } = wish
      requireWish(wish)
      const token = `weir_${randomBytes(TOKEN_BYTES).toString('base64url')}`
      const by = actorNow().name
      return change(async (tx) => {
        await revokeExpired(tx, name, by)
        const { ever, kept } = await countTokens(tx)
        if (kept >= limitOf('tokens')) throw overLimit('tokens', `there are ${kept} tokens; revoke one first`)
        if (firstIsAdmin && ever === 0 && (role !== 'admin' || model !== null)) {
          throw new PlatformError(
            'conflict',
            'the first token must be an admin of everything: from then on each caller needs a token, and nobody else could make another',
          )
        }
        const other = await findNamed(tx, name)
        if (other !== undefined) {
          throw new PlatformError(
            'already_exists',
            `there is a token ${shown(name)} (${other.id}); revoke it, or choose another name`,
          )
        }
        const id = randomBytes(ID_BYTES).toString('hex')
        const made = await insertToken(tx, { id, name, digest: sha256Hex(token), role, model, createdBy: by, lastsMs })
        await recordChange(tx, { action: 'token.created', on: { kind: 'token', name: id }, from: null, to: told(made) })
        return { token, made }
      })
    },
    list: () => selectTokens(sql, limitOf('tokens') * 2),
    revoke(idOrName, { keepAdmin = false } = {}) {
      return change(async (tx) => {
        const found = await findToken(tx, idOrName)
        if (found === undefined || found.state === 'revoked') {
          throw new PlatformError(
            'not_found',
            `there is no token ${shown(idOrName)} that could be revoked; see: weir tokens list`,
          )
        }
        const isAdmin = found.role === 'admin' && found.model === null && found.state === 'usable'
        if (keepAdmin && isAdmin && (await countTokens(tx)).admins === 1) {
          throw new PlatformError(
            'conflict',
            `${shown(found.name)} is the last admin: nobody could make another token. Make another admin first, or revoke it where Weir runs: weir tokens revoke`,
          )
        }
        const gone = await revokeToken(tx, found.id, actorNow().name)
        await deleteOldRevoked(tx, limitOf('tokens'))
        await recordChange(tx, {
          action: 'token.revoked',
          on: { kind: 'token', name: found.id },
          from: told(gone),
          to: null,
        })
        return gone
      })
    },
    clear() {
      return change(async (tx) => {
        const gone = await deleteAllTokens(tx)
        for (const row of gone.filter(({ state }) => state !== 'revoked')) {
          await recordChange(tx, {
            action: 'token.revoked',
            on: { kind: 'token', name: row.id },
            from: told(row),
            to: null,
          })
        }
        return gone
      })
    },
  }
}

/** By the trail, which knows it also of those that are gone from the table. */
export const wasRevoked = (sql: Sql, id: string): Promise<boolean> => hasEntry(sql, 'token.revoked', id)

function requireWish({ name, role, model, lastsMs }: TokenWish): void {
  requireName('the name of a token', name, limitOf('tokenName'))
  if (name === SETTING_NAME)
    throw wrong(`the name of a token cannot be ${SETTING_NAME}: so the trail names that setting`)
  if (!ROLES.includes(role)) throw wrong(`role: one of ${ROLES.join(', ')} is expected, not ${shown(role)}`)
  if (model !== null && model !== undefined) requireName('model', model, limitOf('modelName'))
  if (lastsMs !== null && lastsMs !== undefined && !(lastsMs > 0 && lastsMs <= LASTS_MS_MAX)) {
    throw wrong('the time that a token is good must be in the future, and within 100 years')
  }
}

function requireName(what: string, name: string, most: number): void {
  if (name.trim() === '' || name !== name.trim())
    throw wrong(`${what}: ${shown(name)} is empty, or begins or ends with a blank`)
  if (name.length > most) throw wrong(`${what} has ${name.length} characters; at most ${most} are taken`)
  const hidden = invisibleIn(name)
  if (hidden !== undefined) throw wrong(`${what}: ${shown(name)} has ${hidden}`)
}

function wrong(message: string): PlatformError {
  return new PlatformError('invalid_argument', message)
}
