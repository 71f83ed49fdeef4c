import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manualClock } from '../../src/base/clock.ts'
import { openDirectoryStore } from '../../src/lake/directory-store.ts'
import { createRegistry } from '../../src/registry/registry.ts'
import { createTracking } from '../../src/tracking/tracking.ts'
import { testDatabase } from '../helpers/pg.ts'

/** A registry with its tracking on a real database, and one run whose artifacts can be registered. */
export async function openRegistryRig() {
  const { db, drop } = await testDatabase()
  const dir = await mkdtemp(join(tmpdir(), 'weir-registry-'))
  const clock = manualClock(Date.UTC(2024, 1, 1))
  const objects = await openDirectoryStore(dir)
  const tracking = createTracking({ sql: db, objects, clock })
  const registry = createRegistry({ sql: db, tracking, clock })
  const run = await tracking.runs.create({ experimentId: '0' })
  const source = `${run.artifactUri}/model`
  return {
    db,
    clock,
    tracking,
    registry,
    run,
    source,
    /** Another process whose object store does something else. */
    withObjects(others: Partial<typeof objects>) {
      const theirs = createTracking({ sql: db, objects: { ...objects, ...others }, clock })
      return createRegistry({ sql: db, tracking: theirs, clock })
    },
    /** A model with versions 1…count. */
    async model(name: string, count: number) {
      await registry.createModel({ name })
      for (let i = 0; i < count; i++) await registry.createVersion({ name, source, runId: run.runId })
    },
    async close() {
      await drop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
