import { describe, expect, test } from 'vitest'
import { aboutText } from '../../console/pages/flows/about.ts'
import { daysOf } from '../../console/pages/flows/days.ts'
import { ganttOf } from '../../console/pages/flows/gantt.ts'
import { madeBy } from '../../console/pages/flows/links.ts'
import { givenValue, givenValues } from '../../console/pages/predict/given-value.ts'
import { keyTextOf, partsOf } from '../../console/pages/predict/key-text.ts'
import { SHOWN, strongest } from '../../console/pages/predict/reasons.ts'
import { LANGUAGES, snippet } from '../../console/pages/predict/snippets.ts'
import type { FlowStep } from '../../src/wire/flows.ts'

const at = (s: number) => `2024-01-31T00:00:${String(s).padStart(2, '0')}.000000Z`
const nothing = { value: null, cut: false }

function step(number: number, from: number, to: number | null, more: Partial<FlowStep> = {}): FlowStep {
  const times = {
    started_at: at(from),
    finished_at: to === null ? null : at(to),
    ms: to === null ? null : (to - from) * 1e3,
  }
  const state = to === null ? 'running' : 'succeeded'
  const attempts = [{ ...times, error: null }]
  return {
    number,
    name: `s${number}`,
    state,
    ...times,
    error: null,
    output: nothing,
    taken_from: null,
    attempts,
    ...more,
  }
}

describe('the steps of a run as bars', () => {
  const run = { submitted_at: at(0), started_at: at(0), finished_at: at(10) }

  test('stand where they were in the time of the run; what was taken over has none', () => {
    const taken = step(1, 0, 5, { taken_from: 'before', started_at: '2024-01-01T00:00:00.000000Z' })
    const { rows } = ganttOf({ ...run, steps: [taken, step(2, 0, 5), step(3, 5, 10)] }, 0)
    expect(rows.map(({ bars }) => bars.map(({ left, width }) => [left, width]))).toEqual([[], [[0, 0.5]], [[0.5, 0.5]]])
  })

  test('an attempt that failed is a bar of its own, and one that died ends where the next begins', () => {
    const attempts = [
      { started_at: at(0), finished_at: null, ms: null, error: null },
      { started_at: at(4), finished_at: at(6), ms: 2_000, error: { code: 'unavailable', message: 'away' } },
      { started_at: at(6), finished_at: at(10), ms: 4_000, error: null },
    ]
    const { rows } = ganttOf({ ...run, steps: [step(1, 0, 10, { attempts })] }, 0)
    expect(rows[0]!.bars.map(({ left, width, state }) => [left, +width.toFixed(3), state])).toEqual([
      [0, 0.4, 'failed'],
      [0.4, 0.2, 'failed'],
      [0.6, 0.4, 'succeeded'],
    ])
  })

  test('what is under way ends now, and no bar is too short to be seen or wider than its place', () => {
    const steps = [step(1, 0, 0), step(2, 0, null)]
    const { rows } = ganttOf({ ...run, finished_at: null, steps }, Date.parse(at(20)))
    expect(rows[1]).toMatchObject({ ms: 20_000, bars: [{ left: 0, width: 1, state: 'running' }] })
    expect(rows[0]!.bars[0]!.width).toBeGreaterThan(0)
    for (const { bars } of rows) for (const { left, width } of bars) expect(left + width).toBeLessThanOrEqual(1)
  })
})

test('each day is there, also one without a run', () => {
  const row = { flow: 'f', state: 'failed', runs: 2, ms: 6_000, ms_max: 5_000 } as const
  const days = daysOf({ from: '2024-01-31T00:00:00.000000Z', days: [{ day: '2024-02-01', ...row }] }, 3)
  expect(days.map(({ day, runs, failed, msMean }) => [day, runs, failed, msMean])).toEqual([
    ['2024-01-31', 0, 0, null],
    ['2024-02-01', 2, 2, 3_000],
    ['2024-02-02', 0, 0, null],
  ])
})

test('a run is about what it was given that tells a reader something', () => {
  const about = { model: 'churn', asOf: '2024-01-31T00:00:00.000000Z', project: 'abc', reuse: true, views: ['a', 'b'] }
  expect(aboutText(about)).toBe('churn · 2024-01-31 · reuse true · a, b')
  expect(aboutText({})).toBe('')
})

test('what a run made is found in its output, whatever stands there', () => {
  expect(madeBy('train_baseline', { name: 'churn', version: 3, runId: 'r1' })).toEqual([
    { kind: 'version', name: 'churn', version: '3' },
    { kind: 'run', run: 'r1' },
  ])
  expect(madeBy('ingest_month', { sources: [{ source: 'users', snapshot: 'users/1' }, '… 3 more'] })).toEqual([
    { kind: 'snapshot', id: 'users/1', source: 'users' },
  ])
  expect(madeBy('materialize', [{ view: 'v' }])).toEqual([{ kind: 'view', view: 'v' }])
  for (const output of [null, 'text', 3, [], { sources: 'x' }]) {
    for (const flow of ['train_baseline', 'ingest_month', 'materialize', 'withdraw', 'erase', 'new']) {
      expect(madeBy(flow, output)).toEqual([])
    }
  }
})

describe('the key of a prediction', () => {
  const [one, two] = [[{ name: 'id' }], [{ name: 'shop' }, { name: 'day' }]]

  test('is its text, or an object where there are several join keys, and is read back', () => {
    expect(keyTextOf(one, { id: 'a"b' })).toBe('a"b')
    expect(partsOf(one, '{"x":1}')).toEqual({ id: '{"x":1}' })
    const text = keyTextOf(two, { shop: 's1', day: '7' })
    expect(text).toBe('{"shop":"s1","day":"7"}')
    expect(partsOf(two, text)).toEqual({ shop: 's1', day: '7' })
  })

  test('is none while a part is missing, or where an address has something else', () => {
    expect(keyTextOf(two, { shop: 's1' })).toBeUndefined()
    for (const text of [undefined, 'x', '3', 'null', '{"other":1}']) expect(partsOf(two, text)).toEqual({})
  })
})

test.each([
  ['3', 'Int64', 3],
  ['-3.5', 'Float32', -3.5],
  ['9007199254740993', 'Int64', '9007199254740993'],
  ['1e3', 'Float64', 1000],
  ['', 'String', ''],
  ['null', 'Int64', null],
  ['null', 'String', null],
  ['"null"', 'String', 'null'],
  ['true', 'Bool', true],
  ['yes', 'Bool', 'yes'],
  ['12', 'String', '12'],
  ['many', 'Int64', 'many'],
  ['2024-01-31', 'Date', '2024-01-31'],
])('what if: %j typed for %s is %j', (text, type, value) => {
  expect(givenValue(text, type)).toBe(value)
})

test('what if: what is empty stays as it is, and a name that is no feature is not sent', () => {
  const features = [
    { name: 'a', type: 'Int64' },
    { name: 'b', type: 'String' },
  ]
  expect(givenValues({ a: '1', b: ' ', c: 'x' }, features)).toEqual({ a: 1 })
})

test('reasons: the strongest first, both ways; the rest together are one', () => {
  const all = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i}`, i % 2 === 0 ? i : -i]))
  const shown = strongest(all, (n) => `${n} others`)
  expect(shown.slice(0, 2)).toEqual([
    { name: 'f19', value: -19 },
    { name: 'f18', value: 18 },
  ])
  expect([shown.length, shown.at(-1)!.name]).toEqual([SHOWN, '7 others'])
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0)
  expect(sum(shown.map(({ value }) => value))).toBe(sum(Object.values(all)))
})

test.each(LANGUAGES)('a program in %s asks for the key, however it is spelled', (language) => {
  const text = snippet(language, { base: 'http://host/', model: "o'model", key: { id: `it's "x"` } })
  expect(text).toContain("http://host/models/o'model/predict".replaceAll("'", language === 'curl' ? `'\\''` : "'"))
  expect(text).toContain(language === 'curl' ? `{"id":"it'\\''s \\"x\\""}` : `{"id":"it's \\"x\\""}`)
})
