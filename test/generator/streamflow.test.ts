import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { must } from '../../src/base/assert.ts'
import { digestOf } from '../../src/base/hash.ts'
import { generateMonth, writeMonths } from '../../src/generator/streamflow.ts'
import { describeWith } from '../helpers/needs.ts'
import { missingRealMonths, realMonths } from '../helpers/real-data.ts'
import { allColumns, columnsOf, differing, mean, share } from './tables.ts'

const MONTHS = [0, 1].map((month) => generateMonth({ month }))
const [JANUARY, FEBRUARY] = MONTHS.map(allColumns) as [Map<string, string[]>, Map<string, string[]>]

const FORMATS: [RegExp, string[]][] = [
  [/^\d{4}-[A-Z]{5}$/, ['user_id']],
  [/^2022-0[12]-\d\d$/, ['signup_date']],
  [/^(Female|Male)$/, ['user_gender']],
  [/^(True|False)$/, ['user_is_senior', 'has_family', 'has_dependents', 'paperless_billing', 'churn_label']],
  [/^(True|False|)$/, ['plan_stream_tv', 'plan_stream_movies']],
  [/^(Month-to-month|One year|Two year)$/, ['contract_type']],
  [/^(DSL|Fiber optic|No)$/, ['net_service']],
  [/^\d{1,2}$/, ['months_active', 'skips_7d', 'rebuffer_events_7d', 'failed_payments_90d', 'support_tickets_90d']],
  [/^[123]$/, ['unique_devices_30d']],
  [/^\d+\.\d[05]?$/, ['monthly_fee', 'total_paid']],
  [/^\d+\.\d$/, ['ticket_avg_resolution_hrs_90d']],
  [/^\d+\.\d{6,16}$/, ['watch_hours_30d', 'avg_session_mins_7d']],
]

describe('a generated month', () => {
  it.each(FORMATS)('writes %s in %j', (format, names) => {
    for (const month of [JANUARY, FEBRUARY]) {
      for (const name of names) expect(column(month, name).filter((value) => !format.test(value))).toEqual([])
    }
  })

  it('has 7,043 customers, each once and in every file, the known one first', () => {
    const ids = column(JANUARY, 'user_id')
    expect([ids.length, new Set(ids).size, ids[0]]).toEqual([7043, 7043, '7590-VHVEG'])
    for (const text of MONTHS.flatMap((files) => Object.values(files)))
      expect(columnsOf(text).get('user_id')).toEqual(ids)
  })

  it('gives the known customer the values that the real January has', () => {
    const lines = Object.fromEntries(Object.entries(MONTHS[0]!).map(([file, text]) => [file, text.split('\n')[1]]))
    expect(lines).toMatchObject({
      'users.csv': '7590-VHVEG,2022-02-05,Female,False,True,False',
      'subscriptions.csv': '7590-VHVEG,1,False,False,Month-to-month,True,29.85,29.85,DSL',
      'usage_agg_30d.csv': '7590-VHVEG,24.483650766787413,29.14104464084511,3,4,1',
      'payments_agg_90d.csv': '7590-VHVEG,1',
      'support_agg_90d.csv': '7590-VHVEG,0,16.0',
    })
  })

  it('has no plans exactly where there is no line', () => {
    const service = column(JANUARY, 'net_service')
    for (const plan of ['plan_stream_tv', 'plan_stream_movies']) {
      expect(column(JANUARY, plan).map((value) => value === '')).toEqual(service.map((value) => value === 'No'))
    }
  })

  it('keeps users and subscriptions from month to month, and moves the rest', () => {
    for (const file of ['users.csv', 'subscriptions.csv'] as const) expect(MONTHS[1]![file]).toBe(MONTHS[0]![file])
    expect(moved('watch_hours_30d')).toBeGreaterThan(7000)
    for (const name of ['rebuffer_events_7d', 'failed_payments_90d', 'support_tickets_90d'])
      expect(moved(name)).toBeGreaterThan(100)
  })

  it.each([42, 1, 2, 3])('has labels that belong to their month: about 2,650 differ (seed %i)', (seed) => {
    const [a, b] = [0, 1].map((month) => columnsOf(generateMonth({ month, seed })['labels.csv']!).get('churn_label')!)
    expect(Math.abs(differing(a!, b!) - 2652)).toBeLessThan(110)
    expect(a!.filter((value) => value === 'True')).toHaveLength(1869)
    expect(b!.filter((value) => value === 'True')).toHaveLength(1701)
  })

  it('is the same to the byte, today and on every platform', () => {
    expect(MONTHS.map((files) => digestOf(files))).toEqual(GOLDEN)
  })

  it('does not depend on months before it; another seed gives others', () => {
    expect(generateMonth({ month: 1 })).toEqual(MONTHS[1])
    expect(generateMonth({ month: 1, seed: 7 })['users.csv']).not.toBe(MONTHS[1]!['users.csv'])
  })

  it('can be small, and have months as many as one wants', () => {
    for (const customers of [10, 200]) {
      const months = [0, 1, 2, 11].map((month) => allColumns(generateMonth({ month, customers })))
      for (const month of months) {
        expect(column(month, 'user_id')).toHaveLength(customers)
        expect(new Set(column(month, 'churn_label'))).toEqual(new Set(['True', 'False']))
      }
    }
    expect(() => generateMonth({ month: -1 })).toThrow('month counts from 0')
    expect(() => generateMonth({ month: 0, customers: 3 })).toThrow('at least 10')
  })

  it('is written as the folders that the real months are', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'weir-months-'))
    try {
      await writeMonths(dir, 2, { customers: 50 })
      expect((await readdir(dir)).sort()).toEqual(['month_000', 'month_001'])
      const files = generateMonth({ month: 1, customers: 50 })
      expect((await readdir(join(dir, 'month_001'))).sort()).toEqual(Object.keys(files).sort())
      expect(await readFile(join(dir, 'month_001', 'labels.csv'), 'utf8')).toBe(files['labels.csv'])
    } finally {
      await rm(dir, { recursive: true })
    }
  })
})

describeWith('beside a real month', missingRealMonths(), () => {
  it.each([0, 1])('month %i has the same files and columns, and about the same shares and means', async (month) => {
    const folder = join(must(realMonths()), `month_00${month}`)
    const files = MONTHS[month]!
    expect((await readdir(folder)).sort()).toEqual(Object.keys(files).sort())
    for (const [file, text] of Object.entries(files)) {
      const real = columnsOf(await readFile(join(folder, file), 'utf8'))
      const ours = columnsOf(text)
      expect([...ours.keys()]).toEqual([...real.keys()])
      for (const [name, values] of real) {
        if (name === 'user_id') continue
        compareColumns(name, column(ours, name), values)
      }
    }
  })
})

/** Numbers: mean within 12 %. Others: the share of each value that a twentieth has, within 0.03. */
function compareColumns(name: string, ours: readonly string[], real: readonly string[]): void {
  if (!Number.isNaN(Number(real[1])) && real[1] !== '') {
    expect(mean(ours) / mean(real), name).toBeGreaterThan(0.88)
    expect(mean(ours) / mean(real), name).toBeLessThan(1.12)
    return
  }
  for (const value of new Set(real)) {
    const wanted = share(real, (other) => other === value)
    if (wanted < 0.05) continue
    expect(Math.abs(share(ours, (other) => other === value) - wanted), `${name} ${value}`).toBeLessThan(0.03)
  }
}

function column(month: Map<string, string[]>, name: string): string[] {
  return must(month.get(name), name)
}

function moved(name: string): number {
  return differing(column(JANUARY, name), column(FEBRUARY, name))
}

/** Changes only when the generator is changed on purpose: demo figures in documents change with it. */
const GOLDEN = [
  '85172b6ef5e912aeee4891f1749ca995823b8cebfdd8c5c8a77c4d1cf08e31ea',
  'fbef7bc0f59fd51fd1d259ff5df7f45424fc5823f2c9bd5aaa2b1885dc15c180',
]
