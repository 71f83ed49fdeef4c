import { beforeAll, describe, expect, it } from 'vitest'
import { candidates, triedKinds } from '../../../src/ml/learn/auto/candidates.ts'
import { fitUnits, modelBytes, predictMicros } from '../../../src/ml/learn/auto/cost.ts'
import { foldsOfGroups } from '../../../src/ml/learn/auto/folds.ts'
import type { FoldScore } from '../../../src/ml/learn/auto/known-folds.ts'
import { AUTO_DEFAULTS, type AutoParams } from '../../../src/ml/learn/auto/params.ts'
import { type Search, type SearchTask, searchLearner } from '../../../src/ml/learn/auto/search.ts'
import { fitLearner } from '../../../src/ml/learn/learners.ts'
import { taskOf } from '../shapes/small-shapes.ts'

const HERE = { threads: 0 }
const QUICK: AutoParams = {
  ...AUTO_DEFAULTS,
  budget: 500,
  learners: ['spline_regression', 'logistic_regression', 'gradient_boosting'],
}

/** 900 rows of 300 entities, three each. */
function searchTask(): SearchTask {
  const task = taskOf('binary', 900)
  return { ...task, inputs: task.inputs.slice(4, 12), groups: Uint32Array.from({ length: 900 }, (_, r) => r % 300) }
}

const task = searchTask()
let found: Search
beforeAll(async () => {
  found = await searchLearner(task, QUICK, HERE)
})

describe('a search', () => {
  it('makes the same choices again, and with two threads', async () => {
    expect(await searchLearner(task, QUICK, { threads: 2 })).toEqual(found)
  })

  it('takes at most its budget of work units, and more trials where there is more', async () => {
    const sum = found.trials.reduce((units, trial) => units + trial.units, 0)
    expect(found.units).toBeCloseTo(sum, 9)
    expect(found.units).toBeLessThanOrEqual(QUICK.budget)
    const less = await searchLearner(task, { ...QUICK, budget: 250 }, HERE)
    expect(less.units).toBeLessThanOrEqual(250)
    expect(less.trials.length).toBeLessThan(found.trials.length)
  })

  it('ends with one winner, the best of those that came to the last round', () => {
    const won = found.trials.filter(({ status }) => status === 'won')
    expect(won.map(({ learner }) => learner)).toEqual([found.learner])
    const last = found.trials.filter(({ folds }) => folds === 5)
    expect(last.length).toBeGreaterThan(1)
    expect(Math.min(...last.map(({ loss }) => loss!))).toBe(won[0]!.loss)
    expect(found.trials.filter(({ status }) => status === 'dropped').length).toBeGreaterThan(0)
  })

  it('goes on from what an interrupted one has found, to the same end, without fitting that again', async () => {
    const notes = new Map<string, FoldScore>()
    const stop = new Error('killed')
    const killed = searchLearner(task, QUICK, {
      ...HERE,
      known: {
        find: () => undefined,
        keep(name, score) {
          notes.set(name, score)
          if (notes.size === 4) throw stop
        },
      },
    })
    await expect(killed).rejects.toBe(stop)
    const again: string[] = []
    const resumed = await searchLearner(task, QUICK, {
      ...HERE,
      known: { find: (name) => notes.get(name), keep: (name) => again.push(name) },
    })
    expect(resumed).toEqual(found)
    expect(again.some((name) => notes.has(name))).toBe(false)
    expect(again.length).toBeGreaterThan(0)
  })

  it('keeps within maxModelBytes and maxPredictMicros, or says that nothing does', async () => {
    const trees = { ...QUICK, learners: ['gradient_boosting' as const, 'logistic_regression' as const] }
    const small = await searchLearner(task, { ...trees, maxModelBytes: 2_000 }, HERE)
    expect(small.learner.kind).toBe('logistic_regression')
    expect(small.trials.some(({ status }) => status === 'too_large')).toBe(true)
    expect(modelBytes((await fitLearner(task, small.learner, HERE)).learned)).toBeLessThanOrEqual(2_000)
    const fast = await searchLearner(task, { ...trees, maxPredictMicros: 0.7 }, HERE)
    expect(fast.trials.some(({ status }) => status === 'too_slow')).toBe(true)
    expect(predictMicros((await fitLearner(task, fast.learner, HERE)).learned)).toBeLessThanOrEqual(0.7)
    await expect(searchLearner(task, { ...trees, maxModelBytes: 100 }, HERE)).rejects.toThrow(
      'no model of the search keeps within',
    )
  })

  it('tries the learners that are named, and refuses those that cannot learn it', async () => {
    expect(new Set(found.trials.map(({ learner }) => learner.kind))).toEqual(new Set(QUICK.learners))
    const number = { ...taskOf('regression', 300), groups: Uint32Array.from({ length: 300 }, (_, r) => r) }
    await expect(searchLearner(number, { ...QUICK, learners: ['logistic_regression'] }, HERE)).rejects.toThrow(
      'none of the learners can learn a regression',
    )
    const { learner } = await searchLearner(number, { ...QUICK, budget: 300, learners: null }, HERE)
    expect(triedKinds('regression', null)).toContain(learner.kind)
  })
})

describe('the trials of a search', () => {
  it('are the defaults first, then others, no two the same', () => {
    const kinds = triedKinds('binary', null)
    const drawn = [...candidates(kinds, 1)].slice(0, 60)
    expect(drawn.slice(0, kinds.length).map(({ kind }) => kind)).toEqual(kinds)
    expect(new Set(drawn.map((learner) => JSON.stringify(learner))).size).toBe(drawn.length)
    expect([...candidates(['logistic_regression'], 1)].length).toBe(1)
    expect([...candidates(kinds, 2)].slice(0, 60)).not.toEqual(drawn)
  })

  it('cost more with more rows, columns, classes and trees', () => {
    const size = { rows: 5_000, inputs: 14, outputs: 1 }
    for (const learner of [...candidates(triedKinds('binary', null), 1)].slice(0, 20)) {
      const units = fitUnits(learner, size)
      expect(units).toBeGreaterThan(0)
      for (const more of [{ rows: 10_000 }, { inputs: 28 }]) {
        expect(fitUnits(learner, { ...size, ...more }), learner.kind).toBeGreaterThan(units)
      }
    }
  })

  it('have every row of an entity in one fold', () => {
    const folds = foldsOfGroups(task.groups, task.train, 5, 3)
    const counts = [0, 0, 0, 0, 0]
    for (const fold of folds.values()) counts[fold]!++
    expect(folds.size).toBe(300)
    expect(counts).toEqual([60, 60, 60, 60, 60])
  })
})
