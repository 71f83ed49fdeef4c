import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseInstant } from '../../src/base/instant.ts'
import { createModel, decodeModel, encodeModel } from '../../src/ml/model/model-file.ts'
import { MODEL, openServerRig } from './rig.ts'

let rig: Awaited<ReturnType<typeof openServerRig>>

beforeAll(async () => {
  rig = await openServerRig()
  await rig.app.ingestMonth({ dir: join(rig.months, 'month_000'), asOf: '2024-01-31' })
  await rig.app.features.materialize({ asOf: parseInstant('2024-01-31', 'as-of') })
  await rig.train()
  await rig.train()
})
afterAll(() => rig.close())

const answers = async (version: number) => {
  await rig.promote(version)
  await rig.until((answer) => versionOf(answer.body) === String(version))
}
const versionOf = (body: Record<string, unknown>) => (body.model as { version: string } | undefined)?.version

test('a promotion while 32 clients predict: no failed request, and the new version answers', async () => {
  await answers(1)
  let stop = false
  const statuses = new Map<number, number>()
  const client = async (): Promise<string[]> => {
    const versions: string[] = []
    while (!stop) {
      const { status, body } = await rig.predict({ user_id: '7590-VHVEG' })
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      versions.push(versionOf(body) ?? 'none')
    }
    return versions
  }
  const clients = Array.from({ length: 32 }, client)
  const times: number[] = []
  for (const version of [2, 1, 2, 1]) {
    const since = performance.now()
    await answers(version)
    times.push(performance.now() - since)
  }
  stop = true
  const seen = (await Promise.all(clients)).flat()
  console.log(
    `promotion to first answer: ${times.map((ms) => `${Math.round(ms)} ms`).join(', ')}; ${seen.length} requests`,
  )
  expect([...statuses.keys()]).toEqual([200])
  expect(new Set(seen)).toEqual(new Set(['1', '2']))
})

test('a version that cannot be loaded leaves the old one answering, ready, and /ready says so', async () => {
  await answers(1)
  const run = await rig.app.tracking.runs.create({ experimentId: '0' })
  const { version } = await rig.app.registry.createVersion({
    name: MODEL,
    source: `${run.artifactUri}/model`,
    runId: run.runId,
  })
  await rig.promote(version)
  const says = await readySays('cannot be loaded')
  expect(says).toContain(`version ${version} of ${MODEL} is in Production but cannot be loaded`)
  expect(versionOf((await rig.predict({ user_id: '7590-VHVEG' })).body)).toBe('1')
  const { text } = await rig.get('/metrics')
  expect(text).toMatch(/weir_model_load_failures_total\{model="streamflow_churn"\} 1\n/)
  expect(liveVersions(text)).toEqual(['1'])

  // What was missing may still come: nobody has to promote once more.
  const good = await rig.app.tracking.artifacts.read((await rig.app.registry.getVersion(MODEL, 2)).source, 'model.weir')
  await rig.app.tracking.artifacts.putOfRun(run.runId, 'model/model.weir', good)
  await rig.until((answer) => versionOf(answer.body) === String(version))
  expect((await rig.get('/ready')).text).not.toContain('cannot be loaded')
  expect(liveVersions((await rig.get('/metrics')).text)).toEqual([String(version)])
})

test('a version whose files are elsewhere is staged, aliased and promoted, but not served, and /ready says why', async () => {
  const { registry } = rig.app
  const before = versionOf((await rig.predict({ user_id: '7590-VHVEG' })).body)
  const { version } = await registry.createVersion({ name: MODEL, source: 's3://bucket/churn', runId: 'theirs' })
  await registry.setAlias({ name: MODEL, version, alias: 'elsewhere', actor: 'test' })
  await rig.promote(version)
  const why = `the files of version ${version} of '${MODEL}' are at 's3://bucket/churn', which this server never opens`
  expect(await readySays(why)).toContain(`version ${version} of ${MODEL} is in Production but cannot be loaded`)
  expect((await rig.get(`/ready/${MODEL}`)).text).toContain(why)
  expect(versionOf((await rig.predict({ user_id: '7590-VHVEG' })).body)).toBe(before)
  await rig.promote(Number(before))
  await rig.until((answer) => versionOf(answer.body) === before)
})

test('a damaged file and one of other features are refused too', async () => {
  await answers(1)
  const good = await rig.app.tracking.artifacts.read((await rig.app.registry.getVersion(MODEL, 1)).source, 'model.weir')
  const damaged = Buffer.from(good)
  damaged[damaged.length - 1]! ^= 1
  await rig.promote(await versionOfBytes(damaged))
  expect(await readySays('checksum')).toContain('it was cut off or changed')
  expect(versionOf((await rig.predict({ user_id: '7590-VHVEG' })).body)).toBe('1')

  const model = decodeModel(good)
  const { columns, inputs } = model.encoder.spec
  const renamed = (name: string) => (name === 'skips_7d' ? 'skips_30d' : name)
  const encoder = {
    inputs: inputs.map((input) => ({ ...input, name: renamed(input.name) })),
    columns: columns.map((column) => ({ ...column, input: renamed(column.input) })),
  }
  await rig.promote(await versionOfBytes(encodeModel(createModel({ ...model, encoder }))))
  expect(await readySays('skips_7d')).toContain("its inputs are not the features of 'churn_features'")
  expect(versionOf((await rig.predict({ user_id: '7590-VHVEG' })).body)).toBe('1')
})

test('when no version is in Production any more, predictions are 503 and not stale', async () => {
  await answers(2)
  await rig.promote(2, 'Archived')
  const answer = await rig.until(({ status }) => status !== 200)
  expect(answer).toMatchObject({ status: 503, body: { error: 'no_production_model' } })
  expect((await rig.get('/ready')).status).toBe(503)
  expect(liveVersions((await rig.get('/metrics')).text)).toEqual([])
  await answers(2)
})

test('a promotion that nobody was told of is found by looking', async () => {
  await answers(1)
  await rig.app.db.tx(async (sql) => {
    await sql.query("update registry.version set stage = 'Archived' where name = $1 and version = 1", [MODEL])
    await sql.query("update registry.version set stage = 'Production' where name = $1 and version = 2", [MODEL])
  })
  await rig.until((answer) => versionOf(answer.body) === '2')
})

async function versionOfBytes(bytes: Uint8Array): Promise<number> {
  const run = await rig.app.tracking.runs.create({ experimentId: '0' })
  await rig.app.tracking.artifacts.putOfRun(run.runId, 'model/model.weir', bytes)
  const source = `${run.artifactUri}/model`
  const { version } = await rig.app.registry.createVersion({ name: MODEL, source, runId: run.runId })
  return version
}

function liveVersions(metrics: string): (string | undefined)[] {
  return [...metrics.matchAll(/^weir_model_live\{.*version="(\d+)"\} 1$/gm)].map((m) => m[1])
}

async function readySays(words: string): Promise<string> {
  for (;;) {
    const { status, text } = await rig.get('/ready')
    // One bad promotion must not take every server out of service.
    expect(status).toBe(200)
    if (text.includes(words)) return text
  }
}
