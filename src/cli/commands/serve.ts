import type { Command } from 'commander'
import { type CommonOptions, common, SERVER } from '../options.ts'
import { serveUntilSignal } from '../serving.ts'

export function define(command: Command): void {
  common(command, 'serve --port 8000', SERVER).action((options: CommonOptions) =>
    serveUntilSignal(options, { work: false }),
  )
}
