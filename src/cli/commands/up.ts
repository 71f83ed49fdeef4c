import type { Command } from 'commander'
import { type CommonOptions, common, SERVER } from '../options.ts'
import { serveUntilSignal } from '../serving.ts'

export function define(command: Command): void {
  common(command, 'up --port 8000', [...SERVER, 'threads']).action((options: CommonOptions) =>
    serveUntilSignal(options, { work: true }),
  )
}
