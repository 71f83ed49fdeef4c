import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type App, createApp } from '../../src/app.ts'
import { manualClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import type { Project } from '../../src/config/project.ts'
import { readSettings } from '../../src/config/settings.ts'
import { describeFolder } from '../../src/ingest/submitted.ts'
import { type TestDatabase, testDatabase } from '../helpers/pg.ts'

let database: TestDatabase
let dir: string
let app: App

beforeEach(async () => {
  database = await testDatabase()
  dir = await mkdtemp(join(tmpdir(), 'weir-pipelines-'))
  app = await open(project())
})
afterEach(async () => {
  await app.close()
  await database.drop()
  await rm(dir, { recursive: true, force: true })
})

test('a month is ingested as a recorded run of a flow, and again as a no-op', async () => {
  await writeFile(join(dir, 'users.csv'), 'user_id,age\na,1\nb,2\n')
  const steps: string[] = []
  const first = await app.ingestMonth({ dir, asOf: '2024-01-31' }, { onStep: (step) => steps.push(step.name) })
  const again = await app.ingestMonth({ dir, asOf: '2024-01-31' })
  expect([first.state, again.state]).toEqual(['accepted', 'unchanged'])
  expect(first.sources[0]).toMatchObject({ source: 'users', outcome: 'accepted', rows: 2, version: 1 })
  expect(steps).toEqual(['ingest'])
  expect((await app.flows.list({ flow: 'ingest_month' })).map((run) => run.state)).toEqual(['succeeded', 'succeeded'])
})

test('a refused delivery comes back through the flow with all its findings', async () => {
  const month = join(dir, 'month')
  await mkdir(month)
  await writeFile(join(month, 'users.csv'), 'user_id,age\na,old\n')
  const refused = app.ingestMonth({ dir: month, asOf: '2024-01-31' })
  await expect(refused).rejects.toMatchObject({
    name: 'PlatformError',
    code: 'delivery_refused',
    details: { findings: [expect.objectContaining({ file: 'users.csv', column: 'age', count: 1 })] },
  })
  expect((await app.flows.list())[0]).toMatchObject({ state: 'failed', error: { code: 'delivery_refused' } })
  expect(await app.ingest.deliveries()).toMatchObject([{ state: 'refused' }])
})

test('a worker that was started before the project was edited refuses the run', async () => {
  await writeFile(join(dir, 'users.csv'), 'user_id,age\na,1\n')
  await app.flows.start()
  const edited = await open(project({ newColumn: true }))
  try {
    await expect(edited.ingestMonth({ dir, asOf: '2024-01-31' })).rejects.toMatchObject({ code: 'conflict' })
    expect(await app.lake.list()).toEqual([])
  } finally {
    await edited.close()
  }
})

function open(of: Project): Promise<App> {
  const settings = readSettings({ flags: { home: dir, databaseUrl: database.url }, env: {}, projectDir: dir })
  return createApp({ settings, project: of, clock: manualClock(Date.UTC(2024, 5, 1)), log: silentLog })
}

function project(options: { newColumn?: boolean } = {}): Project {
  const age = { type: 'Int64' }
  const columns = { user_id: { type: 'String' }, age, ...(options.newColumn ? { city: { type: 'String' } } : {}) }
  return normalizeProject(
    {
      name: 'small',
      sources: { users: { key: 'user_id', columns } },
      entities: { user: { joinKeys: { user_id: 'String' } } },
      featureViews: { users_fv: { entity: 'user', source: 'users', features: { age: 'Int64' } } },
      featureServices: {},
      labels: {},
      models: {},
    },
    dir,
  )
}

test('X4: a worker that has another file under the same path refuses it, and one without the file too', async () => {
  const other = await mkdtemp(join(tmpdir(), 'weir-other-host-'))
  try {
    await writeFile(join(dir, 'users.csv'), 'user_id,age\na,1\n')
    await writeFile(join(other, 'users.csv'), 'user_id,age\nz,9\n')
    const submitted = { ...(await describeFolder(dir, project())), host: 'the-other-host' }
    const month = { asOf: '2024-01-31', submitted }
    // The worker's own folder: another month lies there.
    await expect(app.ingest.ingestMonth({ ...month, dir: other })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(
        /users\.csv' is not the file that was submitted on 'the-other-host' \(SHA-256 [0-9a-f]{12}… then, SHA-256 [0-9a-f]{12}… here\): this worker runs on '.*', which has another folder there; nothing was taken/,
      ),
    })
    await rm(join(other, 'users.csv'))
    await expect(app.ingest.ingestMonth({ ...month, dir: other })).rejects.toThrow(/… then, none here\)/)
    await expect(app.ingest.ingestMonth({ ...month, dir: join(other, 'none') })).rejects.toThrow(
      /does not exist .*; this worker runs on '.*', and the delivery was submitted on 'the-other-host'/,
    )
    // What was not there when it was asked for is not taken where it is there.
    const nothing = { host: 'the-other-host', files: { 'users.csv': null } }
    await expect(app.ingest.ingestMonth({ asOf: '2024-01-31', dir, submitted: nothing })).rejects.toThrow(/none then/)
    expect(await app.lake.list()).toEqual([])
    // The same bytes are the same file, wherever they lie.
    await writeFile(join(other, 'users.csv'), 'user_id,age\na,1\n')
    expect((await app.ingest.ingestMonth({ ...month, dir: other })).state).toBe('accepted')
  } finally {
    await rm(other, { recursive: true, force: true })
  }
})

test('X4: what a flow must read is taken down when it is asked for: a file that changes before it runs is refused', async () => {
  await writeFile(join(dir, 'users.csv'), 'user_id,age\na,1\n')
  const submitted = await describeFolder(dir, project())
  expect(submitted.files['users.csv']).toMatchObject({ bytes: 16 })
  await writeFile(join(dir, 'users.csv'), 'user_id,age\na,2\n')
  await expect(app.ingest.ingestMonth({ dir, asOf: '2024-01-31', submitted })).rejects.toThrow(
    /it has been changed since/,
  )
  await app.ingestMonth({ dir, asOf: '2024-01-31' })
  const [run] = await app.flows.list({ flow: 'ingest_month' })
  expect(JSON.stringify((await app.flows.get(run?.id ?? '')).input)).toContain('"submitted"')
})
