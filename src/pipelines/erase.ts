import type { Project } from '../config/project.ts'
import type { EraseRequest, Erasure, ErasureReport } from '../erasure/erasure.ts'
import type { Flows } from '../flows/flows.ts'
import type { RunOptions } from './ingest-month.ts'
import { projectDigest, stepsOfProject } from './same-project.ts'

/** Only the request's number: the key would stay in the records of the engine. */
type Input = { request: string; project: string }

export type Erased = ErasureReport & { request: string }

/**
 * The flow `erase`: the steps of a recorded request. The wish is recorded before the flow begins, so that nothing comes in
 * from then on, whatever becomes of the flow; who asks again goes on with what is unfinished.
 */
export function defineErase(
  flows: Flows,
  { erasure, project }: { erasure: Erasure; project: Project },
): (wish: EraseRequest, options?: RunOptions) => Promise<Erased> {
  flows.define<Input, Erased>('erase', async (run, { request, project: digest }) => {
    const report = await erasure.run(request, stepsOfProject(run, project, digest))
    return { request, ...report }
  })
  return async (wish, options) => {
    const input: Input = { request: await erasure.request(wish), project: projectDigest(project) }
    return flows.wait<Erased>(await flows.submit('erase', input), options)
  }
}
