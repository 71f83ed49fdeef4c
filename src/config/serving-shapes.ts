/** How a model answers, as a person writes it. */
import { z } from 'zod'
import { admission } from './admission-shape.ts'
import { canary } from './canary-shape.ts'
import { lastKnownFeatures } from './last-known-shape.ts'
import { said } from './said.ts'
import { servingLog } from './serving-log.ts'

export const serving = z.strictObject({
  admission: said(admission.prefault({}), 'When a prediction is refused because there is too much to do.', {
    deadline: '500ms',
  }),
  lastKnownFeatures: said(
    lastKnownFeatures.nullable().default(null),
    'While the online store does not answer, predict from the features that this server read last, and say so in the answer (stale). null: 503.',
    { maxAge: '1h' },
  ),
  canary: said(canary.prefault({}), 'When a canary is rolled back, and when it is promoted.', { promoteAfter: '24h' }),
  log: said(servingLog.prefault({}), 'What is kept of its answers.', { durable: true }),
})
