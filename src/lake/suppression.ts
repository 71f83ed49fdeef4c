import { createHmac } from 'node:crypto'
import { PlatformError } from '../base/errors.ts'
import { sha256Hex } from '../base/hash.ts'
import type { Instant } from '../base/instant.ts'
import type { Database, Sql } from '../db/sql.ts'
import {
  insertSuppression,
  liftSuppression,
  type SuppressionRow,
  selectActiveSuppressions,
  selectSuppression,
} from './erasure-queries.ts'
import { takeMoment } from './queries.ts'
import type { Secret } from './secret.ts'
import { keyText, type Subject } from './subject.ts'

/** Who asked, and why. */
export type Asked = { actor: string; reason: string }

export type Suppressions = {
  /** Records that rows of the subject may no longer come in; its number, also when that was so already. */
  add(tx: Sql, subject: Subject, asked: Asked): Promise<number>
  /** Lets them come in again; false when they might. `beside` writes in the same transaction. */
  lift(subject: Subject, asked: Asked, beside?: (tx: Sql) => Promise<void>): Promise<boolean>
  find(subject: Subject): Promise<number | undefined>
  /** Those that hold now; undefined, after one short query, when there are none. */
  active(sql?: Sql): Promise<ActiveSuppressions | undefined>
}

export type ActiveSuppressions = {
  /** Of these entities somebody is held back. */
  entities: ReadonlySet<string>
  holdsBack(entity: string, key: readonly string[]): boolean
  /** The same as a DuckDB condition over expressions of the key, never null. */
  condition(subject: Omit<Subject, 'key'>, expressions: readonly string[]): string
}

type Deps = { sql: Database; secret: () => Promise<Secret>; now(): Instant }

export function createSuppressions({ sql, secret, now }: Deps): Suppressions {
  return {
    async add(tx, subject, { actor, reason }) {
      const { id, key } = await secret()
      const name = subjectName(key, subject.entity, subject.key)
      // Under the clock's lock, so that two who ask at once make one record.
      const recordedAt = await takeMoment(tx, now())
      const held = await selectSuppression(tx, name)
      return (
        held ?? insertSuppression(tx, { entity: subject.entity, subject: name, secret: id, recordedAt, actor, reason })
      )
    },
    async lift(subject, { actor, reason }, beside) {
      const { key } = await secret()
      return sql.tx(async (tx) => {
        const at = await takeMoment(tx, now())
        const lifted = await liftSuppression(tx, {
          subject: subjectName(key, subject.entity, subject.key),
          at,
          actor,
          reason,
        })
        if (lifted) await beside?.(tx)
        return lifted
      })
    },
    async find(subject) {
      return selectSuppression(sql, subjectName((await secret()).key, subject.entity, subject.key))
    },
    async active(through = sql) {
      const rows = await selectActiveSuppressions(through)
      return rows.length === 0 ? undefined : activeOf(await secret(), rows)
    },
  }
}

function activeOf(secret: Secret, rows: readonly SuppressionRow[]): ActiveSuppressions {
  if (rows.some((row) => row.secret !== secret.id)) {
    const says = 'erased subjects were recorded with another secret than this object store has; put that secret back'
    throw new PlatformError('corrupt', says)
  }
  const names = new Set(rows.map((row) => row.subject))
  return {
    entities: new Set(rows.map((row) => row.entity)),
    holdsBack: (entity, key) => names.has(subjectName(secret.key, entity, key)),
    condition({ entity, joinKeys }, expressions) {
      const of = rows.filter((row) => row.entity === entity).map((row) => `'${row.subject}'`)
      const texts = expressions.map((sql, i) => keyText(sql, joinKeys[i]?.type))
      return of.length === 0 ? 'false' : `coalesce(${nameSql(secret.key, entity, texts)} IN (${of.join(', ')}), false)`
    },
  }
}

/** HMAC-SHA256 over the digests of the entity and of each part: of fixed width, so that no two keys run together. */
export function subjectName(secret: Buffer, entity: string, key: readonly string[]): string {
  return createHmac('sha256', secret)
    .update([entity, ...key].map(sha256Hex).join(''))
    .digest('hex')
}

const BLOCK_BYTES = 64

/** The same in DuckDB, which has the hash but not the HMAC: rows are told apart where they are. */
function nameSql(secret: Buffer, entity: string, texts: readonly string[]): string {
  const padded = Buffer.concat([secret, Buffer.alloc(BLOCK_BYTES - secret.length)])
  const pad = (byte: number) => `from_hex('${Buffer.from(padded.map((b) => b ^ byte)).toString('hex')}')`
  const message = [`'${sha256Hex(entity)}'`, ...texts.map((text) => `sha256(${text})`)].join(' || ')
  return `sha256(${pad(0x5c)} || from_hex(sha256(${pad(0x36)} || encode(${message}))))`
}
