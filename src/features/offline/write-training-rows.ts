import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { requireSameRows } from '../../base/same-rows.ts'
import type { Duck } from '../../lake/duck.ts'
import type { ObjectStore } from '../../lake/objects.ts'
import { ident, literal } from '../define/quote.ts'
import { type StoredTrainingSet, verifiedPath } from './read-training-set.ts'

/** A word for each row of a training set, in its order, and what the column of these words is called. */
export type RowRoles = { roles: readonly (string | null)[]; column: string }

/**
 * Writes the rows that have a role, in their order, with one more column that says it. A row without one stays away: it is
 * not in the file in any form.
 */
export async function writeTrainingRows(
  { duck, objects }: { duck: Duck; objects: ObjectStore },
  ref: StoredTrainingSet,
  { roles, column }: RowRoles,
  path: string,
): Promise<void> {
  requireSameRows('training set → roles', ref.rows, roles.length)
  const from = await verifiedPath(objects, ref)
  const places = roles.flatMap((role, row) => (role === null ? [] : [BigInt(row)]))
  const given = roles.filter((role) => role !== null)
  await objects.withScratch((dir) =>
    duck.session(async (session) => {
      const draft = join(dir, 'rows.parquet')
      await session.run('CREATE OR REPLACE TEMP TABLE roles (n BIGINT, role VARCHAR)')
      await session.append('roles', ['BIGINT', 'VARCHAR'], [places, given])
      const columns = ref.columns.map(({ name }) => `t.${ident(name)}`)
      const [copied] = await session.rows<{ Count: number }>(
        `COPY (SELECT ${columns.join(', ')}, r.role AS ${ident(column)}
                 FROM read_parquet(${literal(from)}, file_row_number = true) t JOIN roles r ON r.n = t.file_row_number
                ORDER BY r.n) TO ${literal(draft)} (FORMAT parquet, COMPRESSION zstd)`,
      )
      await session.run('DROP TABLE roles')
      requireSameRows('rows with a role → Parquet file', given.length, copied?.Count ?? 0)
      await copyFile(draft, path)
    }),
  )
}
