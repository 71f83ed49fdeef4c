import { resolve } from 'node:path'
import { PlatformError } from '../base/errors.ts'
import type { OnProgress } from '../base/progress.ts'
import type { Project } from '../config/project.ts'
import type { Flows } from '../flows/flows.ts'
import type { StepSummary } from '../flows/history.ts'
import { type HandedOver, handOver, letGo, withHandedOver } from '../ingest/hand-over.ts'
import type { Ingest, IngestMonth, IngestReport } from '../ingest/ingest.ts'
import { describeFolder, type Submitted } from '../ingest/submitted.ts'
import type { ObjectStore } from '../lake/objects.ts'
import { projectDigest, stepsOfProject } from './same-project.ts'

type Input = IngestMonth & { project: string; handed?: HandedOver }

export type RunOptions = { onStep?: (step: StepSummary) => void; onProgress?: OnProgress }

type Deps = {
  ingest: Ingest
  project: Project
  objects: ObjectStore
  /** Whether other hosts work on the same object store: then the files go through it. */
  shared: boolean
}

/** Takes a month in and waits for the end. */
export type IngestMonthFlow = {
  (request: IngestMonth, options?: RunOptions): Promise<IngestReport>
  /** What a run of it is given: the files are read, and handed over where another host may work on it. */
  inputOf(request: IngestMonth): Promise<Input>
}

export const INGEST_MONTH = 'ingest_month'

/**
 * The flow `ingest_month`: the files of a folder become the state of a moment, in one step that is all or nothing. Where the
 * object store is shared, the files come to the worker through it; else a worker that has another folder there refuses.
 */
export function defineIngestMonth(flows: Flows, { ingest, project, objects, shared }: Deps): IngestMonthFlow {
  flows.define<Input, IngestReport>(INGEST_MONTH, async (run, { handed, project: digest, ...month }) => {
    const step = stepsOfProject(run, project, digest)
    if (handed === undefined) return step('ingest', () => ingest.ingestMonth(month))
    const { submitted: _, ...here } = month
    const taken = await step('ingest', () =>
      withHandedOver(objects, handed, (dir) => ingest.ingestMonth({ ...here, dir, from: month.from ?? month.dir })),
    ).catch((error) => ({ error }))
    // What cannot be removed now is removed by `weir gc`; the delivery is what it is.
    await run.step('remove what was handed over', () => letGo(objects, handed), { always: true }).catch(() => {})
    if ('error' in taken) throw taken.error
    return taken
  })
  const readInput = async (request: IngestMonth): Promise<{ input: Input; handed: HandedOver | undefined }> => {
    const dir = request.dir === undefined ? undefined : resolve(request.dir)
    // A worker may be on another host, where the same path is another folder: what must be read is named by its bytes.
    const folder = dir === undefined ? {} : { dir, submitted: await describeFolder(dir, project, request.sources) }
    const input: Input = { ...request, ...folder, project: projectDigest(project) }
    const handed = shared && dir !== undefined ? await handOver(objects, dir, project, request.sources) : undefined
    if (handed && folder.submitted) requireUnchanged(folder.submitted, handed)
    return { input, handed }
  }
  const inputOf = async (request: IngestMonth): Promise<Input> => {
    const { input, handed } = await readInput(request)
    return { ...input, ...(handed ? { handed } : {}) }
  }
  const ingestMonth = async (request: IngestMonth, options?: RunOptions) => {
    const { input, handed } = await readInput(request)
    // An interrupted run is resumed only while the files are the same; it has files of its own.
    const runId = await flows.submit(INGEST_MONTH, { ...input, ...(handed ? { handed } : {}) }, { key: input })
    if (handed && !(await isOf(flows, runId, handed))) await letGo(objects, handed)
    return flows.wait<IngestReport>(runId, options)
  }
  return Object.assign(ingestMonth, { inputOf })
}

/** A file that is written while it is handed over is no delivery. */
function requireUnchanged({ files }: Submitted, handed: HandedOver): void {
  for (const [path, file] of Object.entries(files)) {
    const digest = handed.files[path]
    if (file === null || digest === undefined || digest === file.digest) continue
    throw new PlatformError('conflict', `'${path}' was changed while it was handed over; nothing was taken. Try again`)
  }
}

/** Whether the run was made with these files; else it is one that was submitted before. */
async function isOf(flows: Flows, runId: string, { id }: HandedOver): Promise<boolean> {
  const { input } = await flows.get(runId)
  return (input as Input | null)?.handed?.id === id
}
