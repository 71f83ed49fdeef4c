/** What is kept of a model's answers, as a person writes it. */
import { z } from 'zod'
import { said } from './said.ts'

export const servingLog = z.strictObject({
  enabled: said(z.boolean().default(true), 'false: nothing of its answers is recorded.', false),
  durable: said(
    z.boolean().default(false),
    'true: an answer is given only when it is recorded, and refused (503) when it cannot be. false: it is recorded within a second, and a server that is killed loses those of its last two.',
    true,
  ),
  keepMonths: said(
    z.int().min(1).max(1200).nullable().default(13),
    'Whole months that are kept before the present one; null: all. weir gc drops older ones.',
    24,
  ),
})
