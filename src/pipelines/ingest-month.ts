import { resolve } from 'node:path'
import type { OnProgress } from '../base/progress.ts'
import type { Project } from '../config/project.ts'
import type { Flows } from '../flows/flows.ts'
import type { StepSummary } from '../flows/history.ts'
import type { Ingest, IngestMonth, IngestReport } from '../ingest/ingest.ts'
import { describeFolder } from '../ingest/submitted.ts'
import { projectDigest, stepsOfProject } from './same-project.ts'

type Input = IngestMonth & { project: string }

export type RunOptions = { onStep?: (step: StepSummary) => void; onProgress?: OnProgress }

/** The flow `ingest_month`: the files of a folder become the state of a moment, in one step that is all or nothing. */
export function defineIngestMonth(
  flows: Flows,
  { ingest, project }: { ingest: Ingest; project: Project },
): (request: IngestMonth, options?: RunOptions) => Promise<IngestReport> {
  flows.define<Input, IngestReport>('ingest_month', (run, input) =>
    stepsOfProject(run, project, input.project)('ingest', () => ingest.ingestMonth(input)),
  )
  return async (request, options) => {
    const dir = request.dir === undefined ? undefined : resolve(request.dir)
    // A worker may be on another host, where the same path is another folder: what must be read is named by its bytes.
    const folder = dir === undefined ? {} : { dir, submitted: await describeFolder(dir, project, request.sources) }
    const input: Input = { ...request, ...folder, project: projectDigest(project) }
    // An interrupted run is resumed only while the files are the same.
    const runId = await flows.submit('ingest_month', input)
    return flows.wait<IngestReport>(runId, options)
  }
}
