import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PlatformError } from '../../src/base/errors.ts'
import { parseInstant } from '../../src/base/instant.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import { openRig, type Rig, rowsOf } from './rig.ts'

const PAGE = readFileSync(fileURLToPath(new URL('../../docs/concepts/time.md', import.meta.url)), 'utf8')
const DAYS: Record<string, string> = { January: '01', February: '02', March: '03' }

let rig: Rig

beforeAll(async () => {
  rig = await openRig()
})
afterAll(() => rig.close())

const project = normalizeProject(
  {
    name: 'example',
    sources: {
      usage: { key: 'customer', columns: { customer: 'Int64', hours: 'Int64' }, publishDelay: '2d' },
      left: { key: 'customer', columns: { customer: 'Int64', left: 'Bool' } },
    },
    entities: { customer: { joinKeys: { customer: 'Int64' } } },
    featureViews: { usage: { entity: 'customer', source: 'usage', features: { hours: 'Int64' } } },
    featureServices: { all: ['usage'] },
    labels: { leaves: { entity: 'customer', source: 'left', column: 'left', horizon: '30d' } },
    models: { leaves: { experiment: 'e', features: 'all', label: 'leaves', learner: { kind: 'random_forest' } } },
  },
  '/project',
)

test('the example of docs/concepts/time.md comes out as its tables say', async () => {
  const [deliveries = [], asked = []] = tablesAfter('## An example')
  expect([deliveries.length, asked.length]).toEqual([5, 4])
  const features = rig.features(project)
  const known: Record<string, string> = { now: '' }
  for (const [recorded = '', what = '', valid = '', , hours = '', available = ''] of deliveries) {
    const source = project.sources.find(({ name }) => what.includes(`\`${name}\``))!
    const value = source.name === 'usage' ? Number(hours) : hours.includes('yes')
    const snapshot = await rig.deliverRows(source, dayOf(valid), [[7, value]], dayOf(recorded))
    if (available) expect(snapshot.availableAt).toBe(parseInstant(dayOf(available)))
    // K of 5 March: what the deliveries until 3 March came to.
    if (recorded === '3 March') known['5 March'] = await rig.lake.pinKnownAt()
  }
  known.now = await rig.lake.pinKnownAt()
  for (const [text = '', , hours = '', left = ''] of asked) {
    const [, asOf = '', k = ''] = /A = (\d+ \w+), K = (now|\d+ \w+)/.exec(text) ?? []
    const mode = text.includes('served') ? ('served' as const) : ('restated' as const)
    const set = features.trainingSet({ model: 'leaves', asOf: parseInstant(dayOf(asOf)), knownAt: known[k]!, mode })
    if (left === '') {
      await expect(set).rejects.toThrow(PlatformError)
      continue
    }
    const rows = await rowsOf(rig, await set)
    const expected = { customer: 7, hours: /^\d+$/.test(hours) ? Number(hours) : null, leaves: left.includes('yes') }
    expect(
      rows.map(({ customer, hours, leaves, left }) => ({ customer, hours, leaves: leaves ?? left })),
      text,
    ).toEqual([expected])
  }
})

/** The rows of the tables below a heading, without their heads. */
function tablesAfter(heading: string): string[][][] {
  const lines = PAGE.slice(PAGE.indexOf(heading)).split('\n')
  const tables: string[][][] = []
  for (const [i, line] of lines.entries()) {
    if (!line.startsWith('|')) continue
    if (!lines[i - 1]?.startsWith('|')) tables.push([])
    tables.at(-1)!.push(
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
  }
  return tables.map((rows) => rows.slice(2))
}

/** `31 January`, of 2024. */
function dayOf(text: string): string {
  const [day = '', month = ''] = text.split(' ')
  return `2024-${DAYS[month]}-${day.padStart(2, '0')}`
}
