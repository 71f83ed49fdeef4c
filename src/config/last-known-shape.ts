/** Whether a model may answer from what was last read while its features are away, as a person writes it. */
import { z } from 'zod'
import { parseDurationMs } from './duration.ts'
import { duration } from './duration-shape.ts'
import { said } from './said.ts'

export const lastKnownFeatures = z.strictObject({
  maxAge: said(duration, 'Features that were read longer ago are not used.', '1h'),
  entities: said(
    z.int().min(1).max(1_000_000).default(10_000),
    'So many entities are remembered by one server at most, those read last.',
    50_000,
  ),
})

export type LastKnownFeatures = { maxAgeMs: number; entities: number }

export function lastKnownOf(written: z.output<typeof lastKnownFeatures> | null): LastKnownFeatures | null {
  return written && { maxAgeMs: parseDurationMs(written.maxAge)!, entities: written.entities }
}
