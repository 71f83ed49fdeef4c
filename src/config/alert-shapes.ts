/** What is watched, and who is told, as a person writes it. */
import { z } from 'zod'
import { duration } from './duration-shape.ts'
import { said } from './said.ts'

const of = z.union([
  z.strictObject({ model: said(z.string(), 'A model of the project.', 'churn') }),
  z.strictObject({ source: said(z.string(), 'A source.', 'users') }),
  z.strictObject({ view: said(z.string(), 'A feature view.', 'profile') }),
])

export const SEVERITIES = ['info', 'warn', 'critical'] as const

const history = z.strictObject({
  periods: said(z.int().min(3).max(1_000).default(12), 'How many figures before this one are looked at.', 12),
  least: said(z.int().min(3).max(1_000).default(4), 'With fewer of them nothing is said.', 6),
  sigmas: said(z.number().gt(0).max(100).default(3), 'How many standard deviations from their mean are too many.', 3),
  side: said(z.enum(['above', 'below', 'both']).default('both'), 'On which side.', 'below'),
})

export const alert = z.strictObject({
  metric: said(
    z.string().min(1),
    'What is watched: a name of the table in the guide "Measures and alerts".',
    'drift.share',
  ),
  of: said(of.nullable().default(null), 'Of what; null: of each model, source or view that has it, one by one.', {
    model: 'churn',
  }),
  part: said(z.string().nullable().default(null), 'Of which column or segment; null: of each, one by one.', 'plan'),
  arm: said(z.string().nullable().default(null), 'Of which arm; null: of each, one by one.', 'champion'),
  above: said(z.number().nullable().default(null), 'Wrong when it is above this.', 0.3),
  below: said(z.number().nullable().default(null), 'Wrong when it is below this.', 0.7),
  history: said(history.nullable().default(null), 'Wrong when it is far from what it was before.', { periods: 12 }),
  for: said(duration.default('0s'), 'How long it must be wrong before somebody is told.', '5m'),
  window: said(
    duration.default('40d'),
    'How old a recorded figure may be; and of failed flows and refused deliveries, since when they are counted.',
    '1d',
  ),
  severity: said(z.enum(SEVERITIES).default('warn'), 'How bad it is.', 'critical'),
  coolDown: said(
    duration.default('1d'),
    'For how long after a message the same is not told again, when it came and went.',
    '6h',
  ),
  to: said(z.array(z.string()).nullable().default(null), 'Who is told: names of alertChannels; null: all of them.', [
    'team',
  ]),
  next: said(
    z.string().min(1).max(500).nullable().default(null),
    'What to do, where the guide does not say it well enough.',
    'Call the data team.',
  ),
})

export const alertChannel = z.union([
  z.strictObject({
    webhook: said(
      z.string().min(1),
      'A name in WEIR_ALERT_WEBHOOKS: the address is a setting and no part of a project.',
      'ops',
    ),
  }),
  z.strictObject({
    mail: said(z.array(z.email()).min(1).max(50), 'Who gets a mail, through the server of WEIR_SMTP_URL.', [
      'ops@example.com',
    ]),
  }),
  z.strictObject({ file: said(z.literal(true), 'A line of JSON in the file of WEIR_ALERT_FILE.', true) }),
])
