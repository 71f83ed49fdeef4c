import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { App } from '../app.ts'
import { systemClock } from '../base/clock.ts'
import { createLog } from '../base/log.ts'
import { withProgress } from '../base/progress.ts'
import { withinMs } from '../base/within.ts'
import { CONFIG_FILE, loadDefinition, loadProject } from '../config/load.ts'
import { readProject } from '../config/normalize.ts'
import { homeOf, readSettings } from '../config/settings.ts'
import { atWork } from '../db/pulse.ts'
import type { Context } from './context.ts'
import { leftToStop, orInterrupted, untilSignal } from './interrupt.ts'
import type { CommonOptions } from './options.ts'
import { createOutput } from './output.ts'

/** The project and settings that the options mean, without opening anything. */
export async function openContext(options: CommonOptions): Promise<Context> {
  const dir = options.project === undefined ? nearestProject(process.cwd()) : resolve(options.project)
  const input = { flags: options, env: process.env, projectDir: dir }
  const project = await loadProject(dir, keptConfig(homeOf(input)))
  const settings = readSettings(input)
  return { project, settings, log: createLog(settings.logLevel), out: createOutput(options) }
}

/** All that is wrong with the project that the options mean, and what it may be; see config/normalize.ts. */
export async function readOptions(options: CommonOptions): Promise<ReturnType<typeof readProject> & { dir: string }> {
  const folder = options.project === undefined ? nearestProject(process.cwd()) : resolve(options.project)
  const home = homeOf({ flags: options, env: process.env, projectDir: folder })
  const { definition, dir, code } = await loadDefinition(folder, keptConfig(home))
  return { ...readProject(definition, dir, code), dir }
}

/** Only in a home that is there: a check of a project leaves nothing behind. */
function keptConfig(home: string): { keptIn?: string } {
  return existsSync(home) ? { keptIn: join(home, 'config') } : {}
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
  const tell = (says: string) => context.out.progress(says)
  await withAppOf(
    context,
    (app) =>
      orInterrupted(app, context, untilSignal(), () =>
        // What a command does itself, and not as a flow, is shown too.
        withProgress(context.out.onProgress, () => atWork(() => body(app, context))),
      ),
    tell,
  )
}

/** The same for a command that sees to signals itself. `tell` hears when the database goes away and is back. */
export async function withAppOf(
  context: Context,
  body: (app: App) => Promise<void>,
  tell?: (says: string) => void,
): Promise<void> {
  const { createApp } = await import('../app.ts')
  const app = await createApp({ ...context, clock: systemClock, tell })
  try {
    await body(app)
  } finally {
    // What does not end by itself ends with the process (main.ts).
    const left = Math.max(leftToStop(context.settings.stopMs), STOP_MS_MIN)
    await withinMs('this process', left, () => app.close()).catch(() => {})
  }
}

/** Letting go in an orderly way takes this long even when nothing is waited for, or nothing of the time is left. */
const STOP_MS_MIN = 2_000
