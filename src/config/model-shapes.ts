/** What is trained, and how, as a person writes it. */
import { z } from 'zod'
import { learner } from './learner-shapes.ts'
import { said } from './said.ts'

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
