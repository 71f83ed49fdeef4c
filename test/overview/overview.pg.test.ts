import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { PlatformError } from '../../src/base/errors.ts'
import { parseInstant } from '../../src/base/instant.ts'
import { writeMonths } from '../../src/generator/streamflow.ts'
import { createOverview } from '../../src/overview/overview.ts'
import type { OverviewAnswer } from '../../src/wire/overview.ts'
import { MODEL, openServerRig } from '../serving/rig.ts'

let rig: Awaited<ReturnType<typeof openServerRig>>
beforeAll(async () => {
  rig = await openServerRig({ trees: 5 })
})
afterAll(() => rig.close())
const look = async () => (await rig.get('/overview')).body as unknown as OverviewAnswer
const codesOf = ({ problems }: OverviewAnswer) => new Set(problems.map(({ code }) => code))

test('a project is followed from nothing to a live model', async () => {
  const empty = await look()
  expect(empty.sources.map(({ newest }) => newest)).toEqual(empty.sources.map(() => null))
  expect(codesOf(empty)).toEqual(new Set(['source_never_delivered', 'view_not_materialized', 'model_not_live']))

  const months = join(rig.app.settings.home, 'small')
  await writeMonths(months, 1, { customers: 300 })
  await rig.app.ingestMonth({ dir: join(months, 'month_000'), asOf: '2024-01-31' })
  await rig.app.features.materialize({ asOf: parseInstant('2024-01-31') })
  await rig.train()
  await rig.app.registry.transition({
    name: MODEL,
    version: 1,
    stage: 'Production',
    archiveExisting: false,
    actor: 'test',
  })
  // Not by asking for predictions: their refusals would be told.
  while ((await rig.get('/ready')).status !== 200);

  const full = await look()
  expect(full.sources.find(({ name }) => name === 'users')?.newest).toMatchObject({
    snapshot: 'users/2024-01-31/v1',
    valid_at: '2024-01-31T00:00:00.000000Z',
    rows: 300,
  })
  expect(full.models).toMatchObject([{ name: MODEL, live: { version: '1' }, problem: null }])
  expect(full.models[0]!.views).toContain('usage_agg_30d_fv')
  expect(full.flows[0]).toMatchObject({ state: 'succeeded' })
  expect(full.problems).toEqual([])
})

test('it answers also while the database is away, and says so', async () => {
  const away = async () => {
    throw new PlatformError('unavailable', 'the database does not answer')
  }
  const { app } = rig
  const { overview } = createOverview({
    project: app.project,
    lake: { previous: away },
    ingest: { deliveries: away },
    features: { viewStates: away, service: app.features.service },
    flows: { list: away },
    registry: { requests: away },
    alerts: { list: away },
    servers: { of: away },
    serving: {
      current: () => undefined,
      problem: () => undefined,
      away: async () => [{ needed: true, says: 'the database does not answer' }],
    },
    traffic: { of: () => ({ perSecond: 0, failedPerSecond: 0, brokenPerSecond: 0, p99Ms: null }) },
    clock: systemClock,
  })
  const told = await overview()
  expect(told.problems.map(({ what }) => what)).toContain('the database does not answer')
  expect([told.sources, told.runs]).toEqual([[], []])
})
