/** What is trained, and how, as a person writes it. */
import { z } from 'zod'
import { learnerOrAuto } from './learner-shapes.ts'
import { monitoring } from './monitoring-shapes.ts'
import { PREDICTS } from './predicts.ts'
import { promotion } from './promotion-shape.ts'
import { said } from './said.ts'
import { serving } from './serving-shapes.ts'
import { trainer } from './trainer-shape.ts'

const split = z.strictObject({
  by: said(
    z.enum(['rows', 'entity', 'time']).nullable().default(null),
    'rows: any row may measure. entity: all rows of an entity are on one side. time: the newest periods measure. null: by entity where there is more than one period, else by rows.',
    'time',
  ),
  testShare: said(z.number().gt(0).lt(1).default(0.25), 'The share of the rows that is kept for the measure.', 0.2),
  seed: said(z.int().min(0).default(42), 'Decides which rows.', 7),
  stratify: said(
    z.boolean().nullable().default(null),
    'Both parts have the same share of each class, by entity of entities that ever were of it; not by time. null: where there are classes.',
    false,
  ),
  holdOut: said(
    z.number().min(0).lt(1).default(0),
    'The share of the entities that no fit ever sees, by the hash of their key: the same ones in every training set. Metrics of them are called holdout_….',
    0.1,
  ),
})

const share = z.number().gt(0).max(1)

const thresholdRule = z.discriminatedUnion('rule', [
  z.strictObject({ rule: said(z.literal('f1'), 'The best F1.', 'f1') }),
  z.strictObject({
    rule: said(z.literal('cost'), 'The least cost.', 'cost'),
    falsePositive: said(z.number().min(0), 'What a false yes costs.', 1),
    falseNegative: said(z.number().min(0), 'What a false no costs, in the same unit.', 5),
  }),
  z.strictObject({
    rule: said(z.literal('precision'), 'The greatest recall with at least so much precision.', 'precision'),
    atLeast: said(share, 'The least precision.', 0.6),
  }),
  z.strictObject({
    rule: said(z.literal('recall'), 'The greatest precision with at least so much recall.', 'recall'),
    atLeast: said(share, 'The least recall.', 0.8),
  }),
])

export const model = z.strictObject({
  experiment: said(z.string().min(1), 'The experiment that its runs are logged to.', 'churn'),
  runName: said(z.string().default('{as_of}'), 'The name of a run; {as_of} stands for the date.', 'monthly {as_of}'),
  features: said(z.string(), 'Its feature service.', 'churn_features'),
  label: said(z.string(), 'What it learns to say.', 'churned'),
  predicts: said(
    z.enum(PREDICTS).nullable().default(null),
    'Which of two outcomes, which of several, or a number. null: by the type of the label (Bool: binary; Float: regression; Int: binary, of 0 and 1; String: multiclass, or binary where positive is stated).',
    'regression',
  ),
  positive: said(
    z.union([z.string(), z.int()]).nullable().default(null),
    'Which of two texts or whole numbers is the positive outcome; null for true and 1.',
    'cancelled',
  ),
  weight: said(
    z
      .union([
        z.strictObject({ column: said(z.string(), 'A column of the source of the label.', 'customers') }),
        z.strictObject({ feature: said(z.string(), 'A feature of the model.', 'customers') }),
      ])
      .nullable()
      .default(null),
    'How much a row counts in the fit and in the measures: a column of the source of the label, or a feature; above 0.',
    { column: 'customers' },
  ),
  learner: said(learnerOrAuto.optional(), "How it learns; 'auto' searches for it.", {
    kind: 'random_forest',
    trees: 100,
  }),
  trainer: said(trainer.optional(), 'A command of your own that learns, instead of a learner.', {
    command: ['python', 'train.py'],
  }),
  split: said(split.prefault({}), 'Which rows measure it.', { by: 'time', testShare: 0.2 }),
  threshold: said(
    z
      .union([z.number().gt(0).lt(1), thresholdRule])
      .nullable()
      .default(null),
    'The probability from which it says the positive outcome; or a rule by which it is chosen on the rows that measure. null: 0.5, or none where there are not two outcomes.',
    { rule: 'f1' },
  ),
  calibration: said(
    z.enum(['none', 'auto', 'platt', 'isotonic']).default('none'),
    'What makes its probabilities come true as often as they say, learned by cross-validation on the training rows and taken only where it helps there; auto: the better of both.',
    'auto',
  ),
  segments: said(
    z.array(z.string()).nullable().default(null),
    'Features by whose values it is measured apart; of a number its quarters. null: every text and boolean.',
    ['plan', 'tenure_months'],
  ),
  hindsight: said(
    z.boolean().default(true),
    'Where values were corrected or came late: also fits on what was known at the time, and says how much of the measure comes from hindsight.',
    false,
  ),
  about: said(
    z.string().max(2_000).default(''),
    'What it is for, and what it is not for: stands in its card.',
    'Who will cancel next month. For mails of the care team; not for prices.',
  ),
  promotion: said(promotion.prefault({}), 'What a version must have to answer for it.', { approvals: 1 }),
  serving: said(serving.prefault({}), 'How it answers.', {}),
  monitoring: said(monitoring.prefault({}), 'What is watched of it.', {}),
})
