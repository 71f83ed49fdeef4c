import type { Run, TrackingApi } from '../tracking/tracking.ts'
import type { Pinned } from './pin.ts'

/** The run of a training. Made once: asked again, the same. */
export async function createTrainingRun(
  tracking: Pick<TrackingApi, 'experiments' | 'runs'>,
  pinned: Pinned,
): Promise<Run> {
  const { experimentId } = await tracking.experiments.ensure(pinned.definitions.model.experiment)
  return tracking.runs.create({
    experimentId,
    runId: pinned.runId,
    runName: pinned.runName,
    userId: 'weir',
    startTimeMs: pinned.startedMs,
    tags: { 'mlflow.source.name': 'weir train', 'mlflow.source.type': 'LOCAL', 'mlflow.user': 'weir' },
  })
}
