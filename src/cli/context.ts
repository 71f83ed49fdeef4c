import type { Log } from '../base/log.ts'
import type { Project } from '../config/project.ts'
import type { Settings } from '../config/settings.ts'
import type { Output } from './output.ts'

/** What a command works with, before anything is opened. */
export type Context = { project: Project; settings: Settings; log: Log; out: Output }
