/** How long a prediction may take before it is refused, as a person writes it. */
import { z } from 'zod'
import { parseDurationMs } from './duration.ts'
import { duration } from './duration-shape.ts'
import { said } from './said.ts'

export const admission = z.strictObject({
  deadline: said(
    duration.default('5s'),
    'A prediction that was not made within this is refused with 503: in the time counts what it waited for its turn.',
    '500ms',
  ),
})

export type ModelAdmission = { deadlineMs: number }

export function admissionOf({ deadline }: z.output<typeof admission>): ModelAdmission {
  return { deadlineMs: parseDurationMs(deadline)! }
}
