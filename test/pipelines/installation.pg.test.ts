import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { createServer, type Server } from '../../src/http/server.ts'
import { createIdentity, type Identity } from '../../src/identity/identity.ts'
import { openObjectStore } from '../../src/lake/open-store.ts'
import { examineServer } from '../../src/pipelines/doctor.ts'
import { installationRoutes } from '../../src/pipelines/installation-routes.ts'
import { type TestDatabase, testDatabase } from '../helpers/pg.ts'

const NOTHING = { files: 0, bytes: 0 }
const REPORT = { models: { files: 2, bytes: 20 }, datasets: null, handedOver: NOTHING, cache: NOTHING, flows: 3 }
const MERGED = { merged: { merged: { files: 0, into: 0 }, removed: NOTHING } }

let database: TestDatabase
let dir: string
let server: Server
let identity: Identity
let away: string | undefined
let release = () => {}
let held: Promise<void> | undefined
const runs: boolean[] = []

beforeAll(async () => {
  database = await testDatabase()
  dir = await mkdtemp(join(tmpdir(), 'weir-installation-'))
  const objects = await openObjectStore({ objects: dir, home: dir })
  identity = createIdentity({ sql: database.db, log: silentLog, token: null, defaultModel: null })
  for (const n of [1, 2, 3]) await objects.put(`lake/${n}`, Buffer.alloc(n * 100))
  await objects.put('models/a', Buffer.alloc(7))
  await objects.put('loose', Buffer.alloc(1))
  const check = async () => {
    if (away) throw new Error(away)
  }
  const settings = { home: dir, objects: 's3://key:secret@host/bucket', online: 'redis://user:secret@host:1' }
  server = await createServer({
    routes: [
      installationRoutes({
        ...{ sql: database.db, objects },
        retention: {
          datasetsKeptMs: 30 * 86_400_000,
          flowsKept: { keepMs: 86_400_000, keepRuns: 5 },
          cacheBytesMax: 9,
        },
        examine: () =>
          examineServer({ db: database.db, identity, settings, health: [{ what: 'the store', needed: true, check }] }),
        async collect({ dryRun }) {
          runs.push(dryRun)
          await held
          return { ...REPORT, ...MERGED }
        },
      }),
    ],
    ...{ host: '127.0.0.1', port: 0, version: '0', log: silentLog },
  })
})
afterAll(async () => {
  await server.close()
  await database.drop()
  await rm(dir, { recursive: true })
})

const ask = async (method: 'GET' | 'POST', url: string, payload?: object) => {
  const answer = await server.app.inject({
    method,
    url,
    headers: { host: 'localhost' },
    ...(payload ? { payload } : {}),
  })
  return { status: answer.statusCode, json: answer.json() }
}

test('GET /storage says what is kept, how long, and what would go; it removes nothing', async () => {
  const { status, json } = await ask('GET', '/storage')
  expect(status).toBe(200)
  expect(json.objects).toEqual([
    { name: 'lake', files: 3, bytes: 600 },
    { name: 'models', files: 1, bytes: 7 },
    { name: '', files: 1, bytes: 1 },
  ])
  expect(json.retention).toEqual({ datasets_days: 30, flows_days: 1, flows_runs: 5, cache_bytes: 9 })
  expect(json.collectible).toMatchObject({ models: { files: 2, bytes: 20 }, datasets: null, flow_runs: 3 })
  expect(json.tables.map((t: { name: string }) => t.name)).toEqual(
    expect.arrayContaining(['lake', 'tracking', 'identity']),
  )
  expect(json.database_bytes).toBeGreaterThan(1_000_000)
  expect(runs).toEqual([true])
})

test('POST /storage/collect removes, once at a time, and stands in the trail', async () => {
  runs.length = 0
  expect((await ask('POST', '/storage/collect', { dry_run: true })).json.removed.flow_runs).toBe(3)
  held = new Promise((resolve) => {
    release = resolve
  })
  const first = ask('POST', '/storage/collect', {})
  while (runs.length < 2) await new Promise((turn) => setImmediate(turn))
  expect((await ask('POST', '/storage/collect', {})).status).toBe(409)
  release()
  expect((await first).json.removed.models).toEqual({ files: 2, bytes: 20 })
  expect(runs).toEqual([true, false])
  const trail = await database.db.query<{ action: string }>('select action from identity.audit')
  expect(trail).toEqual([{ action: 'garbage.collected' }])
})

test('GET /doctor says what is broken, and shows no password', async () => {
  const well = await ask('GET', '/doctor')
  expect(well.json.healthy).toBe(true)
  expect(JSON.stringify(well.json)).not.toContain('secret')
  away = 'it is on fire'
  const ill = await ask('GET', '/doctor')
  expect([ill.status, ill.json.healthy]).toEqual([200, false])
  expect(ill.json.findings).toContainEqual({ part: 'the store', state: 'broken', says: 'it is on fire' })
  away = undefined
})

test('GET /doctor warns where nobody can give tokens', async () => {
  await identity.tokens.create({ name: 'ben', role: 'viewer' })
  const { json } = await ask('GET', '/doctor')
  expect(json.findings).toContainEqual({
    part: 'access',
    state: 'warn',
    says: "each caller needs a token; 1 are usable, none of them an admin's: weir tokens create NAME --role admin",
  })
})
