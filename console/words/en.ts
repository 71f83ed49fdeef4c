import { arms } from './en/arms.ts'
import { audit } from './en/audit.ts'
import { compare } from './en/compare.ts'
import { data } from './en/data.ts'
import { drift } from './en/drift.ts'
import { experiments } from './en/experiments.ts'
import { features } from './en/features.ts'
import { flows } from './en/flows.ts'
import { lineage } from './en/lineage.ts'
import { models } from './en/models.ts'
import { overview } from './en/overview.ts'
import { predict } from './en/predict.ts'
import { predictions } from './en/predictions.ts'
import { run } from './en/run.ts'
import { schedules } from './en/schedules.ts'
import { settings } from './en/settings.ts'
import { shell } from './en/shell.ts'
import { signIn } from './en/sign-in.ts'
import { time } from './en/time.ts'
import { timeline } from './en/timeline.ts'
import { train } from './en/train.ts'
import { ui } from './en/ui.ts'
import { watch } from './en/watch.ts'

/** All that the console says, by area. French has the same members: the compiler finds a missing one. */
export const words = {
  arms,
  audit,
  compare,
  data,
  drift,
  experiments,
  features,
  flows,
  lineage,
  models,
  overview,
  predict,
  predictions,
  run,
  schedules,
  settings,
  signIn,
  time,
  train,
  timeline,
  watch,
  shell,
  ui,
}

export type Words = typeof words
