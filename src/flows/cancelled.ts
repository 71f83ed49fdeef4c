import { PlatformError } from '../base/errors.ts'
import type { Asked } from './queries/attempts.ts'

/** How a run that was cancelled is told to whoever waits for it, and to what it does. */
export function cancelledError(runId: string, { by, why }: Asked): PlatformError {
  const because = why === null ? '' : `: ${why}`
  const message = `the run '${runId}' was cancelled by ${by}${because}`
  return new PlatformError('conflict', message, { details: { cancelled_by: by, cancelled_why: why } })
}
