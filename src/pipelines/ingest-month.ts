import { readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Project } from '../config/project.ts'
import type { Flows } from '../flows/flows.ts'
import type { StepSummary } from '../flows/history.ts'
import type { Ingest, IngestMonth, IngestReport } from '../ingest/ingest.ts'
import { projectDigest, requireSameProject } from './same-project.ts'

type Input = IngestMonth & { project: string }

export type RunOptions = { onStep?: (step: StepSummary) => void }

/** The flow `ingest_month`: the files of a folder become the state of a moment, in one step that is all or nothing. */
export function defineIngestMonth(
  flows: Flows,
  { ingest, project }: { ingest: Ingest; project: Project },
): (request: IngestMonth, options?: RunOptions) => Promise<IngestReport> {
  flows.define<Input, IngestReport>('ingest_month', (run, input) =>
    run.step('ingest', async () => {
      requireSameProject(project, input.project)
      return ingest.ingestMonth(input)
    }),
  )
  return async (request, options) => {
    const dir = request.dir === undefined ? undefined : resolve(request.dir)
    const input: Input = { ...request, ...(dir === undefined ? {} : { dir }), project: projectDigest(project) }
    // A run that was interrupted is gone on with only while the files are the same.
    const runId = await flows.submit('ingest_month', input, {
      key: [input, dir === undefined ? [] : await filesIn(dir)],
    })
    return flows.wait<IngestReport>(runId, options)
  }
}

/** Name, size and time of each file; nothing for a folder that cannot be read, which the flow will say better. */
async function filesIn(dir: string): Promise<[string, number, number][]> {
  try {
    const names = (await readdir(dir)).sort()
    const stats = await Promise.all(names.map((name) => stat(join(dir, name))))
    return names.map((name, i) => [name, stats[i]!.size, stats[i]!.mtimeMs])
  } catch {
    return []
  }
}
