import { messageOf, PlatformError } from '../base/errors.ts'
import type { TrainingSetRef } from '../features/offline/training-set.ts'
import type { TrackingApi } from '../tracking/tracking.ts'
import type { Pinned } from './pin.ts'

/** What a run of `weir train` recorded of itself: what was asked, and what it was trained from. */
export type RecordedInputs = { pinned: Pinned; trainingSet: TrainingSetRef }

/** Or why it cannot be known, in words. */
export async function recordedInputs(
  { runs, artifacts }: Pick<TrackingApi, 'runs' | 'artifacts'>,
  runId: string | null | undefined,
): Promise<RecordedInputs | { reason: string }> {
  if (!runId) return { reason: 'it has no run that says what it was trained from' }
  try {
    const { artifactUri } = await runs.get(runId)
    const text = (await artifacts.read(artifactUri, 'inputs.json')).toString('utf8')
    const { pinned, trainingSet } = JSON.parse(text) as Partial<RecordedInputs>
    if (pinned?.definitions && trainingSet?.objectKey) return { pinned, trainingSet }
  } catch (error) {
    if (error instanceof PlatformError && !['not_found', 'file_gone'].includes(error.code))
      return { reason: `what its run recorded cannot be read: ${messageOf(error)}` }
    if (!(error instanceof PlatformError) && !(error instanceof SyntaxError)) throw error
  }
  return { reason: 'its run has no inputs.json that weir train wrote' }
}
