import { defaultModelOf } from '../config/find.ts'
import type { Project } from '../config/project.ts'
import type { RunningServer } from '../server.ts'
import { requireFreePort } from './free-port.ts'
import { startedOr, untilSignal } from './interrupt.ts'
import type { CommonOptions } from './options.ts'
import type { Output } from './output.ts'
import { openContext, withAppOf } from './with-app.ts'

/** `up` and `serve`: the server, with or without a worker, until Ctrl-C. */
export async function serveUntilSignal(options: CommonOptions, { work }: { work: boolean }): Promise<void> {
  const context = await openContext(options)
  await requireFreePort(context.settings)
  const { startServer } = await import('../server.ts')
  await withAppOf(context, async (app) => {
    const stopped = untilSignal()
    let server: RunningServer | undefined
    try {
      const running = await startedOr(stopped, async () => {
        if (work) await app.flows.start()
        server = await startServer(app)
        if (work) await app.schedules.scheduler.start()
        return server
      })
      if (!running) return
      context.out.document({ url: running.url, work })
      printAddresses(running.url, app.project, context.out)
      if (work) context.out.line('a worker runs in this process')
      context.out.line('Ctrl-C ends it')
      await stopped
      context.out.progress('ending: waiting for requests and steps under way')
    } finally {
      await server?.close()
    }
  })
}

export function printAddresses(url: string, project: Project, out: Output): void {
  const named = defaultModelOf(project) ? [] : project.models.map(({ name }) => `/models/${encodeURIComponent(name)}`)
  out.line(`console       ${url}/`)
  for (const model of named.length > 0 ? named : ['']) out.line(`predictions   POST ${url}${model}/predict`)
  out.line(`pages         ${url}/docs  ${url}/metrics  ${url}/ready`)
  out.line(`MLflow        MLFLOW_TRACKING_URI=${url}`)
}
