import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect } from 'vitest'
import { loadProject } from '../../src/config/load.ts'
import type { Project } from '../../src/config/project.ts'
import { testWith } from '../helpers/needs.ts'
import { missingRealMonths, realMonths } from '../helpers/real-data.ts'
import { FEBRUARY, findingsOf, JANUARY, openRig, type Rig } from './rig.ts'

/** The reference project on the two real months, where they are. */
const months = realMonths()
const CUSTOMERS = 7043

let rig: Rig
let project: Project
beforeAll(async () => {
  rig = await openRig()
  project = await loadProject(fileURLToPath(new URL('../../examples/streamflow', import.meta.url)))
})
afterAll(() => rig.close())

const month = (n: 0 | 1) => join(months ?? '', `month_00${n}`)

/** A copy of January with one file edited. */
async function januaryWith(file: string, edit: (text: string) => string): Promise<string> {
  const dir = await rig.folder({})
  await cp(month(0), dir, { recursive: true })
  await writeFile(join(dir, file), edit(await readFile(join(month(0), file), 'utf8')))
  return dir
}

testWith('both real months are taken without an error', missingRealMonths(), async () => {
  const ingest = rig.ingest(project)
  const january = await ingest.ingestMonth({ dir: month(0), asOf: JANUARY })
  const february = await ingest.ingestMonth({ dir: month(1), asOf: FEBRUARY })
  for (const report of [january, february]) {
    expect(report.sources.map((s) => s.source)).toEqual(project.sources.map((s) => s.name))
    expect(report.sources.every((s) => s.rows === CUSTOMERS && s.outcome === 'accepted')).toBe(true)
  }
  expect(january.sources.flatMap((s) => s.findings)).toEqual([])
  // Two tables did not move between the months, and that is told.
  const findings = february.sources.flatMap((s) => s.findings)
  expect(findings.map((f) => [f.source, f.rule, f.severity])).toEqual([
    ['users', 'same_as_before', 'warn'],
    ['subscriptions', 'same_as_before', 'warn'],
  ])
})

testWith('what is stored is what the files say, nulls where they are empty', missingRealMonths(), async () => {
  const [subscriptions] = await rig.lake.list({ source: 'subscriptions' })
  const [row] = await rig.duck.rows(
    `SELECT count(*) AS n, count_if(plan_stream_tv IS NULL) AS nulls, count_if(net_service = 'No') AS "none",
       count_if((plan_stream_tv IS NULL) <> (net_service = 'No')) AS odd, round(sum(total_paid), 2) AS paid
     FROM read_parquet('${await rig.lake.path(subscriptions!)}')`,
  )
  const lines = (await readFile(join(month(0), 'subscriptions.csv'), 'utf8')).trim().split('\n').slice(1)
  const paid = lines.reduce((sum, line) => sum + Number(line.split(',')[7]), 0)
  expect(row).toEqual({ n: CUSTOMERS, nulls: 1526, none: 1526, odd: 0, paid: Math.round(paid * 100) / 100 })
})

testWith('one value that was corrected is a new version of one source', missingRealMonths(), async () => {
  const dir = await januaryWith('subscriptions.csv', (text) => text.replace('7590-VHVEG,1,', '7590-VHVEG,2,'))
  const report = await rig.ingest(project).ingestMonth({ dir, asOf: JANUARY })
  expect(report.sources.map((s) => [s.source, s.outcome, s.version])).toEqual([
    ['users', 'unchanged', 1],
    ['subscriptions', 'corrected', 2],
    ['usage_agg_30d', 'unchanged', 1],
    ['payments_agg_90d', 'unchanged', 1],
    ['support_agg_90d', 'unchanged', 1],
    ['labels', 'unchanged', 1],
  ])
})

testWith('faults in a real file are found on their lines', missingRealMonths(), async () => {
  const edits: [RegExp, string][] = [
    [/^5575-GNVDE,34,/m, '5575-GNVDE,-34,'],
    [/DSL$/m, 'dsl'],
  ]
  const dir = await januaryWith('subscriptions.csv', (text) =>
    edits.reduce((t, [from, to]) => t.replace(from, to), text),
  )
  const found = await findingsOf(rig.ingest(project).ingestMonth({ dir, asOf: JANUARY }))
  expect(
    found.filter((f) => f.severity === 'error').map((f) => [f.file, f.column, f.rule, f.count, f.examples]),
  ).toEqual([
    ['subscriptions.csv', 'months_active', 'range', 1, [{ line: 3, key: '5575-GNVDE', value: '-34' }]],
    ['subscriptions.csv', 'net_service', 'allowed', 1, [{ line: 2, key: '7590-VHVEG', value: 'dsl' }]],
  ])
})

testWith('a customer that one table lacks is named', missingRealMonths(), async () => {
  const dir = await januaryWith('labels.csv', (text) => text.replace(/^7590-VHVEG,.*\n/m, ''))
  expect(await findingsOf(rig.ingest(project).ingestMonth({ dir, asOf: JANUARY }))).toMatchObject([
    { file: 'labels.csv', rule: 'same_keys_as', count: 1, examples: [{ key: '7590-VHVEG' }] },
  ])
})
