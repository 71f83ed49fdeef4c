import { preparedShape, statement } from '../../db/prepared-shapes.ts'
import type { Sql, Statement } from '../../db/sql.ts'

export type SealedFile = { path: string; digest: string; bytes: number }

/** A sealed folder among `folders`, or below `above`. */
export async function findSealed(sql: Sql, folders: string[], above: string | null): Promise<string | undefined> {
  const rows = await preparedShape<{ path: string }>(
    sql,
    `select path from tracking.sealed_folder
     where path = any($1) or ($2::text is not null and starts_with(path, $2 || '/')) limit 1`,
    [folders, above],
  )
  return rows[0]?.path
}

/** False when it is sealed already. */
export async function insertSeal(sql: Sql, folder: string, nowMs: number): Promise<boolean> {
  const text = `insert into tracking.sealed_folder (path, sealed_ms) values ($1, $2) on conflict do nothing returning path`
  return (await preparedShape(sql, text, [folder, nowMs])).length > 0
}

/** Nothing as long as the digests are not taken. */
export async function selectSealedFiles(sql: Sql, folder: string): Promise<SealedFile[] | undefined> {
  const rows = await preparedShape<{ path: string | null; digest: string; bytes: number }>(
    sql,
    `select f.path, f.digest, f.bytes from tracking.sealed_folder s left join tracking.sealed_file f on f.folder = s.path
     where s.path = $1 and s.digested_ms is not null order by f.path`,
    [folder],
  )
  return rows.length === 0 ? undefined : (rows.filter((row) => row.path !== null) as SealedFile[])
}

/** The first who has taken them counts. Inside a transaction. */
export async function insertSealedFiles(sql: Sql, folder: string, files: SealedFile[], nowMs: number): Promise<void> {
  const marked = await preparedShape(
    sql,
    'update tracking.sealed_folder set digested_ms = $2 where path = $1 and digested_ms is null returning path',
    [folder, nowMs],
  )
  if (marked.length === 0) return
  await preparedShape(
    sql,
    `insert into tracking.sealed_file (folder, path, digest, bytes)
     select $1, path, digest, bytes from unnest($2::text[], $3::text[], $4::bigint[]) as g (path, digest, bytes)`,
    [folder, files.map((f) => f.path), files.map((f) => f.digest), files.map((f) => f.bytes)],
  )
}

export async function hasSealedFile(sql: Sql, folders: string[], path: string, digest: string): Promise<boolean> {
  const text = `select 1 from tracking.sealed_file where folder = any($1) and folder || '/' || path = $2 and digest = $3`
  return (await preparedShape(sql, text, [folders, path, digest])).length > 0
}

export async function updateSealedFile(
  sql: Sql,
  folders: string[],
  path: string,
  file: { digest: string; bytes: number },
): Promise<void> {
  const text = `update tracking.sealed_file set digest = $3, bytes = $4 where folder = any($1) and folder || '/' || path = $2`
  await preparedShape(sql, text, [folders, path, file.digest, file.bytes])
}

/**
 * Keeps a folder's seal until the end of the transaction. Where there is none it fails, and with it what was sent
 * together: nothing else stops statements that are on their way.
 */
export function holdSeal(folder: string): Statement {
  const text = `select 1 / count(*) from (select from tracking.sealed_folder where path = $1 for key share) as held`
  return statement(text, [folder])
}

const DIVISION_BY_ZERO = '22012'

export const isUnheld = (error: unknown) => (error as { code?: unknown } | null)?.code === DIVISION_BY_ZERO

/** Those of the folders that are sealed, from whom on nobody else holds or takes them away. Inside a transaction. */
export async function lockSeals(sql: Sql, folders: string[]): Promise<string[]> {
  const text = 'select path from tracking.sealed_folder where path = any($1) order by path for update'
  return (await preparedShape<{ path: string }>(sql, text, [folders])).map((row) => row.path)
}

export async function deleteSeals(sql: Sql, folders: string[]): Promise<void> {
  await preparedShape(sql, 'delete from tracking.sealed_folder where path = any($1)', [folders])
}

/** Not one whose digests somebody else has taken meanwhile: a version may rest on it. */
export async function deleteUnfinishedSeal(sql: Sql, folder: string): Promise<void> {
  const text = 'delete from tracking.sealed_folder where path = $1 and digested_ms is null'
  await preparedShape(sql, text, [folder])
}
