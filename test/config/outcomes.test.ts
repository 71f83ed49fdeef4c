/** What `weir check` says of what a model predicts: everything that the fit would refuse and that the definitions tell. */
import { expect, test } from 'vitest'
import { PlatformError } from '../../src/base/errors.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import { saysOfModel } from '../../src/config/predicts.ts'

const SPLINE = { kind: 'spline_regression' }

const project = (label: unknown, model: Record<string, unknown>) => ({
  name: 'p',
  sources: {
    users: { key: 'id', columns: { id: 'String', age: 'Int64', plan: 'String', size: 'Float64' } },
    outcomes: { key: 'id', columns: { id: 'String', gone: label, size: 'Float64', many: 'Int64', words: 'String' } },
  },
  entities: { user: { joinKeys: { id: 'String' } } },
  featureViews: { v: { entity: 'user', source: 'users', features: { age: 'Int64', plan: 'String', size: 'Float64' } } },
  featureServices: { s: ['v'] },
  labels: { left: { entity: 'user', source: 'outcomes', column: 'gone' } },
  models: { m: { experiment: 'e', features: 's', label: 'left', learner: SPLINE, ...model } },
})

function faultsOf(label: unknown, model: Record<string, unknown>): string[] {
  try {
    normalizeProject(project(label, model), '/project')
    return []
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error
    return (error.details.faults as { path: string; message: string }[]).map((f) => `${f.path} ${f.message}`)
  }
}

test.each([
  ['Bool', {}, { kind: 'binary', labels: 'flag' }],
  ['Int64', {}, { kind: 'binary', labels: 'flag' }],
  ['Int64', { positive: 2 }, { kind: 'binary', labels: 'integer' }],
  ['Int32', { predicts: 'multiclass' }, { kind: 'multiclass', labels: 'integer' }],
  ['Int64', { predicts: 'regression' }, { kind: 'regression', labels: 'number' }],
  ['Float32', {}, { kind: 'regression', labels: 'number' }],
  ['Float64', { predicts: 'binary' }, { kind: 'binary', labels: 'flag' }],
  ['String', {}, { kind: 'multiclass', labels: 'text' }],
  ['String', { positive: 'yes' }, { kind: 'binary', labels: 'text' }],
])('a label of type %s with %o is %o', (label, model, says) => {
  const { models, ...rest } = normalizeProject(project(label, model), '/project')
  expect(saysOfModel({ ...rest, models }, models[0]!)).toEqual(says)
})

const two = { type: 'String', checks: [{ rule: 'allowed', values: ['no', 'yes'] }] }
const many = { type: 'String', checks: [{ rule: 'allowed', values: Array.from({ length: 256 }, (_, i) => `c${i}`) }] }

test.each([
  ['Bool', { predicts: 'multiclass' }, ["models.m.predicts 'gone' is a Bool, which has two outcomes"]],
  ['Bool', { positive: 1 }, ["models.m.positive of the Bool 'gone' true is the positive one"]],
  ['String', { predicts: 'regression' }, ["models.m.predicts 'gone' is a String, which is no number"]],
  ['String', { predicts: 'binary' }, ["models.m.positive state which text of 'gone' is the positive one"]],
  ['String', { positive: 3 }, ["models.m.positive 'gone' is String, and 3 is not"]],
  [two, {}, ['models.m.positive \'gone\' has two values: state which is the positive one, like positive: "yes"']],
  [two, { positive: 'yess' }, ["models.m.positive is not one of the values of 'gone'; did you mean 'yes'?"]],
  [many, {}, ["models.m.predicts 'gone' may have 256 values; a model tells at most 255 classes apart"]],
  ['Float64', { predicts: 'multiclass' }, ["models.m.predicts 'gone' is a Float64, whose values are no classes"]],
  ['Float64', { positive: 1 }, ['models.m.positive a regression has no positive value']],
  ['String', { threshold: 0.5 }, ['models.m.threshold a multiclass has no threshold']],
  ['Float64', { threshold: { rule: 'f1' } }, ['models.m.threshold a regression has no threshold']],
  ['Float64', { split: { stratify: true } }, ['models.m.split.stratify a regression has no classes']],
  ['Float64', { calibration: 'auto' }, ['models.m.calibration only a probability of two outcomes is calibrated']],
  ['String', { calibration: 'platt' }, ['models.m.calibration only a probability of two outcomes is calibrated']],
  [
    'Float64',
    { learner: { kind: 'logistic_regression' } },
    ['models.m.learner logistic_regression does not learn a number'],
  ],
  [
    'Bool',
    { learner: { kind: 'ridge_regression' } },
    ['models.m.learner ridge_regression does not learn two outcomes'],
  ],
  [
    'Float64',
    { learner: { ...SPLINE, classWeight: 'balanced' } },
    ['models.m.learner.classWeight a regression has no classes to weigh'],
  ],
  [
    'Bool',
    { weight: { column: 'maney' } },
    ["models.m.weight.column 'maney' is not a column of outcomes; did you mean 'many'?"],
  ],
  ['Bool', { weight: { column: 'words' } }, ["models.m.weight.column 'words' is String; a weight is a number"]],
  ['Int64', { weight: { column: 'gone' } }, ["models.m.weight.column 'gone' is the label itself"]],
  [
    'Bool',
    { weight: { column: 'size' } },
    ["models.m.weight.column 'size' would be a column twice: the features have one"],
  ],
  ['Bool', { weight: { feature: 'plan' } }, ["models.m.weight.feature 'plan' is String; a weight is a number"]],
  [
    'Bool',
    { weight: { feature: 'ago' } },
    ["models.m.weight.feature 'ago' is not a feature of 's'; did you mean 'age'?"],
  ],
])('weir check refuses a label %o with %o', (label, model, faults) => {
  const found = faultsOf(label, model)
  expect(found).toHaveLength(faults.length)
  for (const [i, fault] of faults.entries()) expect(found[i]).toContain(fault)
})

test('what is wrong of an outcome is told all at once', () => {
  const model = { threshold: 0.4, split: { stratify: true }, calibration: 'auto', weight: { column: 'nothing' } }
  expect(faultsOf('Float64', model)).toHaveLength(4)
})

test('a weight may be a column of the source of the label, or a feature', () => {
  expect(faultsOf('Bool', { weight: { column: 'many' } })).toEqual([])
  expect(faultsOf('Bool', { weight: { feature: 'size' } })).toEqual([])
})
