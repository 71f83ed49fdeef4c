/**
 * Home: whose a database is, and which stores belong to it.
 *
 * Owns the schema `home`, and the object `weir-home.json` of the object store. Invariants:
 * - A home has one id for ever and one project; a command of another project is refused, before it reads or writes.
 * - A process whose object store or online store is not the recorded one is refused.
 * - An object store belongs to one home: its mark says which, and another home is refused.
 * - No password is recorded or told.
 *
 * Doors: mark.ts, stores.ts.
 */
import { PlatformError } from '../base/errors.ts'
import type { Sql } from '../db/sql.ts'
import type { ObjectStore } from '../lake/objects.ts'
import { markedBy, readMark, takeStore } from './mark.ts'
import { type HomeRow, insertHome, lockHome, selectHome, setMarked, updateHome } from './queries.ts'
import { otherProject, otherStore, storeOfOther, unmarked } from './refusals.ts'
import type { Stores } from './stores.ts'

export type Home = { id: string; project: string }

export type HomeDeps = {
  sql: Sql
  objects: ObjectStore
  project: { name: string; dir: string }
  stores: Stores
}

/** The home that this project and these stores belong to; the first process on an empty database founds it. */
export async function openHome(deps: HomeDeps): Promise<Home> {
  const { sql, project, stores } = deps
  const found = (await selectHome(sql)) ?? (await founded(deps))
  if (found.project !== project.name) throw otherProject(found, project, stores)
  if (found.objectsMarked) await checkStores(deps, found)
  else await markStore(deps)
  return { id: found.homeId, project: found.project }
}

async function founded({ sql, project, stores }: HomeDeps): Promise<HomeRow> {
  await insertHome(sql, { project: project.name, objects: stores.objects, online: stores.online })
  const row = await selectHome(sql)
  if (row) return row
  throw new PlatformError('unavailable', 'the row of this home was removed while it was read; try again')
}

async function checkStores({ objects, stores }: HomeDeps, found: HomeRow): Promise<void> {
  if (found.online !== stores.online) throw otherStore('online', found, stores)
  // A folder may be moved, with its home or alone: what tells it is its mark. A bucket is told by its name too.
  const isBucket = (text: string) => text.startsWith('s3://')
  if (isBucket(found.objects) !== isBucket(stores.objects)) throw otherStore('objects', found, stores)
  if (isBucket(found.objects) && found.objects !== stores.objects) throw otherStore('objects', found, stores)
  const mark = await readMark(objects)
  if (mark === 'away') return
  if (mark === undefined) throw unmarked(found, stores)
  if (mark !== found.homeId) throw storeOfOther(found, stores, mark)
}

/**
 * The store says whose it is before the record says that it does: a process that is killed between the two leaves a mark
 * of this home, which the next one finds. One process at a time, so that two with different stores cannot both be first.
 */
async function markStore({ sql, objects, stores }: HomeDeps): Promise<void> {
  await sql.tx(async (tx) => {
    const row = await lockHome(tx)
    if (row.objectsMarked) return
    const owner = await markedBy(objects, row.homeId)
    if (owner !== row.homeId) throw storeOfOther(row, stores, owner)
    await setMarked(tx, { objects: stores.objects, online: stores.online })
  })
  // Another process was first, perhaps with other stores.
  const row = await selectHome(sql)
  if (row) await checkStores({ sql, objects, stores, project: { name: row.project, dir: '' } }, row)
}

export type Change = { what: 'project' | 'objects' | 'online'; from: string; to: string }

/**
 * Says on purpose what is refused otherwise: the home is this project's, and, where `moved` names them, its stores are
 * those of this process. A store of another home is taken over; one without any mark is refused where the home has
 * objects elsewhere already, as these would be lost.
 */
export async function adoptHome(
  deps: HomeDeps,
  moved: { objects: boolean; online: boolean },
): Promise<Home & { changes: Change[] }> {
  const { sql, objects, project, stores } = deps
  if (!(await selectHome(sql))) return { ...(await openHome(deps)), changes: [] }
  return sql.tx(async (tx) => {
    const row = await lockHome(tx)
    const wanted = {
      project: project.name,
      objects: moved.objects || !row.objectsMarked ? stores.objects : row.objects,
      online: moved.online ? stores.online : row.online,
    }
    if (moved.objects || !row.objectsMarked) {
      const mark = await readMark(objects)
      if (mark === 'away') throw new PlatformError('unavailable', 'the object store does not answer; try again later')
      if (mark === undefined && row.objectsMarked) throw unmarked(row, stores)
      if (mark !== row.homeId) await takeStore(objects, row.homeId)
    }
    await checkStores(deps, { ...row, ...wanted, objectsMarked: true })
    await updateHome(tx, wanted)
    const changes = (['project', 'objects', 'online'] as const)
      .map((what) => ({ what, from: row[what], to: wanted[what] }))
      .filter(({ from, to }) => from !== to)
    return { id: row.homeId, project: project.name, changes }
  })
}
