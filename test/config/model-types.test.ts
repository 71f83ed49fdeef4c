import { expect, test } from 'vitest'
import { PlatformError } from '../../src/base/errors.ts'
import { normalizeProject } from '../../src/config/normalize.ts'

const project = (label: string, features: Record<string, unknown>, labelName = 'left') => ({
  name: 'p',
  sources: {
    users: { key: 'id', columns: { id: 'String', joined: 'Date', seen: 'UnixTimestamp', age: 'Int64' } },
    outcomes: { key: 'id', columns: { id: 'String', gone: label } },
  },
  entities: { user: { joinKeys: { id: 'String' } } },
  featureViews: { v: { entity: 'user', source: 'users', features } },
  featureServices: { s: ['v'] },
  labels: { [labelName]: { entity: 'user', source: 'outcomes', column: 'gone' } },
  models: { m: { experiment: 'e', features: 's', label: labelName, learner: { kind: 'random_forest' } } },
})

function faultsOf(definition: unknown): { path: string; message: string }[] {
  try {
    normalizeProject(definition, '/project')
    return []
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error
    return error.details.faults as { path: string; message: string }[]
  }
}

test('deliveries messages: a Date or a moment as a feature of a model is taken as it is, by its age', () => {
  const features = { since: { type: 'Date', column: 'joined' }, seen: 'UnixTimestamp', age: 'Int64' }
  expect(faultsOf(project('Bool', features))).toEqual([])
})

test('deliveries 2: a Date as a label is refused by weir check', () => {
  expect(faultsOf(project('Date', { age: 'Int64' }))).toEqual([
    {
      path: 'labels.left.column',
      message: "'gone' is Date; a model predicts a Bool, a String or a number (Int32, Int64, Float32, Float64)",
    },
  ])
})

test('a feature named as the label is refused: both are columns of the training set', () => {
  expect(faultsOf(project('Bool', { AGE: { type: 'Int64', column: 'age' } }, 'age'))).toEqual([
    { path: 'models.m.label', message: "the features have one named 'AGE', as the label is; rename one of the two" },
  ])
})

test('a feature or a label named as a join key is refused, in whatever case: they are columns of one row', () => {
  expect(faultsOf(project('Bool', { ID: { type: 'Int64', column: 'age' } }))).toEqual([
    { path: 'featureServices.s', message: expect.stringContaining("feature 'ID' is named as the join key 'id'") },
  ])
  expect(faultsOf(project('Bool', { age: 'Int64' }, 'Id'))).toEqual([
    { path: 'models.m.label', message: "label 'Id' is named as the join key 'id' of its rows; rename the label" },
  ])
  const renamed = { ...project('Bool', { id: { type: 'Int64', column: 'age' } }) }
  const featureServices = { s: [{ view: 'v', as: 'driver', keys: { id: 'driver__id' } }] }
  expect(faultsOf({ ...renamed, featureServices }).map(({ path }) => path)).toEqual(['featureServices.s'])
})

test('features of one service that differ in case alone are refused: DuckDB tells no case apart', () => {
  const columns = { AGE: { type: 'Int64', column: 'age' }, age: 'Int64' }
  expect(faultsOf(project('Bool', columns))).toEqual([
    { path: 'featureServices.s', message: "features 'AGE' and 'age' differ in case alone; rename one of the two" },
  ])
})
