import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../../../src/app.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { parseInstant } from '../../../src/base/instant.ts'
import { silentLog } from '../../../src/base/log.ts'
import type { Project } from '../../../src/config/project.ts'
import { type RunningServer, startServer } from '../../../src/server.ts'
import { MODEL, openServerRig } from '../rig.ts'

let rig: Awaited<ReturnType<typeof openServerRig>>
let second: { server: RunningServer; close(): Promise<void> }
let keys: string[]

const onlySmall = (project: Project): Project => ({
  ...project,
  models: project.models.map((model) => ({
    ...model,
    serving: { ...model.serving, canary: { ...model.serving.canary, leastRequests: 20 } },
  })),
})

async function openSecond() {
  const { settings, project } = rig.app
  const app = await createApp({ settings, project, clock: systemClock, log: silentLog })
  const server = await startServer(app)
  return {
    server,
    async close() {
      await server.close()
      await app.close()
    },
  }
}

beforeAll(async () => {
  rig = await openServerRig({ trees: 5, change: onlySmall })
  await rig.app.ingestMonth({ dir: join(rig.months, 'month_000'), asOf: '2024-01-31' })
  await rig.app.features.materialize({ asOf: parseInstant('2024-01-31', 'as-of') })
  await rig.train()
  const { source, runId } = await rig.app.registry.getVersion(MODEL, 1)
  for (let i = 0; i < 2; i++) await rig.app.registry.createVersion({ name: MODEL, source, runId: runId ?? '' })
  await rig.promote(1)
  await rig.until(({ status }) => status === 200)
  second = await openSecond()
  const table = await rig.app.db.query<{ table_name: string }>(
    "select table_name from features.online_table where view = 'subs_profile_fv'",
  )
  const rows = await rig.app.db.query<{ user_id: string }>(
    `select user_id from online."${table[0]?.table_name}" order by user_id limit 400`,
  )
  keys = rows.map(({ user_id }) => user_id)
})
afterAll(async () => {
  await second?.close()
  await rig.close()
})

type ByKey = Record<string, string>
async function armsBy(url: string): Promise<ByKey> {
  const answer = await fetch(`${url}/predict/batch`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user_ids: keys }),
  })
  const { predictions } = (await answer.json()) as {
    predictions: { user_id: string; model: { version: string; arm: string } }[]
  }
  return Object.fromEntries(predictions.map(({ user_id, model }) => [user_id, `${model.arm} ${model.version}`]))
}
const put = (version: number, body: object) =>
  rig.send('PUT', `/models/${MODEL}/arms/${version}`, JSON.stringify({ reason: 'a test', ...body }))
const stop = (version: number) => rig.post(`/models/${MODEL}/arms/${version}/stop`, { reason: 'a test' })
const canaryKeys = (by: ByKey) => keys.filter((key) => by[key]?.startsWith('canary'))
const history = async () =>
  (await rig.get(`/models/${MODEL}/history`)).body.transitions as {
    kind: string
    version: number
    from: string | null
    to: string | null
    actor: string
    comment: string
    details: Record<string, unknown> | null
  }[]

/** Asks until all servers say that they try what is wanted; the change comes by a notification. */
async function allFollow() {
  for (;;) {
    const { body } = await rig.get(`/models/${MODEL}/servers`)
    if (body.all_follow === true && body.all_swapped === true) return body
  }
}

describe.sequential('two servers', () => {
  test('both answer a key by the same arm, also after a restart; a greater share keeps whoever was in it', async () => {
    expect(new Set(Object.values(await armsBy(rig.url)))).toEqual(new Set(['champion 1']))
    expect(await put(2, { role: 'canary', share: 0.2 })).toMatchObject({
      status: 200,
      body: { state: 'made', share: 0.2 },
    })
    const told = await allFollow()
    expect(told).toMatchObject({
      arms: [{ version: 2, role: 'canary', share: 0.2 }],
      servers: [{ arms: [{ problem: null }] }, {}],
    })
    const here = await armsBy(rig.url)
    expect(new Set(Object.values(here))).toEqual(new Set(['champion 1', 'canary 2']))
    expect(await armsBy(second.server.url)).toEqual(here)
    await second.close()
    second = await openSecond()
    expect(await armsBy(second.server.url)).toEqual(here)
    await put(2, { role: 'canary', share: 0.5 })
    await allFollow()
    const more = canaryKeys(await armsBy(second.server.url))
    expect(more).toEqual(expect.arrayContaining(canaryKeys(here)))
    expect(more.length).toBeGreaterThan(canaryKeys(here).length)
  })

  test('a second canary, the champion itself, and a share of nothing are refused', async () => {
    expect(await put(3, { role: 'canary', share: 0.1 })).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('version 2 of') },
    })
    expect(await put(1, { role: 'canary', share: 0.1 })).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('answers already') },
    })
    expect((await put(2, { role: 'canary' })).status).toBe(400)
    expect((await put(2, { role: 'shadow', share: 0.1 })).status).toBe(400)
    expect((await put(9, { role: 'canary', share: 0.1 })).status).toBe(404)
    expect((await put(3, { role: 'canary', share: 0.1, reason: ' ' })).status).toBe(400)
    expect((await stop(3)).status).toBe(409)
  })

  test('a shadow is computed and logged, and given to nobody', async () => {
    await put(3, { role: 'shadow' })
    await allFollow()
    expect(new Set(Object.values(await armsBy(rig.url)))).toEqual(new Set(['champion 1', 'canary 2']))
    const shadowOf = async () => {
      const { body } = await rig.get(`/models/${MODEL}/arms`)
      return (body.arms as { role: string; numbers: { rows: number; failed: number } | null }[]).find(
        ({ role }) => role === 'shadow',
      )?.numbers
    }
    for (;;) if (((await shadowOf())?.rows ?? 0) >= keys.length) break
    expect(await shadowOf()).toMatchObject({ rows: keys.length, failed: 0, dropped: 0 })
    await stop(3)
  })

  test('a promoted canary is no canary any more, and the way back makes none', async () => {
    await rig.promote(2)
    await allFollow()
    expect(new Set(Object.values(await armsBy(second.server.url)))).toEqual(new Set(['champion 2']))
    const { body } = await rig.get(`/models/${MODEL}/arms`)
    expect(body.arms).toMatchObject([{ version: 2, role: 'champion', share: 1 }])
    await rig.promote(1)
    await allFollow()
  })

  test('what was counted on both servers rolls back a canary that fails for 5 % of its keys, once', async () => {
    await put(2, { role: 'canary', share: 0.3 })
    await allFollow()
    const [arm] = await rig.app.registry.arms(MODEL)
    const counts = (rows: number, failed: number) =>
      JSON.stringify({
        rows,
        failed,
        dropped: 0,
        differs: 0,
        difference: 0,
        sum: 0,
        squares: 0,
        beforeMs: null,
        ms: { 40: rows },
        modelMs: {},
        scores: {},
      })
    const since = performance.now()
    // As two servers write them: of each alone it would be too few to judge.
    for (const server of [1, 2]) {
      await rig.app.db.query('insert into serving.arm_total (trial, side, server, counts) values ($1, $2, $3, $4)', [
        arm?.trial,
        'arm',
        `00000000-0000-0000-0000-00000000000${server}`,
        counts(11, server === 1 ? 1 : 2),
      ])
    }
    for (;;) if ((await rig.app.registry.arms(MODEL)).length === 0) break
    console.log(`rolled back after ${Math.round(performance.now() - since)} ms`)
    await allFollow()
    const lines = (await history()).filter(
      ({ kind, comment }) => kind === 'arm' && (comment ?? '').includes('rolled back by the gate'),
    )
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({
      ...{ version: 2, from: 'canary 30 %', to: null, actor: 'gate' },
      comment: expect.stringContaining('it failed for 3 of 25 keys'),
      details: { rule: 'errors', canary: { rows: 22, failed: 3 } },
    })
    const decided = await rig.app.db.query("select verdict, says from monitoring.decision where kind = 'canary'")
    expect(decided).toEqual([{ verdict: 'rolled_back', says: lines[0]?.comment }])
    expect(new Set(Object.values(await armsBy(rig.url)))).toEqual(new Set(['champion 1']))
  })

  test('a canary that cannot be loaded answers nobody: /ready warns, the history says why, and it is rolled back', async () => {
    const { app } = rig
    const run = await app.tracking.runs.create({ experimentId: '0' })
    await app.tracking.artifacts.putOfRun(run.runId, 'model/model.weir', Buffer.from('nothing that a model is made of'))
    const { version } = await app.registry.createVersion({
      name: MODEL,
      source: `${run.artifactUri}/model`,
      runId: run.runId,
    })
    await put(version, { role: 'canary', share: 0.5 })
    for (;;) if ((await app.registry.arms(MODEL)).length === 0) break
    expect(new Set(Object.values(await armsBy(rig.url)))).toEqual(new Set(['champion 1']))
    for (;;) if ((await history()).some(({ kind }) => kind === 'serving')) break
    const lines = (await history()).filter((line) => line.version === version)
    const why = expect.stringContaining(`version ${version} of ${MODEL} is its canary but cannot be loaded`)
    expect(lines).toHaveLength(3)
    expect(lines).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: 'arm', from: null, to: 'canary 50 %' }),
        expect.objectContaining({ kind: 'serving', to: 'not served', comment: why }),
        expect.objectContaining({ kind: 'arm', from: 'canary 50 %', to: null, actor: 'gate', comment: why }),
      ]),
    )
  })
})

test('a project that logs to another MLflow server has no arms', async () => {
  const { requireOwnVersions } = await import('../../../src/serving/arms/routes.ts')
  expect(() => requireOwnVersions({ tracking: 'http://other' })).toThrow('another MLflow server')
})
