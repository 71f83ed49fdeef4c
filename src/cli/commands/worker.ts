import type { Command } from 'commander'
import { startedOr, untilSignal } from '../interrupt.ts'
import { type CommonOptions, common } from '../options.ts'
import { openContext, withAppOf } from '../with-app.ts'

export function define(command: Command): void {
  common(command, 'worker', ['threads']).action(async (options: CommonOptions) => {
    const context = await openContext(options)
    await withAppOf(context, async (app) => {
      const stopped = untilSignal()
      const unfollow = await startedOr(stopped, async () => {
        await app.flows.start()
        await app.schedules.scheduler.start()
        return app.lake.caches.follow()
      })
      if (!unfollow) return
      const unwatch = app.alerts.follow()
      context.out.document({ worker: 'started', home: context.settings.home })
      context.out.line('worker: waiting for flows; Ctrl-C ends it')
      await stopped
      await unwatch()
      await unfollow()
      context.out.progress('worker: ending')
    })
  })
}
