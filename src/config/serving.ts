import type { z } from 'zod'
import type { servingLog } from './serving-log.ts'
import type { serving } from './serving-shapes.ts'

/** How a model answers. */
export type ModelServing = {
  /** What is kept of its answers. */
  log: z.output<typeof servingLog>
}

export function servingOf({ log }: z.output<typeof serving>): ModelServing {
  return { log }
}
