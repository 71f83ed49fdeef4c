import { mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type App, createApp } from '../../src/app.ts'
import { manualClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import { readSettings } from '../../src/config/settings.ts'
import { createFlows, type Flows } from '../../src/flows/flows.ts'
import { collectHandedOver, handOver, withHandedOver } from '../../src/ingest/hand-over.ts'
import { defineIngestMonth } from '../../src/pipelines/ingest-month.ts'
import { type TestDatabase, testDatabase } from '../helpers/pg.ts'

const PROJECT = normalizeProject(
  {
    name: 'small',
    sources: {
      users: { key: 'user_id', columns: { user_id: { type: 'String' }, age: { type: 'Int64' } } },
      plans: { key: 'user_id', columns: { user_id: { type: 'String' }, plan: { type: 'String' } } },
    },
    entities: { user: { joinKeys: { user_id: 'String' } } },
    featureViews: { users_fv: { entity: 'user', source: 'users', features: { age: 'Int64' } } },
    featureServices: {},
    labels: {},
    models: {},
  },
  '/nowhere',
)

let database: TestDatabase
let dir: string
let app: App
let opened: Flows[]

beforeEach(async () => {
  database = await testDatabase()
  dir = await mkdtemp(join(tmpdir(), 'weir-hand-over-'))
  const flags = { home: join(dir, 'home'), objects: join(dir, 'shared'), databaseUrl: database.url }
  const settings = readSettings({ flags, env: {}, projectDir: dir })
  app = await createApp({ settings, project: PROJECT, clock: manualClock(Date.UTC(2024, 5, 1)), log: silentLog })
  opened = []
})
afterEach(async () => {
  await Promise.all(opened.map((flows) => flows.stop()))
  await app.close()
  await database.drop()
  await rm(dir, { recursive: true, force: true })
})

async function folder(): Promise<string> {
  const month = join(dir, 'month')
  await mkdir(month)
  await writeFile(join(month, 'users.csv'), 'user_id,age\na,1\nb,2\n')
  await writeFile(join(month, 'plans.csv'), 'user_id,plan\na,x\nb,y\n')
  await writeFile(join(month, 'notes.txt'), 'a secret note')
  return month
}

/** A host that asks, and a worker on another, which does not have the folder. */
async function twoHosts({ shared }: { shared: boolean }) {
  const flows = () => {
    const made = createFlows({ db: database.db, log: silentLog })
    opened.push(made)
    return made
  }
  const [here, there] = [flows(), flows()]
  const took: (string | undefined)[] = []
  const { objects, ingest } = app
  const elsewhere: typeof ingest = {
    ...ingest,
    async ingestMonth(month) {
      took.push(month.dir)
      await rm(join(dir, 'month'), { recursive: true, force: true })
      return ingest.ingestMonth(month)
    },
  }
  const ask = defineIngestMonth(here, { ingest, project: PROJECT, objects, shared })
  defineIngestMonth(there, { ingest: elsewhere, project: PROJECT, objects, shared })
  await there.start()
  return { ask, here, took }
}

const left = async () => (await app.objects.list('handed-over')).map(({ key }) => key)

test('a delivery is taken in by a worker that does not have its folder: the files come through the shared store, and go', async () => {
  const month = await folder()
  const { ask, here, took } = await twoHosts({ shared: true })
  const report = await ask({ dir: month, asOf: '2024-01-31' })
  expect(report).toMatchObject({ state: 'accepted', sources: [{ rows: 2 }, { rows: 2 }] })
  // What else lies there is said as ever, and its bytes stayed where they were.
  expect(report.findings).toMatchObject([{ rule: 'other_files', count: 1, examples: [{ value: 'notes.txt' }] }])
  expect(took).not.toContain(month)
  expect((await app.ingest.deliveries())[0]).toMatchObject({ directory: month })
  expect(await left()).toEqual([])
  const [run] = await here.list()
  expect((await here.get(run!.id)).steps.map((s) => s.name)).toEqual(['ingest', 'remove what was handed over'])
})

test('a refused delivery is told with its findings by the other host, and its files go too', async () => {
  const month = await folder()
  await writeFile(join(month, 'users.csv'), 'user_id,age\na,old\n')
  const { ask } = await twoHosts({ shared: true })
  await expect(ask({ dir: month, asOf: '2024-01-31' })).rejects.toMatchObject({ code: 'delivery_refused' })
  expect(await left()).toEqual([])
})

test('X4: with a store that the other host does not share, a worker without the folder refuses clearly', async () => {
  const month = await folder()
  const { ask } = await twoHosts({ shared: false })
  await expect(ask({ dir: month, asOf: '2024-01-31' })).rejects.toThrow(
    /does not exist|is not the file that was submitted/,
  )
  expect(await app.lake.list()).toEqual([])
})

test('two who hand over the same delivery at once share one run, and nothing is left', async () => {
  const month = await folder()
  const { here } = await twoHosts({ shared: true })
  const { objects, ingest } = app
  const second = createFlows({ db: database.db, log: silentLog })
  opened.push(second)
  const asks = [here, second].map((flows) =>
    flows === here ? undefined : defineIngestMonth(flows, { ingest, project: PROJECT, objects, shared: true }),
  )
  const ask = asks[1]!
  const reports = await Promise.all([ask({ dir: month, asOf: '2024-01-31' }), ask({ dir: month, asOf: '2024-01-31' })])
  expect(reports[0]).toEqual(reports[1])
  expect(await left()).toEqual([])
})

test('only the files of the named sources are handed over, and none behind a link out of the folder', async () => {
  const month = await folder()
  const handed = await handOver(app.objects, month, PROJECT, ['users'])
  expect(Object.keys(handed.files)).toEqual(['users.csv'])
  expect(handed.names).toEqual(['notes.txt', 'plans.csv'])
  await withHandedOver(app.objects, handed, async (there) => expect((await readdir(there)).sort()).toHaveLength(3))
})

test('a link out of the folder is refused by the other host as by this one, and its target is not sent', async () => {
  const month = await folder()
  await writeFile(join(dir, 'outside.csv'), 'user_id,age\nsecret,1\n')
  await rm(join(month, 'users.csv'))
  await symlink(join(dir, 'outside.csv'), join(month, 'users.csv'))
  const { ask } = await twoHosts({ shared: true })
  await expect(ask({ dir: month, asOf: '2024-01-31' })).rejects.toThrow(/a link out of the folder/)
  expect(await app.lake.list()).toEqual([])
})

test('a hand-over that fails leaves nothing of what it had copied', async () => {
  const month = await folder()
  let puts = 0
  const failing: typeof app.objects = {
    ...app.objects,
    async put(...given) {
      if (++puts === 2) throw new Error('the store is away')
      return app.objects.put(...given)
    },
  }
  await expect(handOver(failing, month, PROJECT, undefined)).rejects.toThrow('the store is away')
  expect([puts, await left()]).toEqual([2, []])
})

test('what is gone or changed on the way is refused, and says what to do', async () => {
  const month = await folder()
  const handed = await handOver(app.objects, month, PROJECT, ['users'])
  const key = (await left())[0]!
  await app.objects.put(key, Buffer.from('user_id,age\nz,9\n'))
  const take = () => withHandedOver(app.objects, handed, async () => 'taken')
  await expect(take()).rejects.toThrow(
    /'users.csv'.*is not as it was handed over; nothing was taken\. Give the command/,
  )
  await app.objects.delete(key)
  await expect(take()).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('any more') })
})

test('what a killed command has handed over goes after a day; what an unfinished run was given stays', async () => {
  const month = await folder()
  const [killed, waits] = [
    await handOver(app.objects, month, PROJECT, ['users']),
    await handOver(app.objects, month, PROJECT, ['users']),
  ]
  for (const key of await left()) await utimes(join(dir, 'shared', key), 1, 1)
  const young = await handOver(app.objects, month, PROJECT, ['users'])
  const collect = (dryRun: boolean) =>
    collectHandedOver(app.objects, { inUse: [JSON.stringify({ handed: waits })], beforeMs: 10_000_000, dryRun })
  expect((await collect(true)).map(({ key }) => key.split('/')[1])).toEqual([killed.id])
  await collect(false)
  expect((await left()).map((key) => key.split('/')[1]).sort()).toEqual([waits.id, young.id].sort())
})
