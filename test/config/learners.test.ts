import { expect, test } from 'vitest'
import { PlatformError } from '../../src/base/errors.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import {
  additiveModel,
  auto,
  gradientBoosting,
  logisticRegression,
  randomForest,
  ridgeRegression,
  splineRegression,
} from '../../src/index.ts'
import { ADDITIVE_DEFAULTS } from '../../src/ml/learn/additive/params.ts'
import { AUTO_DEFAULTS } from '../../src/ml/learn/auto/params.ts'
import { BOOSTING_DEFAULTS } from '../../src/ml/learn/boosting/params.ts'
import { LINEAR_DEFAULTS, SPLINE_DEFAULTS } from '../../src/ml/learn/linear/params.ts'

const project = (learner: unknown, rest: Record<string, unknown> = {}) => ({
  name: 'p',
  sources: {
    users: { key: 'id', columns: { id: 'String', age: 'Int64', plan: 'String' } },
    outcomes: { key: 'id', columns: { id: 'String', gone: 'Bool', money: 'Float64' } },
  },
  entities: { user: { joinKeys: { id: 'String' } } },
  featureViews: { v: { entity: 'user', source: 'users', features: { age: 'Int64', plan: 'String' } } },
  featureServices: { s: ['v'] },
  labels: {
    left: { entity: 'user', source: 'outcomes', column: 'gone' },
    spent: { entity: 'user', source: 'outcomes', column: 'money' },
  },
  models: { m: { experiment: 'e', features: 's', label: 'left', learner, ...rest } },
})

function learnerOf(learner: unknown, rest: Record<string, unknown> = {}) {
  return normalizeProject(project(learner, rest), '/project').models[0]!.learner
}

function modelFaultsOf(rest: Record<string, unknown>): string[] {
  return faultsOf(gradientBoosting(), rest)
}

function faultsOf(learner: unknown, rest: Record<string, unknown> = {}): string[] {
  try {
    normalizeProject(project(learner, rest), '/project')
    return []
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error
    const faults = error.details.faults as { path: string; message: string }[]
    return faults.map(({ path, message }) => `${path} ${message}`)
  }
}

test('gradientBoosting() and randomForest() are their tags with every option as usual', () => {
  const usual = { kind: 'gradient_boosting', ...BOOSTING_DEFAULTS, monotone: {} }
  expect(learnerOf(gradientBoosting())).toEqual(usual)
  expect(learnerOf({ kind: 'gradient_boosting' })).toEqual(learnerOf(gradientBoosting({})))
  expect(learnerOf(randomForest({ trees: 7 }))).toEqual(learnerOf({ kind: 'random_forest', trees: 7 }))
  expect(learnerOf(gradientBoosting({ earlyStopping: { share: 0.1 } }))).toMatchObject({
    earlyStopping: { share: 0.1, rounds: 50, refit: true },
  })
})

test('additiveModel(), logisticRegression(), ridgeRegression() and splineRegression() are their tags with every option as usual', () => {
  expect(learnerOf(logisticRegression())).toEqual({ kind: 'logistic_regression', ...LINEAR_DEFAULTS })
  const ridge = learnerOf(ridgeRegression({ penalty: 3 }), { predicts: 'regression', label: 'spent' })
  expect(ridge).toEqual({ kind: 'ridge_regression', penalty: 3, seed: 42 })
  expect(learnerOf(splineRegression())).toEqual({ kind: 'spline_regression', ...SPLINE_DEFAULTS })
  expect(learnerOf(additiveModel())).toEqual({ kind: 'additive_model', ...ADDITIVE_DEFAULTS })
  expect(faultsOf(splineRegression({ knots: 2, smoothing: -1 }))).toEqual([
    expect.stringContaining('models.m.learner.knots '),
    expect.stringContaining('models.m.learner.smoothing '),
  ])
})

test('weir check says what of a learner is wrong, where, and what was meant', () => {
  expect(faultsOf({ kind: 'gradient_bosting' })).toEqual([
    expect.stringMatching(/^models\.m\.learner\.kind .*'gradient_bosting'.*'gradient_boosting'/),
  ])
  expect(faultsOf(gradientBoosting({ learningRate: 2, rounds: 0, maxLeaves: 1 }))).toEqual([
    expect.stringContaining('models.m.learner.rounds '),
    expect.stringContaining('models.m.learner.learningRate '),
    expect.stringContaining('models.m.learner.maxLeaves '),
  ])
  expect(faultsOf({ kind: 'gradient_boosting', learning_rate: 0.1 })).toEqual([
    expect.stringContaining("models.m.learner.learning_rate is not a known property; did you mean 'learningRate'?"),
  ])
  expect(faultsOf({ kind: 'gradient_boosting', trees: 10 })).toEqual([
    expect.stringContaining('models.m.learner.trees is not a known property'),
  ])
  expect(faultsOf({ kind: 'random_forest', rounds: 10 })).toEqual([
    expect.stringContaining('models.m.learner.rounds is not a known property'),
  ])
  expect(faultsOf(gradientBoosting({ earlyStopping: { share: 1.5 } }))).toEqual([
    expect.stringContaining('models.m.learner.earlyStopping.share '),
  ])
})

test('weir check refuses what may only rise or fall and is not a number of the model', () => {
  expect(faultsOf(gradientBoosting({ monotone: { agee: 'rising', plan: 'falling', age: 'falling' } }))).toEqual([
    "models.m.learner.monotone.agee is not a feature of 's'; did you mean 'age'?",
    'models.m.learner.monotone.plan is a String, which has no order to rise or fall with',
  ])
})

test('weir check refuses a segment by what is no feature of the model', () => {
  expect(modelFaultsOf({ calibration: 'plat' })).toEqual([expect.stringMatching(/^models\.m\.calibration .*'plat'/)])
  expect(modelFaultsOf({ segments: ['plan', 'agee'] })).toEqual([
    "models.m.segments.1 'agee' is not a feature of 's'; did you mean 'age'?",
  ])
})

test("'auto' alone, and auto(), is a search with every option as usual; what it cannot be is told", () => {
  expect(learnerOf('auto')).toEqual({ kind: 'auto', ...AUTO_DEFAULTS })
  expect(learnerOf(auto({ budget: 100 }))).toEqual({ kind: 'auto', ...AUTO_DEFAULTS, budget: 100 })
  expect(faultsOf(auto({ budget: 0, maxPredictMicros: -1 }))).toEqual([
    expect.stringContaining('models.m.learner.budget '),
    expect.stringContaining('models.m.learner.maxPredictMicros '),
  ])
  expect(faultsOf({ kind: 'auto', learners: ['spline_regresion'] }).join()).toContain('models.m.learner.learners')
  expect(faultsOf({ kind: 'auto', learners: ['ridge_regression'] }).join()).toContain('does not learn')
})
