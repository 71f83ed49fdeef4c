import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { silentLog } from '../../src/base/log.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import type { Project } from '../../src/config/project.ts'
import { createErasure, type Erasure, type ErasureReport, type Place } from '../../src/erasure/erasure.ts'
import type { KeyInput } from '../../src/features/define/keys.ts'
import type { OnlineStore } from '../../src/features/online/online-store.ts'
import { createFlows } from '../../src/flows/flows.ts'
import { createIngest } from '../../src/ingest/ingest.ts'
import { createPredictions } from '../../src/predictions/predictions.ts'
import { createTracking } from '../../src/tracking/tracking.ts'
import { openRig as openFeatures } from '../features/rig.ts'

/** What is asked of an erasure: two entities, a key under other names, another entity's rows, changes with tombstones, labels. */
export const PROJECT = projectOf({})

export function projectOf(changes: { sources?: object; views?: object }): Project {
  return normalizeProject(
    {
      name: 'erasing',
      sources: {
        state: { key: 'id', columns: { id: 'String', n: 'Int64', note: 'String' } },
        events: {
          kind: 'changes',
          key: 'who',
          eventTime: 'ts',
          deleted: 'gone',
          columns: { who: 'String', ts: 'UnixTimestamp', v: 'Int64', gone: 'Bool' },
        },
        orders: { key: 'order_id', columns: { order_id: 'Int64', id: 'String', amount: 'Int64' } },
        labels: { key: 'id', columns: { id: 'String', y: 'Bool' } },
        ...changes.sources,
      },
      entities: { user: { joinKeys: { id: 'String' } }, order: { joinKeys: { order_id: 'Int64' } } },
      featureViews: {
        state: { entity: 'user', source: 'state', features: { n: 'Int64', note: 'String' } },
        events: { entity: 'user', source: 'events', keys: { id: 'who' }, ttl: '400d', features: { v: 'Int64' } },
        orders: { entity: 'order', source: 'orders', features: { amount: 'Int64' } },
        ...changes.views,
      },
      featureServices: { all: ['state:n', 'state:note', 'events'], of_orders: ['orders'] },
      labels: { y: { entity: 'user', source: 'labels', column: 'y', horizon: '10d' } },
      models: { churn: { experiment: 'e', features: 'all', label: 'y', learner: { kind: 'random_forest' } } },
    },
    '/',
  )
}

export type Rig = Awaited<ReturnType<typeof openRig>>

/** All rooms that an erasure goes through, on a real database; a step can be made to fail, before or after its body. */
export async function openRig() {
  const base = await openFeatures()
  const { db, lake, objects, duck, clock } = base
  clock.set(Date.UTC(2024, 4, 5))
  const tracking = createTracking({ sql: db, objects, clock })
  const flows = createFlows({ db, log: silentLog })

  /** The rooms of a project; `online` is the store of live values when it is not PostgreSQL. */
  function roomsOf(project: Project, online?: OnlineStore) {
    const features = base.features(project, db, online)
    const ingest = createIngest({ sql: db, lake, duck, project, clock, log: silentLog })
    const predictions = createPredictions({ sql: db, lake, features, project, clock, log: silentLog })
    const deps = {
      project,
      lake,
      features,
      ingest,
      flows,
      tracking,
      predictions,
      objects,
      clock,
      home: base.dir,
      embedded: false,
    }
    return { features, ingest, predictions, erasure: createErasure({ sql: db, ...deps }), project }
  }
  type Rooms = ReturnType<typeof roomsOf>

  const deliver = ({ ingest }: Pick<Rooms, 'ingest'>, source: string, asOf: string, rows: Record<string, unknown>[]) =>
    ingest.ingestRows({ source, asOf, rows })

  async function close() {
    await flows.stop()
    await lake.close()
    await base.close()
  }
  return { ...base, deliverSelect: base.deliver, tracking, flows, roomsOf, deliver, close }
}

export const ASKED = { actor: 'tester', reason: 'asked to' }

/** Asks, and does every step. */
export async function erase(erasure: Erasure, entity: string, key: KeyInput): Promise<ErasureReport> {
  return erasure.run(await erasure.request({ entity, key, ...ASKED }), (_, body) => body())
}

/** Places by room: `lake 3`. */
export function counted(places: readonly Place[]): Record<string, number> {
  const rooms: Record<string, number> = {}
  for (const { room, count } of places) rooms[room] = (rooms[room] ?? 0) + count
  return rooms
}

/** The oracle: everything that this rig keeps, searched for texts. What is packed is unpacked first. */
export async function bytesWith(rig: Pick<Rig, 'dir' | 'duck' | 'db'>, texts: readonly string[]): Promise<string[]> {
  const found: string[] = []
  const look = (where: string, bytes: string) => {
    for (const text of texts) if (bytes.includes(Buffer.from(text).toString('latin1'))) found.push(`${where}: ${text}`)
  }
  for (const path of await filesBelow(rig.dir)) {
    look(path, (await readFile(path)).toString('latin1'))
    if (!path.endsWith('.parquet')) continue
    const rows = await rig.duck.rows(`SELECT CAST(t AS VARCHAR) AS row FROM read_parquet('${path}') t`)
    look(`${path} (unpacked)`, Buffer.from(rows.map((r) => String(r.row)).join('\n')).toString('latin1'))
  }
  for (const { path, name } of await databaseFiles(rig.db)) look(name, (await bytesOf(path)).toString('latin1'))
  return found
}

const DATA = fileURLToPath(new URL('../../node_modules/.cache/weir-test/pg/data', import.meta.url))

/** The files of one database, as they are on disk, and the table or index that each belongs to. */
async function databaseFiles(db: Rig['db']): Promise<{ path: string; name: string }[]> {
  await db.query('checkpoint')
  const [row] = await db.query<{ oid: string }>('select oid::text from pg_database where datname = current_database()')
  const relations = await db.query<{ file: string; name: string }>(
    'select pg_relation_filenode(oid)::text as file, oid::regclass::text as name from pg_class',
  )
  const names = new Map(relations.map(({ file, name }) => [file, name]))
  const files = await filesBelow(join(DATA, 'base', row?.oid ?? ''))
  return files.map((path) => ({ path, name: names.get(basename(path)) ?? path }))
}

/** A file of the server that goes meanwhile holds nothing. */
const bytesOf = (path: string) => readFile(path).catch(ifGone(Buffer.alloc(0)))

function ifGone<T>(value: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT') return value
    throw error
  }
}

async function filesBelow(dir: string): Promise<string[]> {
  const names = await readdir(dir, { recursive: true })
  const isFile = async (path: string) => (await stat(path).catch(ifGone(undefined)))?.isFile() === true
  const files = names.map(async (name) => ((await isFile(join(dir, name))) ? [join(dir, name)] : []))
  return (await Promise.all(files)).flat()
}
