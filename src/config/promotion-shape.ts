/** What a version must have to answer for a model, as a person writes it. */
import { z } from 'zod'
import { duration } from './duration-shape.ts'
import { said } from './said.ts'

const gateRule = z.strictObject({
  metric: said(z.string().min(1), 'A metric of the run that made the version.', 'roc_auc'),
  atLeast: said(z.number().nullable().default(null), 'The least that passes.', 0.75),
  atMost: said(z.number().nullable().default(null), 'The most that passes.', 0.5),
  worseBy: said(
    z.number().min(0).nullable().default(null),
    'By how much it may be worse than the version that answers now; 0: not at all.',
    0.01,
  ),
  better: said(z.enum(['more', 'less']).default('more'), 'Whether more of it is better, or less.', 'less'),
})

export const promotion = z.strictObject({
  approvals: said(
    z.int().min(0).max(1).default(0),
    '1: a promotion by a command, the API, a client of MLflow or a page waits until somebody else accepts it.',
    1,
  ),
  canaryAlone: said(
    z.number().min(0).max(1).default(0),
    'With approvals: the share of the keys that one person may give a canary alone. 0: each canary waits for somebody else.',
    0.05,
  ),
  expires: said(duration.default('7d'), 'How long it waits.', '2d'),
  gate: said(
    z.array(gateRule).max(50).default([]),
    'What a version must have to come to Production, or to the alias champion.',
    [{ metric: 'roc_auc', atLeast: 0.75, worseBy: 0.01 }],
  ),
})
