import { afterAll, beforeAll, expect, test } from 'vitest'
import { must } from '../../src/base/assert.ts'
import { examine } from '../../src/pipelines/examine.ts'
import type { Hindsight } from '../../src/training/report/hindsight.ts'
import type { FeatureLeak } from '../../src/training/report/leaks.ts'
import { JANUARY, loadStreamflow } from '../features/real-data.ts'
import { madeUpSql, openTrainingRig, type TrainingRig } from './rig.ts'

const MODEL = 'streamflow_churn'
const ROWS = 1_200

let rig: TrainingRig
let corrected: string

/** A month, whose numbers are corrected later for those who left: the correction knows the label. */
beforeAll(async () => {
  const project = await loadStreamflow()
  Object.assign(project.models[0]!.learner, { trees: 20, minSamplesLeaf: 5 })
  rig = await openTrainingRig(project)
  for (const source of project.sources) await rig.deliver(source, JANUARY, madeUpSql(source, ROWS, 'january'))
})
afterAll(() => rig.close())

async function trainWithHindsight() {
  const pinned = await rig.training.pin({ model: MODEL, asOf: JANUARY, threads: 1 })
  const dataset = await rig.training.buildDataset(pinned)
  const asServed = await rig.training.buildAsServed(pinned)
  const fit = await rig.training.fit(pinned, dataset, asServed)
  const run = await rig.training.logRun(pinned, dataset, fit)
  const read = async <T>(path: string) =>
    JSON.parse((await rig.tracking.artifacts.read(run.artifactUri, path)).toString('utf8')) as T
  const card = (await rig.tracking.artifacts.read(run.artifactUri, 'model_card.md')).toString('utf8')
  return {
    card,
    run,
    dataset,
    asServed,
    fit,
    hindsight: await read<Hindsight>('hindsight.json'),
    leaks: await read<FeatureLeak[]>('leaks.json'),
  }
}

function sectionOf(card: string, name: string): string {
  return card.split(/^## /m).find((section) => section.startsWith(`${name}\n`)) ?? ''
}

test('a training without a correction has no hindsight, and fits nothing more for it', async () => {
  const { dataset, asServed, hindsight, leaks } = await trainWithHindsight()
  expect(asServed?.digest).toBe(dataset.digest)
  expect(hindsight).toEqual({ changedRows: 0, rows: ROWS, features: [], measures: null, live: null })
  expect(leaks.flatMap(({ findings }) => findings)).toEqual([])
})

test('what a correction brought in after T is said as the gap, with what changed, and as a leak where it tells the label', async () => {
  const source = must(rig.project.sources.find(({ columns }) => columns.some(({ name }) => name === 'monthly_fee')))
  const label = must(rig.project.sources.find(({ columns }) => columns.some(({ name }) => name === 'churn_label')))
  const rows = madeUpSql(source, ROWS, 'january')
  const labels = madeUpSql(label, ROWS, 'january')
  corrected = `SELECT r.* REPLACE (CASE WHEN l.churn_label THEN r.monthly_fee + 1000 ELSE r.monthly_fee END AS monthly_fee)
    FROM (${rows}) r JOIN (${labels}) l USING (user_id)`
  await rig.deliver(source, JANUARY, corrected)
  const { dataset, asServed, hindsight, leaks, fit, card } = await trainWithHindsight()
  expect(sectionOf(card, 'Hindsight')).toContain(
    `${hindsight.changedRows} of ${ROWS} rows have another value now than was known at T`,
  )
  expect(sectionOf(card, 'Leak hunt')).toMatch(
    /`monthly_fee` .* tells the label alone, changed after T as the label did, depends on K/,
  )
  expect(asServed!.digest).not.toBe(dataset.digest)
  const left = hindsight.changedRows
  expect(left).toBeGreaterThan(ROWS / 20)
  expect(hindsight.features).toEqual([{ feature: 'monthly_fee', rows: left }])
  const auc = must(hindsight.measures).auc!
  expect(auc.candidate).toBe(fit.metrics.val_auc)
  expect(auc.candidate).toBeGreaterThan(0.99)
  expect(auc.interval!.low).toBeGreaterThan(0.05)
  // Asked about what was known, the model that learned from the correction has lost what it learned.
  expect(must(hindsight.live).auc).toBeLessThan(0.9)
  expect(fit.metrics.hindsight_auc).toBe(auc.difference)
  expect(leaks[0]).toMatchObject({
    feature: 'monthly_fee',
    findings: ['tells the label alone', 'changed after T as the label did', 'depends on K'],
  })
  expect(leaks.slice(1).flatMap(({ findings }) => findings)).toEqual([])
})

test('a training of what was served, and a project that does not ask, has none', async () => {
  const served = await rig.training.pin({ model: MODEL, asOf: JANUARY, mode: 'served', threads: 1 })
  expect(await rig.training.buildAsServed(served)).toBeNull()
  const pinned = structuredClone(await rig.training.pin({ model: MODEL, asOf: JANUARY, threads: 1 }))
  pinned.definitions.model.hindsight = false
  expect(await rig.training.buildAsServed(pinned)).toBeNull()
})

test('two trainings of the same have cards that differ in their run alone', async () => {
  const [first, second] = [await trainWithHindsight(), await trainWithHindsight()]
  expect(second.run.runId).not.toBe(first.run.runId)
  const differ = (a: string, b: string) => a.split('\n').filter((line, i) => line !== b.split('\n')[i])
  const lines = differ(first.card, second.card)
  expect(lines.filter((line) => !line.includes(first.run.runId) && !line.startsWith('| known at'))).toEqual([])
  expect(first.card).toMatch(/^# streamflow\\_churn, as of 2024-01-31\n/)
  const sections = [...first.card.matchAll(/^## (.*)$/gm)].map(([, name]) => name)
  expect(sections).toEqual([
    'What it is',
    'Data',
    'How it learned',
    'How it was measured',
    'Against the version in Production',
    'Segments',
    'What it asks',
    'Hindsight',
    'Leak hunt',
    'Limits',
    'The same again',
  ])
  expect(first.card).not.toMatch(/undefined|NaN|\[object/)
})

test('weir check --deep finds the same, names what to look at, and makes no run and no version', async () => {
  const count = async () => (await rig.db.query('select run_id from tracking.run')).length
  const before = await count()
  const found = await examine(rig.training, { model: MODEL, asOf: JANUARY, threads: 1 })
  expect(found).toMatchObject({ model: MODEL, rows: ROWS, suspects: ['monthly_fee'] })
  expect(found.hindsight).toMatchObject({ features: [{ feature: 'monthly_fee' }] })
  expect(await count()).toBe(before)
})
