import { z } from 'zod'
import { parseDurationMs } from './duration.ts'

export const duration = z
  .string()
  .refine((text) => parseDurationMs(text) !== undefined, 'write a duration like 45d, 12h or 30m')
