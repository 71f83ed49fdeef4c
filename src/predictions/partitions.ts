import type { Instant } from '../base/instant.ts'
import type { Database, Sql } from '../db/sql.ts'

/** Made so many months ahead of the present one. */
export const MONTHS_AHEAD = 2

/** Whoever makes or drops partitions takes turns. */
const TURN = `select pg_advisory_xact_lock(hashtextextended('predictions partitions', 0))`

/** A month in UTC, counted from the year 0. */
export type Month = number

export function monthOfMs(ms: number): Month {
  const at = new Date(ms)
  return at.getUTCFullYear() * 12 + at.getUTCMonth()
}

/** The first moment of a month. */
export function startOf(month: Month): Instant {
  return `${monthText(month)}-01T00:00:00.000000Z`
}

/** `2024-01`. */
export function monthText(month: Month): string {
  return `${String(Math.floor(month / 12)).padStart(4, '0')}-${String((month % 12) + 1).padStart(2, '0')}`
}

export function partitionName(model: number, month: Month): string {
  return `answer_${model}_${monthText(month).replace('-', '_')}`
}

/** Makes the partitions of a model that are not there. Attached, not made in place: that locks out no reader and no writer. */
export async function makePartitions(sql: Database, model: number, months: readonly Month[]): Promise<void> {
  await sql.tx(async (tx) => {
    await tx.query(TURN)
    for (const month of months) {
      const name = partitionName(model, month)
      if (await isThere(tx, name)) continue
      await tx.query(
        `create table predictions.${name} (like predictions.answer including defaults including constraints)`,
      )
      await tx.query(
        `alter table predictions.answer attach partition predictions.${name}
         for values from (${model}, '${startOf(month)}') to (${model}, '${startOf(month + 1)}')`,
      )
    }
  })
}

async function isThere(sql: Sql, name: string): Promise<boolean> {
  const [row] = await sql.query<{ there: boolean }>('select to_regclass($1) is not null as there', [
    `predictions.${name}`,
  ])
  return row?.there === true
}

export type Partition = { name: string; model: number; month: Month }

export async function listPartitions(sql: Sql): Promise<Partition[]> {
  const rows = await sql.query<{ name: string }>(
    `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = 'predictions.answer'::regclass order by c.relname`,
  )
  return rows.flatMap(({ name }) => {
    const [, model, year, month] = /^answer_(\d+)_(\d{4})_(\d\d)$/.exec(name) ?? []
    return model === undefined ? [] : [{ name, model: Number(model), month: Number(year) * 12 + Number(month) - 1 }]
  })
}

/** Waits no longer than this for those who read: they would hold up those who write behind us. */
const DROP_WAIT_MS = 2_000

/** Drops a partition with its rows; false where somebody reads it for so long that it is left to the next time. */
export async function dropPartition(sql: Database, name: string): Promise<{ rows: number; bytes: number } | null> {
  try {
    return await sql.tx(async (tx) => {
      await tx.query(TURN)
      await tx.query(`set local lock_timeout = ${DROP_WAIT_MS}`)
      if (!(await isThere(tx, name))) return { rows: 0, bytes: 0 }
      const size = await sizeOf(tx, name)
      await tx.query(`drop table predictions.${name}`)
      return size
    })
  } catch (error) {
    if (isLockTimeout(error)) return null
    throw error
  }
}

/** Drops a partition that has no row: nothing of those that it had stays, also not in what PostgreSQL plans by. */
export async function dropEmptyPartition(sql: Database, name: string): Promise<boolean> {
  try {
    return await sql.tx(async (tx) => {
      await tx.query(TURN)
      await tx.query(`set local lock_timeout = ${DROP_WAIT_MS}`)
      if (!(await isThere(tx, name))) return true
      await tx.query(`lock table predictions.${name} in access exclusive mode`)
      const held = await tx.query(`select 1 from predictions.${name} limit 1`)
      if (held.length === 0) await tx.query(`drop table predictions.${name}`)
      return held.length === 0
    })
  } catch (error) {
    if (isLockTimeout(error)) return false
    throw error
  }
}

export async function sizeOf(sql: Sql, name: string): Promise<{ rows: number; bytes: number }> {
  const [row] = await sql.query<{ rows: number; bytes: number }>(
    `select (select count(*) from predictions.${name}) as rows, pg_total_relation_size('predictions.${name}') as bytes`,
  )
  return { rows: Number(row?.rows ?? 0), bytes: Number(row?.bytes ?? 0) }
}

function isLockTimeout(error: unknown): boolean {
  for (let at = error; typeof at === 'object' && at !== null; at = (at as { cause?: unknown }).cause) {
    if ((at as { code?: unknown }).code === '55P03') return true
  }
  return false
}
