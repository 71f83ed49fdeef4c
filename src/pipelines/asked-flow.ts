import type { Project } from '../config/project.ts'
import type { Flows } from '../flows/flows.ts'
import type { Lake } from '../lake/lake.ts'
import type { RunOptions } from './ingest-month.ts'
import { projectDigest } from './same-project.ts'

/** Asks for a run and waits for its end; `submit` only records the wish, for a worker, and gives the id of the flow's run. */
export type AskedFlow<Request, Report> = {
  (request: Request, options?: RunOptions): Promise<Report>
  submit(request: Request): Promise<string>
  /** What a run of it is given. */
  inputOf(request: Request): Request & { project: string }
}

type Deps = { project: Project; lake: Pick<Lake, 'changedAt'> }

/** A flow that was defined under this name, as commands, routes and schedules ask for it; `check` refuses a request that cannot be right. */
export function askedFlow<Request, Report>(
  flows: Pick<Flows, 'submit' | 'wait'>,
  name: string,
  { project, lake }: Deps,
  check: (request: Request) => void = () => {},
): AskedFlow<Request, Report> {
  const inputOf = (request: Request) => ({ ...request, project: projectDigest(project) })
  const submit = async (request: Request): Promise<string> => {
    check(request)
    const input = inputOf(request)
    // An interrupted run is resumed only while the lake is as it was: else its K would hide what came since.
    return flows.submit(name, input, { key: [input, await lake.changedAt()] })
  }
  const ask = async (request: Request, options?: RunOptions) => flows.wait<Report>(await submit(request), options)
  return Object.assign(ask, { submit, inputOf })
}
