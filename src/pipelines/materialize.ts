import type { Instant } from '../base/instant.ts'
import type { Project } from '../config/project.ts'
import type { Features } from '../features/features.ts'
import type { Materialized } from '../features/online/materialize.ts'
import type { Flows } from '../flows/flows.ts'
import type { Lake } from '../lake/lake.ts'
import type { RunOptions } from './ingest-month.ts'
import { projectDigest, stepsOfProject } from './same-project.ts'

export type MaterializeFlowRequest = { views?: string[]; asOf?: Instant; since?: Instant; full?: boolean }

/** Materializes and waits for the end. */
export type Materialize = {
  (request: MaterializeFlowRequest, options?: RunOptions): Promise<Materialized[]>
  /** What a run of it is given. */
  inputOf(request: MaterializeFlowRequest): Input
}

type Input = MaterializeFlowRequest & { project: string }

/**
 * The flow `materialize`: one step a view, each all or nothing. A process that is killed in one of them is gone on from
 * there by the next that asks for the same, or by a worker.
 */
export function defineMaterialize(
  flows: Flows,
  { features, lake, project }: { features: Features; lake: Lake; project: Project },
): Materialize {
  flows.define<Input, Materialized[]>('materialize', async (run, { project: digest, views: names, ...bounds }) => {
    const step = stepsOfProject(run, project, digest)
    const done: Materialized[] = []
    for (const view of names ?? allViews(project)) {
      done.push(await step(`materialize ${view}`, () => features.materializeOne(view, bounds)))
    }
    features.requireAny(done, bounds.asOf)
    return done
  })
  // The views too are those of now: which steps a run has does not change on the way.
  const inputOf = (request: MaterializeFlowRequest): Input => ({
    ...request,
    views: request.views ?? allViews(project),
    project: projectDigest(project),
  })
  const materialize = async (request: MaterializeFlowRequest, options?: RunOptions) => {
    const input = inputOf(request)
    // An interrupted run is resumed only while the lake is as it was.
    const runId = await flows.submit('materialize', input, { key: [input, await lake.changedAt()] })
    return flows.wait<Materialized[]>(runId, options)
  }
  return Object.assign(materialize, { inputOf })
}

function allViews(project: Project): string[] {
  return project.featureViews.map((view) => view.name)
}
