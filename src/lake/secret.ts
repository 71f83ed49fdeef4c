import { randomBytes } from 'node:crypto'
import { PlatformError } from '../base/errors.ts'
import { sha256Hex } from '../base/hash.ts'
import type { Database } from '../db/sql.ts'
import { SECRETS } from './object-key.ts'
import type { ObjectStore } from './objects.ts'

/**
 * The secret that keys of erased subjects are recorded with. It lies in the object store, which all hosts of a home share,
 * and not in the database: neither a dump of the one nor a copy of the snapshots alone tells whose the records are. Who
 * loses it can no longer hold anybody's rows back, so it belongs into a backup.
 */
export type Secret = {
  /** Names it without telling it. */
  id: string
  key: Buffer
}

const OBJECT = `${SECRETS}subjects`

export function createSecret({ sql, objects }: { sql: Database; objects: ObjectStore }): () => Promise<Secret> {
  let known: Promise<Secret> | undefined
  return () => {
    known ??= take({ sql, objects }).catch((error: unknown) => {
      known = undefined
      throw error
    })
    return known
  }
}

async function take({ sql, objects }: { sql: Database; objects: ObjectStore }): Promise<Secret> {
  const found = await read(objects)
  if (found) return found
  // Two who need the first one at once: the second finds the first's.
  return sql.tx(async (tx) => {
    await tx.query(`select pg_advisory_xact_lock(hashtextextended('lake secret', 0))`)
    const made = await read(objects)
    if (made) return made
    const [used] = await tx.query('select 1 from lake.suppression limit 1')
    if (used) {
      const says = `the object '${OBJECT}' is gone: without it erased subjects cannot be recognised; put it back from a backup`
      throw new PlatformError('corrupt', says)
    }
    const text = randomBytes(32).toString('hex')
    await objects.put(OBJECT, Buffer.from(text))
    return secretOf(text)
  })
}

async function read(objects: ObjectStore): Promise<Secret | undefined> {
  const bytes = await objects.get(OBJECT).catch((error: unknown) => {
    if (error instanceof PlatformError && error.code === 'not_found') return undefined
    throw error
  })
  return bytes && secretOf(bytes.toString('utf8').trim())
}

function secretOf(text: string): Secret {
  if (!/^[0-9a-f]{64}$/.test(text)) {
    throw new PlatformError(
      'corrupt',
      `the object '${OBJECT}' is not the secret of this home; put it back from a backup`,
    )
  }
  return { id: sha256Hex(`id of ${text}`).slice(0, 16), key: Buffer.from(text, 'hex') }
}
