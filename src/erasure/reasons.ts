import { mentions } from '../base/mentions.ts'
import { preparedShape } from '../db/prepared-shapes.ts'
import type { Sql } from '../db/sql.ts'
import { ALERT_REASONS } from '../monitoring/alerts/erase-reasons.ts'
import { REGISTRY_REASONS } from '../registry/erase-reasons.ts'

/** Where people say why, in their own words, by the rooms that keep it. */
const PLACES = [...REGISTRY_REASONS, ...ALERT_REASONS]

/** Of the reasons that name a person by all parts of a key, how many there are; with `write` they are taken out. */
export async function reasonsThatName(
  sql: Sql,
  key: readonly string[],
  { write }: { write: boolean },
): Promise<number> {
  let count = 0
  for (const { table, id, column } of PLACES) {
    const found = await preparedShape<{ id: number; words: string }>(
      sql,
      `select ${id} as id, ${column} as words from ${table} where position($1 in ${column}) > 0`,
      [key[0] ?? ''],
    )
    const ids = found.filter(({ words }) => key.every((part) => mentions(words, part))).map((row) => row.id)
    count += ids.length
    if (!write || ids.length === 0) continue
    await preparedShape(sql, `update ${table} set ${column} = null where ${id} = any($1::bigint[])`, [ids])
  }
  return count
}
