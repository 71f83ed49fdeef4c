/** How a model answers, as a person writes it. */
import { z } from 'zod'
import { said } from './said.ts'
import { servingLog } from './serving-log.ts'

export const serving = z.strictObject({
  log: said(servingLog.prefault({}), 'What is kept of its answers.', { durable: true }),
})
