import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { App } from '../app.ts'
import { systemClock } from '../base/clock.ts'
import { createLog, type Log } from '../base/log.ts'
import { CONFIG_FILE, loadProject } from '../config/load.ts'
import type { Project } from '../config/project.ts'
import { readSettings, type Settings } from '../config/settings.ts'
import { atWork } from '../db/pulse.ts'
import type { CommonOptions } from './options.ts'
import { createOutput, type Output } from './output.ts'

export type Context = { project: Project; settings: Settings; log: Log; out: Output }

const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const

/** The project and settings that the options mean, without opening anything. */
export async function openContext(options: CommonOptions): Promise<Context> {
  const dir = options.project === undefined ? nearestProject(process.cwd()) : resolve(options.project)
  const project = await loadProject(dir)
  const settings = readSettings({ flags: options, env: process.env, projectDir: dir })
  return { project, settings, log: createLog(settings.logLevel), out: createOutput(options) }
}

/** The folder of weir.config.ts: this one or the nearest above; this one when there is none. */
export function nearestProject(start: string): string {
  for (let dir = start; ; dir = dirname(dir)) {
    if (existsSync(join(dir, CONFIG_FILE))) return dir
    if (dirname(dir) === dir) return start
  }
}

/** Runs a command on an open app, which is closed in any case, also by Ctrl-C. */
export async function withApp(
  options: CommonOptions,
  body: (app: App, context: Context) => Promise<void>,
): Promise<void> {
  const context = await openContext(options)
  await withAppOf(context, async (app) => {
    const onSignal = (signal: NodeJS.Signals) => {
      // Twice: at once.
      process.once(signal, () => process.exit(SIGNALS[signal as keyof typeof SIGNALS]))
      void app.close().finally(() => process.exit(SIGNALS[signal as keyof typeof SIGNALS]))
    }
    for (const signal of Object.keys(SIGNALS)) process.once(signal, onSignal)
    try {
      await atWork(() => body(app, context))
    } finally {
      for (const signal of Object.keys(SIGNALS)) process.removeListener(signal, onSignal)
    }
  })
}

/** The same for a command that sees to signals itself. */
export async function withAppOf(context: Context, body: (app: App) => Promise<void>): Promise<void> {
  const { createApp } = await import('../app.ts')
  const app = await createApp({ ...context, clock: systemClock })
  try {
    await body(app)
  } finally {
    await app.close()
  }
}

/** Resolves at the first Ctrl-C or SIGTERM. A second one ends the process at once. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((done) => {
    for (const signal of Object.keys(SIGNALS)) {
      process.once(signal, () => {
        for (const again of Object.keys(SIGNALS)) process.once(again, () => process.exit(1))
        done(signal as NodeJS.Signals)
      })
    }
  })
}
