import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type App, createApp } from '../../src/app.ts'
import { manualClock } from '../../src/base/clock.ts'
import { parseInstant } from '../../src/base/instant.ts'
import { silentLog } from '../../src/base/log.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import { readSettings } from '../../src/config/settings.ts'
import { impactOf } from '../../src/pipelines/impact.ts'
import { type TestDatabase, testDatabase } from '../helpers/pg.ts'

/** Two models, two months and a correction: what is taken back, who had read it, and what is live afterwards. */
const JANUARY = '2024-01-31'
const FEBRUARY = '2024-02-29'

let database: TestDatabase
let dir: string
let app: App
beforeAll(async () => {
  database = await testDatabase()
  dir = await mkdtemp(join(tmpdir(), 'weir-withdraw-'))
  app = await open(null)
})
afterAll(async () => {
  await app.close()
  await database.drop()
  await rm(dir, { recursive: true, force: true })
})

const learner = { kind: 'random_forest', trees: 3 }

function open(tracking: string | null): Promise<App> {
  const project = normalizeProject(
    {
      name: 'two',
      ...(tracking ? { tracking } : {}),
      sources: {
        facts: { key: 'id', columns: { id: 'Int64', x: 'Float64' } },
        other: { key: 'id', columns: { id: 'Int64', z: 'Float64' } },
        labels: { key: 'id', columns: { id: 'Int64', y: 'Bool' } },
      },
      entities: { thing: { joinKeys: { id: 'Int64' } } },
      featureViews: {
        facts: { entity: 'thing', source: 'facts', features: { x: 'Float64' } },
        other: { entity: 'thing', source: 'other', features: { z: 'Float64' } },
      },
      featureServices: { facts: ['facts'], both: ['facts', 'other'], other: ['other'] },
      labels: { y: { entity: 'thing', source: 'labels', column: 'y' } },
      models: {
        small: { experiment: 'e1', features: 'facts', label: 'y', learner },
        large: { experiment: 'e2', features: 'both', label: 'y', learner },
        apart: { experiment: 'e2', features: 'other', label: 'y', learner },
      },
    },
    dir,
  )
  const settings = readSettings({
    flags: {},
    env: { DATABASE_URL: database.url, WEIR_HOME: join(dir, 'home') },
    projectDir: dir,
  })
  return createApp({ settings, project, clock: manualClock(Date.UTC(2024, 4, 1)), log: silentLog })
}

/** Keys 0 to 79; the same `salt` gives the same rows. */
async function deliver(source: string, asOf: string, salt: number): Promise<void> {
  const rows = Array.from({ length: 80 }, (_, id) => {
    const value = ((id * 37 + salt * 11) % 80) / 8
    return source === 'labels' ? { id, y: id % 2 === 0 } : { id, [source === 'facts' ? 'x' : 'z']: value }
  })
  await app.ingest.ingestRows({ source, asOf, rows })
}
const train = (model: string, asOf = JANUARY) => app.trainBaseline({ model, asOf, threads: 1 })
const impact = (source: string, validAt: string, version?: number) =>
  impactOf(app, { source, validAt: parseInstant(validAt), ...(version ? { version } : {}) })
const names = (found: Awaited<ReturnType<typeof impact>>) => ({
  // A training also builds its rows as they were served, for what is said of hindsight.
  sets: [...new Set(found.trainingSets.map((set) => `${set.kind} ${set.name}`))],
  versions: found.versions?.map((v) => `${v.name}/${v.version} ${v.stage}`),
  views: found.liveViews.map((v) => v.view),
})
const live = async (view: string, id = 3) => (await app.features.readOnline(view, [id]))[0]?.values[0]

test('impact: every training set, run, version and live view that read a delivery, and what is in Production', async () => {
  for (const source of ['facts', 'other', 'labels']) await deliver(source, JANUARY, 1)
  const first = await train('small')
  await deliver('facts', JANUARY, 2)
  for (const source of ['facts', 'other', 'labels']) await deliver(source, FEBRUARY, 3)
  const second = await train('small')
  const large = await train('large')
  await train('apart')
  await app.mlflow.registry.transition({
    name: 'small',
    version: 2,
    stage: 'Production',
    archiveExisting: true,
    actor: 'ann',
  })
  await app.materialize({ asOf: parseInstant(JANUARY) })
  const rows = [{ id: 3, event_timestamp: '2024-02-10T00:00:00Z' }]
  const knownAt = await app.lake.pinKnownAt()
  await app.features.entityDataset(app.features.service('facts'), { file: rows, knownAt, mode: 'restated' })

  const ofFirst = await impact('facts', JANUARY, 1)
  // The trainings after the correction read the first version for what was served at T, and learned from the second.
  expect(names(ofFirst)).toEqual({ sets: ['labels small', 'labels large'], versions: ['small/1 None'], views: [] })
  expect(ofFirst.runs?.map((run) => run.runId)).toEqual([first.runId])
  const ofSecond = await impact('facts', JANUARY, 2)
  expect(names(ofSecond)).toEqual({
    sets: ['labels small', 'labels large', 'rows facts'],
    versions: ['large/1 None', 'small/2 Production'],
    views: ['facts'],
  })
  expect(new Set(ofSecond.runs?.map((run) => run.runId))).toEqual(new Set([second.runId, large.runId]))
  expect(names(await impact('facts', FEBRUARY))).toEqual({ sets: [], versions: [], views: [] })
  expect(names(await impact('labels', JANUARY)).versions).toEqual([
    'apart/1 None',
    'large/1 None',
    'small/1 None',
    'small/2 Production',
  ])
  await expect(impact('facts', JANUARY)).rejects.toThrow(
    /facts of 2024-01-31 has versions 1, 2: say which one to look at/,
  )
})

test('deliveries 2: a withdrawal keeps training sets of before byte for byte, tells who read it, and corrects what is live', async () => {
  const before = await app.lake.pinKnownAt()
  const asked = { model: 'small', asOf: parseInstant(JANUARY), mode: 'restated' as const }
  const old = await app.features.trainingSet({ ...asked, knownAt: before })
  expect(await live('facts')).toBe(((3 * 37 + 22) % 80) / 8)

  const report = await app.withdraw({
    ...{ source: 'facts', validAt: parseInstant(JANUARY), version: 2 },
    ...{ actor: 'ann', reason: 'the wrong month' },
  })
  expect(report.snapshot).toMatchObject({
    id: 'facts/2024-01-31/v2',
    withdrawn: { actor: 'ann', reason: 'the wrong month' },
  })
  expect(report.countsNow).toBe('facts/2024-01-31/v1')
  expect(names(report.impact).versions).toEqual(['large/1 None', 'small/2 Production'])
  // The bound of the view stays: February is not brought by this.
  expect(report.views).toMatchObject([{ view: 'facts', outcome: 'materialized', validAt: parseInstant(JANUARY) }])
  expect(await live('facts')).toBe(((3 * 37 + 11) % 80) / 8)

  expect((await app.features.trainingSet({ ...asked, knownAt: before })).digest).toBe(old.digest)
  const since = await app.features.trainingSet({ ...asked, knownAt: await app.lake.pinKnownAt() })
  expect(since.digest).not.toBe(old.digest)
  expect(since.inputs.map((input) => input.snapshotId).sort()).toEqual(['facts/2024-01-31/v1', 'labels/2024-01-31/v1'])
  expect(names(await impact('facts', JANUARY, 2)).views).toEqual([])
})

test('withdrawing through the flow: twice is refused, and the same rows again are a new version', async () => {
  const again = { source: 'facts', validAt: parseInstant(JANUARY), version: 2, actor: 'bob', reason: 'again' }
  await expect(app.withdraw(again)).rejects.toThrow(/v2 was withdrawn already on .* by ann: the wrong month/)
  await deliver('facts', JANUARY, 2)
  const versions = (await app.lake.history({ source: 'facts', validAt: parseInstant(JANUARY) })).map((s) => [
    s.version,
    s.withdrawn !== null,
  ])
  expect(versions).toEqual([
    [1, false],
    [2, true],
    [3, false],
  ])
})

test('labels: when the only moment is withdrawn there is nothing to train on, and the refusal says so', async () => {
  await app.withdraw({ source: 'labels', validAt: parseInstant(JANUARY), actor: 'ann', reason: 'not mature' })
  await expect(train('small')).rejects.toThrow(/source 'labels' has no labels as of 2024-01-31/)
})

test('impact says what it cannot tell when the other MLflow server does not answer', async () => {
  const elsewhere = await open('http://127.0.0.1:9')
  try {
    const found = await impactOf(elsewhere, { source: 'facts', validAt: parseInstant(JANUARY), version: 2 })
    expect(found.trainingSets.length).toBeGreaterThan(0)
    expect([found.runs, found.versions]).toEqual([null, null])
    expect(found.unanswered).toMatch(/127\.0\.0\.1:9/)
  } finally {
    await elsewhere.close()
  }
})
