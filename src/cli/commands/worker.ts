import type { Command } from 'commander'
import { type CommonOptions, common } from '../options.ts'
import { openContext, untilSignal, withAppOf } from '../with-app.ts'

export function define(command: Command): void {
  common(command, 'worker', ['threads']).action(async (options: CommonOptions) => {
    const context = await openContext(options)
    await withAppOf(context, async (app) => {
      const stopped = untilSignal()
      await app.flows.start()
      const unfollow = await app.lake.caches.follow()
      context.out.document({ worker: 'started', home: context.settings.home })
      context.out.line('worker: waiting for flows; Ctrl-C ends it')
      await stopped
      await unfollow()
      context.out.progress('worker: ending')
    })
  })
}
