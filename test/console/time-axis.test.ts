import { expect, test } from 'vitest'
import { labelled, placeOf, readMoment, shareOf, stopAtShare, stopOf, tickText } from '../../console/pages/time/axis.ts'
import { cellText, differingFirst, typesOf } from '../../console/pages/time/cell-text.ts'
import { validateTime } from '../../console/pages/time/search.ts'
import { namesOf, otherOf, settingOf } from '../../console/pages/time/setting.ts'
import { momentText } from '../../console/ui/format.ts'
import { displayInstant, parseInstant } from '../../src/base/instant.ts'
import { cellText as printed } from '../../src/cli/commands/at.ts'
import type { ValueType } from '../../src/values/values.ts'
import type { MomentsAnswer, TimeCell } from '../../src/wire/time.ts'

const at = (text: string) => parseInstant(text)
const AXIS = ['2024-01-31', '2024-02-29', '2024-02-29T00:00:00.000001Z', '2024-03-31'].map(at)

test('a moment stands on its stop, or half a step behind the one before it; a microsecond is a step', () => {
  expect(AXIS.map((stop) => placeOf(AXIS, stop))).toEqual([0, 1, 2, 3])
  expect(placeOf(AXIS, at('2024-02-29T00:00:00.000002Z'))).toBe(2.5)
  expect([placeOf(AXIS, at('2023-01-01')), stopOf(AXIS, at('2023-01-01')), shareOf(AXIS, at('2023-01-01'))]).toEqual([
    -0.5, 0, 0,
  ])
  expect([placeOf(AXIS, at('2030-01-01')), stopOf(AXIS, at('2030-01-01')), shareOf(AXIS, at('2030-01-01'))]).toEqual([
    3.5, 3, 1,
  ])
  expect(shareOf(AXIS.slice(0, 1), AXIS[0]!)).toBe(0.5)
})

test('a place on the map is the nearest stop, also beyond its ends; without stops it is none', () => {
  expect([-1, 0, 0.2, 0.3, 1, 9].map((share) => stopAtShare(AXIS, share))).toEqual(
    [0, 0, 1, 1, 3, 3].map((i) => AXIS[i]),
  )
  expect(stopAtShare([], 0.5)).toBeUndefined()
})

test('moments are read and shown as the command line does, to the microsecond, and what is none is refused', () => {
  for (const text of [
    '2024-01-31',
    '2024-10-27T02:30:00+02:00',
    '2024-10-27 02:30:00+01:00',
    '2024-01-31T12:00:00.000001Z',
    '2024-01-31T12:00',
  ]) {
    expect(readMoment(text), text).toBe(at(text))
    expect(momentText(at(text)), text).toBe(displayInstant(at(text)))
  }
  for (const text of ['', 'soon', '2024-02-30', '2024-13-01', '2024-01-31T25:00:00Z', '2024-01-31T12:00:00.0000001Z']) {
    expect(readMoment(text), text).toBeUndefined()
  }
  expect(tickText(AXIS, 0)).toBe('2024-01-31')
  expect(tickText(AXIS, 1)).toBe('02-29 00:00:00')
  expect(labelled(AXIS, 2)).toEqual([0, 3])
})

test('what the page shows of a value and what the command prints are equal', () => {
  const cases: [ValueType, TimeCell][] = [
    ...[29.850000381469727, 0.1, 18.600000381469727, -0, 16777216, 'NaN', 'Infinity', null].map(
      (v): [ValueType, TimeCell] => ['Float32', v],
    ),
    ...[0.1, 1e300, 'NaN', null].map((v): [ValueType, TimeCell] => ['Float64', v]),
    ...[1, '9007199254740993', -5, null].map((v): [ValueType, TimeCell] => ['Int64', v]),
    ...['', ' x ', '<b>', null].map((v): [ValueType, TimeCell] => ['String', v]),
    ['Bool', true],
    ['Bool', null],
    ['Date', '2024-01-31'],
    ['UnixTimestamp', at('2024-01-31')],
    ['UnixTimestamp', at('2024-01-31T00:00:00.000001Z')],
  ]
  for (const [type, value] of cases) expect(cellText(type, value), `${type} ${value}`).toBe(printed(type, value))
  const column = { source: null, in: 'both' as const }
  const columns = [
    { name: 'type', type: 'String' as const, key: false, ...column },
    { name: 'value', type: 'Mixed' as const, key: false, ...column },
  ]
  expect(typesOf(columns, ['Float32', 1])).toEqual(['String', 'Float32'])
})

const MOMENTS = {
  valid: [
    { at: AXIS[0]!, kinds: ['state'], sources: ['s'] },
    { at: AXIS[3]!, kinds: ['expires'], sources: ['s'] },
  ],
  known: [{ at: AXIS[1]!, kind: 'recorded', snapshots: ['s/v1'] }],
} as unknown as MomentsAnswer

test('without an address the newest state is shown by all that is known; where a value ends is no newest state', () => {
  expect(settingOf({}, MOMENTS)).toEqual({ t: AXIS[0], k: AXIS[1] })
  expect(settingOf({ t: AXIS[3] }, MOMENTS)).toEqual({ t: AXIS[3], k: AXIS[1] })
  expect(settingOf({}, { ...MOMENTS, known: [] })).toBeUndefined()
  expect(otherOf({}, { t: 'a', k: 'b' })).toBeUndefined()
  expect(otherOf({ bk: 'c' }, { t: 'a', k: 'b' })).toEqual({ t: 'a', k: 'c' })
})

test('an address may hold anything: what is none of ours is left out', () => {
  expect(validateTime({ kind: 'tables', name: ['x'], key: 7, t: '', mode: 'restated', skip: 'many' })).toEqual({
    key: '7',
  })
  expect(validateTime({ kind: 'models', name: 'm', mode: 'served', skip: '25' })).toMatchObject({
    kind: 'models',
    name: 'm',
    mode: 'served',
    skip: 25,
  })
})

test('a moment of an address is taken however it is written, and as of one width', () => {
  expect(validateTime({ t: '2024-01-31', k: '2024-01-31T13:07:30Z', bt: 'soon' })).toEqual({
    t: at('2024-01-31'),
    k: at('2024-01-31T13:07:30Z'),
  })
})

test('columns in which something differs stand behind the key', () => {
  const column = { type: 'Int64' as const, source: null, in: 'both' as const }
  const columns = ['k', 'x', 'y', 'z'].map((name) => ({ name, key: name === 'k', ...column }))
  expect(differingFirst(columns, [{ name: 'z' }])).toEqual([0, 3, 1, 2])
})

test('names by kind: entities and models once each', () => {
  const views = [
    { name: 'v1', entity: 'user', models: [{ name: 'm' }] },
    { name: 'v2', entity: 'user', models: [{ name: 'm' }] },
    { name: 'v3', entity: null, models: [] },
  ]
  expect(namesOf('entities', views, [])).toEqual(['user'])
  expect(namesOf('models', views, [])).toEqual(['m'])
  expect(namesOf('feature-views', views, [])).toEqual(['v1', 'v2', 'v3'])
  expect(namesOf('sources', views, [{ name: 's' }])).toEqual(['s'])
})
