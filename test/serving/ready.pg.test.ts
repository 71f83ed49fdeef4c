import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { must } from '../../src/base/assert.ts'
import { parseInstant } from '../../src/base/instant.ts'
import type { Project } from '../../src/config/project.ts'
import { writeMonths } from '../../src/generator/streamflow.ts'
import { MODEL, openServerRig } from './rig.ts'

const SECOND = 'second model'
const AS_OF = '2024-01-31'

/** A second model that reads one view of its own, which is old as soon as it is there. */
function withSecond(project: Project): Project {
  const [model, service] = [must(project.models[0]), must(project.featureServices[0])]
  const payments = must(project.featureViews.find((view) => view.name === 'payments_agg_90d_fv'))
  const stale = { ...payments, name: 'stale_fv', ttlMs: 86_400_000 }
  const feature = { ...must(service.features.find((f) => f.view === payments.name)), view: stale.name }
  return {
    ...project,
    featureViews: [...project.featureViews, stale],
    featureServices: [...project.featureServices, { ...service, name: 'second', features: [feature] }],
    models: [...project.models, { ...model, name: SECOND, featureService: 'second' }],
  }
}

let rig: Awaited<ReturnType<typeof openServerRig>>
let empty: Ready
beforeAll(async () => {
  rig = await openServerRig({ change: withSecond, trees: 5 })
  empty = await ready()
  const months = join(rig.app.settings.home, 'small')
  await writeMonths(months, 1, { customers: 300 })
  await rig.app.ingestMonth({ dir: join(months, 'month_000'), asOf: AS_OF })
  await rig.app.features.materialize({ asOf: parseInstant(AS_OF) })
  await rig.train()
  await rig.app.trainBaseline({ model: SECOND, asOf: AS_OF })
}, 240_000)
afterAll(() => rig.close())

type Ready = Awaited<ReturnType<typeof ready>>
const ready = async (model?: string) => {
  const { status, body } = await rig.get(model === undefined ? '/ready' : `/ready/${encodeURIComponent(model)}`)
  return { status, reasons: body.reasons as string[], warnings: body.warnings as string[], body }
}
const readyIs = async (status: number, model?: string) => {
  for (;;) {
    const answer = await ready(model)
    if (answer.status === status) return answer
  }
}
const promote = (name: string, stage: 'Production' | 'Archived') =>
  rig.app.registry.transition({ name, version: 1, stage, archiveExisting: false, actor: 'test' })

// One story of two models.
describe.sequential('weak 12: readiness with two models', () => {
  test('before any promotion all models count', () => {
    const { status, reasons } = empty
    expect(status).toBe(503)
    expect(reasons).toEqual(
      expect.arrayContaining([
        expect.stringContaining(`no version of ${MODEL} is in Production`),
        expect.stringContaining(`no version of ${SECOND} is in Production`),
        "feature view 'stale_fv' is not materialized",
      ]),
    )
  })

  test('a model that nobody has promoted is a warning, and so are views that only it reads', async () => {
    await promote(MODEL, 'Production')
    const { body } = await readyIs(200)
    expect(body).toMatchObject({ status: 'ready', models: [{ name: MODEL, version: '1' }] })
    expect(body.warnings).toEqual([
      expect.stringContaining(`no version of ${SECOND} is in Production`),
      "feature view 'stale_fv' is older than its ttl (2024-01-31)",
    ])
  })

  test('/ready/{model} tells of one model and of the views that it reads', async () => {
    const first = await ready(MODEL)
    expect(first).toMatchObject({ status: 200, body: { models: [{ name: MODEL }], warnings: [] } })
    expect(first.body.feature_views).toHaveLength(4)
    const second = await ready(SECOND)
    expect(second.status).toBe(503)
    expect(second.reasons).toEqual([
      expect.stringContaining(`no version of ${SECOND} is in Production`),
      expect.stringContaining("'stale_fv' is older than its ttl"),
    ])
    expect(await ready('streamflow_chrun')).toMatchObject({
      status: 404,
      body: { detail: expect.stringContaining("did you mean 'streamflow_churn'") },
    })
  })

  test('once promoted, both must answer', async () => {
    await promote(SECOND, 'Production')
    let answer = await ready()
    while (answer.warnings.length > 0) answer = await ready()
    expect(answer.status).toBe(503)
    expect(answer.reasons).toEqual([expect.stringContaining("'stale_fv' is older than its ttl")])
    expect(answer.warnings).toEqual([])
    expect((await ready(MODEL)).status).toBe(200)
  })

  test('a model that had a version in Production and has none any more is a reason', async () => {
    await promote(MODEL, 'Archived')
    const { reasons } = await readyIs(503, MODEL)
    expect(reasons).toEqual([expect.stringContaining(`no version of ${MODEL} is in Production`)])
    expect((await ready()).reasons).toEqual(expect.arrayContaining(reasons))
  })
})

test('X13: an object store that is away is a warning: what is live goes on answering', async () => {
  const [objects, away] = ['objects', 'objects-away'].map((name) => join(rig.app.settings.home, name)) as [
    string,
    string,
  ]
  const before = await ready()
  await rename(objects, away)
  const without = await ready()
  expect([without.status, without.warnings.sort()]).toEqual([
    before.status,
    [...before.warnings, 'the object store is empty or another one'].sort(),
  ])
  await rename(away, objects)
  expect((await ready()).warnings).toEqual(before.warnings)
})

test('both routes are in the document, with their warnings', async () => {
  const { body } = await rig.get('/openapi.json')
  const paths = body.paths as Record<string, { get: { responses: Record<string, { content: unknown }> } }>
  for (const path of ['/ready', '/ready/{model}']) {
    expect(JSON.stringify(paths[path]?.get.responses['200'])).toContain('"warnings"')
    expect(JSON.stringify(paths[path]?.get.responses['503'])).toContain('"warnings"')
  }
})
