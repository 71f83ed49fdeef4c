import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type App, createApp } from '../../src/app.ts'
import { manualClock } from '../../src/base/clock.ts'
import { sha256Hex } from '../../src/base/hash.ts'
import { parseInstant } from '../../src/base/instant.ts'
import { silentLog } from '../../src/base/log.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import { readSettings } from '../../src/config/settings.ts'
import { createServer } from '../../src/http/server.ts'
import { dataRoutes } from '../../src/pipelines/data-routes.ts'
import { placesOf } from '../../src/pipelines/lineage.ts'
import { answersAsDocumented, openapiOf } from '../helpers/openapi.ts'
import { type TestDatabase, testDatabase } from '../helpers/pg.ts'

/** Two models over two sources: from a delivered file to the answers that it touched, and back. */
const JANUARY = '2024-01-31'
let database: TestDatabase
let dir: string
let app: App
let server: Awaited<ReturnType<typeof createServer>>
let url: string
beforeAll(async () => {
  database = await testDatabase()
  dir = await mkdtemp(join(tmpdir(), 'weir-lineage-'))
  const learner = { kind: 'random_forest', trees: 3 }
  const project = normalizeProject(
    {
      name: 'two',
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
      featureServices: { facts: ['facts'], other: ['other'] },
      labels: { y: { entity: 'thing', source: 'labels', column: 'y' } },
      models: {
        small: { experiment: 'e1', features: 'facts', label: 'y', learner },
        apart: { experiment: 'e2', features: 'other', label: 'y', learner },
      },
    },
    dir,
  )
  const env = { DATABASE_URL: database.url, WEIR_HOME: join(dir, 'home') }
  const settings = readSettings({ flags: {}, env, projectDir: dir })
  app = await createApp({ settings, project, clock: manualClock(Date.UTC(2024, 4, 1)), log: silentLog })
  const routes = [dataRoutes({ ...app, elsewhere: false })]
  server = await createServer({ routes, host: '127.0.0.1', port: 0, token: null, log: silentLog, version: '0' })
  url = await server.listen()
})
afterAll(async () => {
  await server.close()
  await app.close()
  await database.drop()
  await rm(dir, { recursive: true, force: true })
})

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at by their members.
async function ask(path: string, body?: object): Promise<{ status: number; told: any }> {
  const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const answer = await fetch(`${url}${path}`, body ? post : {})
  const text = await answer.text()
  const type = answer.headers.get('content-type') ?? ''
  answersAsDocumented(await openapiOf(url))(body ? 'POST' : 'GET', path, answer.status, type, text)
  return { status: answer.status, told: JSON.parse(text) }
}
const lineage = async (of: string) => (await ask(`/lineage?of=${encodeURIComponent(of)}`)).told
const kinds = (nodes: { kind: string; name: string }[]) =>
  nodes
    .filter(({ kind }) => ['snapshot', 'version', 'view', 'answers'].includes(kind))
    .map(({ kind, name }) => `${kind} ${name}`)
    .sort()

const csv = (column: string, salt: number) =>
  `id,${column}\n${Array.from({ length: 80 }, (_, id) => `${id},${column === 'y' ? id % 2 === 0 : ((id * 37 + salt) % 80) / 8}`).join('\n')}\n`

test('a bad file leads to every model and answer that it touched, an answer to every file that it came from, and each name to the same', async () => {
  const files = { facts: csv('x', 1), other: csv('z', 2), labels: csv('y', 0) }
  for (const [source, text] of Object.entries(files)) await writeFile(join(dir, `${source}.csv`), text)
  await app.ingest.ingestMonth({ dir, asOf: JANUARY })
  const small = await app.trainBaseline({ model: 'small', asOf: JANUARY, threads: 1 })
  await app.trainBaseline({ model: 'apart', asOf: JANUARY, threads: 1 })
  const promote = { stage: 'Production' as const, archiveExisting: true, actor: 'ann' }
  await app.mlflow.registry.transition({ name: 'small', version: 1, ...promote })
  await app.materialize({})

  const down = await lineage(sha256Hex(files.facts))
  expect(down).toMatchObject({ of: `file:${sha256Hex(files.facts)}`, complete: true, unanswered: null })
  expect(kinds(down.nodes)).toEqual([
    'answers small/1',
    `snapshot facts/${JANUARY}/v1`,
    'version small/1',
    'view facts',
  ])
  expect(down.nodes.find((n: { kind: string }) => n.kind === 'answers').periods).toMatchObject([{ to: null }])
  expect(down.edges).toContainEqual({ from: 'view:facts', to: 'answers:small/1' })
  expect(down.nodes[0]).toMatchObject({ kind: 'file', says: 'facts.csv', state: null, delivery: 1 })

  const up = await lineage('answers:small/1')
  expect(kinds(up.nodes)).toEqual([
    'answers small/1',
    `snapshot facts/${JANUARY}/v1`,
    `snapshot labels/${JANUARY}/v1`,
    'version small/1',
    'view facts',
  ])
  const digests = up.nodes.filter((n: { kind: string }) => n.kind === 'file').map((n: { name: string }) => n.name)
  expect(digests.sort()).toEqual([sha256Hex(files.facts), sha256Hex(files.labels)].sort())
  // What else came of the same labels was not asked.
  expect(kinds((await lineage('small/1')).nodes)).not.toContain('version apart/1')
  expect(kinds((await lineage(`labels/${JANUARY}/v1`)).nodes)).toEqual([
    'answers small/1',
    `snapshot labels/${JANUARY}/v1`,
    'version apart/1',
    'version small/1',
  ])
  expect((await lineage(small.runId)).of).toBe(`run:${small.runId}`)
  expect(kinds((await lineage(small.trainingSet)).nodes)).toContain('version small/1')
})

test('lineage refuses what it does not know, and tells of a file that was refused', async () => {
  await writeFile(join(dir, 'facts.csv'), 'id,x\n1,nothing\n')
  await expect(app.ingest.ingestMonth({ dir, asOf: '2024-02-29', sources: ['facts'] })).rejects.toThrow(/refused/)
  const refused = await lineage(sha256Hex('id,x\n1,nothing\n'))
  expect(refused.nodes).toMatchObject([{ kind: 'file', state: 'refused' }])
  expect(await ask('/lineage?of=nobody%2F3')).toMatchObject({ status: 404 })
  expect((await ask(`/lineage?of=${'0'.repeat(64)}`)).told.detail).toMatch(/nothing is known of "0000/)
  expect(placesOf('a/b/3')[0]).toEqual({ kind: 'version', name: 'a/b/3' })
})

test('withdrawing by route needs a reason, tells who had read it, corrects what is live and is a row of the trail', async () => {
  const path = `/snapshots/facts/${JANUARY}/v1`
  const before = (await ask(`${path}/impact`)).told
  expect(before).toMatchObject({
    versions: [{ name: 'small', version: 1, stage: 'Production' }],
    live_views: [{ view: 'facts' }],
  })
  expect((await ask(`${path}/withdraw`, { reason: ' ' })).told.detail).toMatch(/say why/)
  expect((await ask(`${path}/withdraw`, {})).status).toBe(400)
  await app.ingest.ingestRows({ source: 'facts', asOf: '2024-01-30', rows: [{ id: 1, x: 0.5 }] })
  const { status, told } = await ask(`${path}/withdraw`, { reason: 'the wrong month' })
  expect(status).toBe(200)
  expect(told).toMatchObject({
    counts_now: null,
    views: ['facts'],
    snapshot: { withdrawn: { reason: 'the wrong month' } },
  })
  expect(told.impact.versions).toEqual(before.versions)
  expect((await ask(`${path}/withdraw`, { reason: 'again' })).status).toBe(409)
  expect((await lineage(`facts/${JANUARY}/v1`)).nodes[0]).toMatchObject({ state: 'withdrawn', says: 'the wrong month' })
  const trail = await database.db.query<{ action: string; name: string; why: string }>(
    `select action, on_name as name, why from identity.audit where action like 'snapshot%' or action like 'delivery%' order by 1, 2`,
  )
  expect(trail).toEqual([
    { action: 'delivery.accepted', name: '1', why: null },
    { action: 'delivery.accepted', name: '3', why: null },
    { action: 'delivery.refused', name: '2', why: null },
    { action: 'snapshot.withdrawn', name: `facts/${JANUARY}/v1`, why: 'the wrong month' },
  ])
  expect(parseInstant(told.snapshot.withdrawn.recorded_at)).toBe(told.snapshot.withdrawn.recorded_at)
})
