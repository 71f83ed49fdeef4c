import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { connectDatabase } from '../../src/db/db.ts'
import { openEmbedded } from '../../src/db/embedded/embedded.ts'
import { placesOf } from '../../src/db/embedded/places.ts'
import { openMlflowRig } from '../tracking/rig.ts'
import { endAll, newHomeWithData, stopped } from './homes.ts'

const files = mkdtempSync(join(tmpdir(), 'weir-damaged-'))
const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of open.splice(0)) await end()
  await endAll()
  rmSync(files, { recursive: true, force: true })
})

/** A server of MLflow's API on the embedded database of a home, which ends with it. */
async function serverOf(home: string) {
  const embedded = await openEmbedded({ home, log: silentLog })
  const db = await connectDatabase({ url: embedded.url(), embedded, log: silentLog })
  const rig = await openMlflowRig({ objects: files, database: { db, drop: () => db.close() } })
  open.push(rig.close)
  return rig
}

test('a page of the database that its disk has changed is told as that, reading and writing, and nothing is half written', async () => {
  const home = await newHomeWithData()
  const first = await serverOf(home)
  const run = await first.newRun()
  await first.postOk('runs/log-parameter', { run_id: run, key: 'depth', value: '12' })
  const [file] = await first.db.query<{ path: string }>("select pg_relation_filepath('tracking.param') as path")
  await first.db.query('checkpoint').catch(() => {})
  await open.pop()?.()
  await stopped(home)
  const path = join(placesOf(home).data, file!.path)
  const bytes = readFileSync(path)
  expect(bytes.length).toBeGreaterThan(0)
  // One bit, in the rows at the end of the page: without checksums it would be another value.
  bytes[8_192 - 5]! ^= 4
  writeFileSync(path, bytes)

  const second = await serverOf(home)
  const damaged = {
    status: 500,
    json: { error_code: 'DATA_LOSS', message: expect.stringMatching(/a page of the database is damaged.*backup/) },
  }
  expect(await second.get('runs/get', { run_id: run })).toMatchObject(damaged)
  const batch = {
    run_id: run,
    metrics: [{ key: 'loss', value: 1, timestamp: 1, step: 0 }],
    params: [{ key: 'trees', value: '300' }],
  }
  expect(await second.post('runs/log-batch', batch)).toMatchObject(damaged)
  expect(await second.getOk('metrics/get-history', { run_id: run, metric_key: 'loss' })).toEqual({})
  // What does not lie on it is served as ever.
  expect((await second.getOk('experiments/get', { experiment_id: '0' })).experiment.name).toBe('Default')
})
