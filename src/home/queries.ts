import { must } from '../base/assert.ts'
import type { Sql } from '../db/sql.ts'

export type HomeRow = {
  homeId: string
  project: string
  objects: string
  objectsMarked: boolean
  online: string
  createdAt: string
}

const COLUMNS = `home_id as "homeId", project, objects, objects_marked as "objectsMarked", online, created_at as "createdAt"`

export async function selectHome(sql: Sql): Promise<HomeRow | undefined> {
  const [row] = await sql.query<HomeRow>(`select ${COLUMNS} from home.home`)
  return row
}

/** Nothing where another process was first. */
export async function insertHome(sql: Sql, home: { project: string; objects: string; online: string }): Promise<void> {
  await sql.query('insert into home.home (project, objects, online) values ($1, $2, $3) on conflict do nothing', [
    home.project,
    home.objects,
    home.online,
  ])
}

/** Until the transaction ends nobody else changes it. */
export async function lockHome(tx: Sql): Promise<HomeRow> {
  const [row] = await tx.query<HomeRow>(`select ${COLUMNS} from home.home for update`)
  return must(row, 'the row of this home')
}

export async function setMarked(tx: Sql, stores: { objects: string; online: string }): Promise<void> {
  await tx.query('update home.home set objects = $1, online = $2, objects_marked = true', [
    stores.objects,
    stores.online,
  ])
}

export async function updateHome(tx: Sql, home: { project: string; objects: string; online: string }): Promise<void> {
  await tx.query('update home.home set project = $1, objects = $2, online = $3, objects_marked = true', [
    home.project,
    home.objects,
    home.online,
  ])
}
