import { mentions } from '../base/mentions.ts'
import { preparedShape } from '../db/prepared-shapes.ts'
import type { Sql } from '../db/sql.ts'

/**
 * Rows whose reason names a person by all parts of a key. Nothing else in a row can: whoever records a change puts no key
 * there. The chain holds only a digest of the reason, made with a salt that goes with it.
 */
export async function findReasons(sql: Sql, key: readonly string[]): Promise<number[]> {
  const text = 'select seq, why from identity.audit where why is not null and position($1 in why) > 0 order by seq'
  const rows = await preparedShape<{ seq: number; why: string }>(sql, text, [key[0] ?? ''])
  return rows.filter(({ why }) => key.every((part) => mentions(why, part))).map(({ seq }) => seq)
}

/** Takes them out; says how many. */
export async function eraseReasons(sql: Sql, key: readonly string[]): Promise<number> {
  const seqs = await findReasons(sql, key)
  if (seqs.length === 0) return 0
  const text = 'update identity.audit set why = null, why_salt = null where seq = any($1::bigint[]) returning 1'
  return (await preparedShape(sql, text, [seqs])).length
}
