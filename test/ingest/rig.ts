import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { manualClock } from '../../src/base/clock.ts'
import { PlatformError } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import type { Project } from '../../src/config/project.ts'
import type { Finding } from '../../src/ingest/finding.ts'
import { createIngest, type Ingest, type IngestReport } from '../../src/ingest/ingest.ts'
import { openDirectoryStore } from '../../src/lake/directory-store.ts'
import { createDuck } from '../../src/lake/duck.ts'
import { createLake, type Lake } from '../../src/lake/lake.ts'
import { testDatabase } from '../helpers/pg.ts'

/** An ingest on a real database, a real DuckDB and a real folder, restricted as the app restricts it. */
export type Rig = Awaited<ReturnType<typeof openRig>>

/** By file name; a text is written as UTF-8. */
export type Files = Record<string, string | Uint8Array>

export const JANUARY = '2024-01-31'
export const FEBRUARY = '2024-02-29'

export async function openRig(options: { threads?: number; memoryLimit?: string } = {}) {
  const database = await testDatabase()
  const dir = await mkdtemp(join(tmpdir(), 'weir-ingest-'))
  const objects = await openDirectoryStore(join(dir, 'objects'))
  const duck = await createDuck({ directories: objects.directories, ...options })
  const clock = manualClock(Date.UTC(2024, 5, 1))
  const lake = createLake({ sql: database.db, objects, duck, clock })
  let folders = 0

  /** `lake` may be wrapped, to fail where a process could die. */
  const ingest = (project: Project, through: Lake = lake): Ingest =>
    createIngest({ sql: database.db, lake: through, duck, project, clock, log: silentLog })

  /** A new delivery folder. */
  async function folder(files: Files): Promise<string> {
    const path = join(dir, `delivery_${++folders}`)
    await mkdir(path)
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(path, name)), { recursive: true })
      await writeFile(join(path, name), content)
    }
    return path
  }

  const deliver = async (project: Project, files: Files, asOf = JANUARY, sources?: string[]): Promise<IngestReport> =>
    ingest(project).ingestMonth({ dir: await folder(files), asOf, sources })

  /** What a refused delivery found. */
  const refused = async (project: Project, files: Files, asOf = JANUARY, sources?: string[]): Promise<Finding[]> =>
    findingsOf(deliver(project, files, asOf, sources))

  /** The rows of a snapshot in the order of its file. */
  async function rows(id: string): Promise<unknown[][]> {
    const snapshot = (await lake.list()).find((s) => s.id === id)
    if (!snapshot) throw new Error(`no snapshot ${id}`)
    const found = await duck.rows(`SELECT * FROM read_parquet('${await lake.path(snapshot)}')`)
    return found.map((row) => Object.values(row))
  }

  async function close() {
    duck.close()
    await database.drop()
    await rm(dir, { recursive: true, force: true })
  }
  return { ...database, dir, objects, duck, clock, lake, ingest, folder, deliver, refused, rows, close }
}

export async function findingsOf(delivery: Promise<unknown>): Promise<Finding[]> {
  const error = await delivery.then(
    () => undefined,
    (e: unknown) => e,
  )
  if (!(error instanceof PlatformError) || error.code !== 'delivery_refused') throw error ?? new Error('not refused')
  return error.details.findings as Finding[]
}

/** A complete project of these sources, with nothing built on them. */
export function projectOf(sources: Record<string, unknown>): Project {
  return normalizeProject({ name: 'small', sources, entities: {} }, '/nowhere')
}

/** One source `users` with a text key and the columns given. */
export function usersOf(columns: Record<string, unknown>, checks: unknown[] = []): Project {
  return projectOf({ users: { key: 'user_id', columns: { user_id: 'String', ...columns }, checks } })
}
