import { preparedShape } from '../../db/prepared-shapes.ts'
import type { Sql } from '../../db/sql.ts'

export type ArmRole = 'canary' | 'shadow'

/** A version beside the champion. */
export type Arm = {
  name: string
  version: number
  role: ArmRole
  /** Of the keys that it answers for; 0 of a shadow. */
  share: number
  /** What its numbers are counted under: another one when it begins again, and when the champion changes. */
  trial: number
  beganMs: number
  changedMs: number
  changedBy: string
  changedToken: string | null
}

const COLUMNS = `name, version, role, share, trial, began_ms as "beganMs", changed_ms as "changedMs",
  changed_by as "changedBy", changed_token as "changedToken"`

/** The canary first, then shadows by version. */
export function selectArms(sql: Sql, name: string): Promise<Arm[]> {
  return preparedShape(sql, `select ${COLUMNS} from registry.arm where name = $1 order by role, version`, [name])
}

type Set = {
  name: string
  version: number
  role: ArmRole
  share: number
  by: string
  token: string | null
  atMs: number
}

/** Begins it, or gives it another share; one that changes its role begins anew. */
export async function upsertArm(sql: Sql, { name, version, role, share, by, token, atMs }: Set): Promise<void> {
  await preparedShape(
    sql,
    `insert into registry.arm as a (name, version, role, share, began_ms, changed_ms, changed_by, changed_token)
     values ($1, $2, $3, $4, $5, $5, $6, $7)
     on conflict (name, version) do update set
       role = excluded.role, share = excluded.share, changed_ms = excluded.changed_ms,
       changed_by = excluded.changed_by, changed_token = excluded.changed_token,
       began_ms = case when a.role = excluded.role then a.began_ms else excluded.began_ms end,
       trial = case when a.role = excluded.role then a.trial else excluded.trial end`,
    [name, version, role, share, atMs, by, token],
  )
}

/** Gives what it was; undefined where it was none. */
export async function deleteArm(sql: Sql, name: string, version: number): Promise<Arm | undefined> {
  const text = `delete from registry.arm where name = $1 and version = $2 returning ${COLUMNS}`
  return (await preparedShape<Arm>(sql, text, [name, version]))[0]
}

/** What was counted beside another champion says nothing beside this one. */
export async function renewTrials(sql: Sql, name: string): Promise<void> {
  await preparedShape(sql, `update registry.arm set trial = nextval('registry.arm_trial') where name = $1`, [name])
}
