/** What is trained, and how, as a person writes it. */
import { z } from 'zod'
import { said } from './said.ts'

const learner = z.strictObject({
  kind: said(z.literal('random_forest'), 'How it learns.', 'random_forest'),
  trees: said(z.int().min(1).max(10_000).default(300), 'How many trees.', 100),
  maxDepth: said(z.int().min(1).nullable().default(null), 'Questions from root to leaf; null for no limit.', 12),
  minSamplesLeaf: said(z.int().min(1).default(1), 'The fewest rows of a leaf.', 5),
  minSamplesSplit: said(z.int().min(2).default(2), 'The fewest rows that are split.', 10),
  maxFeatures: said(
    z.union([z.enum(['sqrt', 'all']), z.int().min(1)]).default('sqrt'),
    'Features that are tried at a split: the square root of their number, all, or so many.',
    'all',
  ),
  classWeight: said(
    z.enum(['balanced', 'none']).default('balanced'),
    'balanced: both outcomes count as much together, however rare one is.',
    'none',
  ),
  bootstrap: said(z.boolean().default(true), 'Each tree learns from a sample with replacement.', false),
  seed: said(z.int().min(0).default(42), 'Decides every choice by chance: the same seed gives the same bytes.', 7),
})

export const model = z.strictObject({
  experiment: said(z.string().min(1), 'The experiment that its runs are logged to.', 'churn'),
  runName: said(z.string().default('{as_of}'), 'The name of a run; {as_of} stands for the date.', 'monthly {as_of}'),
  features: said(z.string(), 'Its feature service.', 'churn_features'),
  label: said(z.string(), 'What it learns to say.', 'churned'),
  learner: said(learner, 'How it learns.', { kind: 'random_forest', trees: 100 }),
  split: said(
    z
      .strictObject({
        testShare: said(
          z.number().gt(0).lt(1).default(0.25),
          'The share of the rows that is kept for the measure.',
          0.2,
        ),
        seed: said(z.int().min(0).default(42), 'Decides which rows.', 7),
        stratify: said(z.boolean().default(true), 'Both parts have the same share of each outcome.', false),
      })
      .default({ testShare: 0.25, seed: 42, stratify: true }),
    'Which rows measure it.',
    { testShare: 0.2 },
  ),
  threshold: said(z.number().gt(0).lt(1).default(0.5), 'The probability from which it says yes.', 0.3),
})
