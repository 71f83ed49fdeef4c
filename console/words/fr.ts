import type { Words } from './en.ts'
import { arms } from './fr/arms.ts'
import { audit } from './fr/audit.ts'
import { compare } from './fr/compare.ts'
import { data } from './fr/data.ts'
import { drift } from './fr/drift.ts'
import { experiments } from './fr/experiments.ts'
import { features } from './fr/features.ts'
import { flows } from './fr/flows.ts'
import { lineage } from './fr/lineage.ts'
import { models } from './fr/models.ts'
import { overview } from './fr/overview.ts'
import { predict } from './fr/predict.ts'
import { predictions } from './fr/predictions.ts'
import { run } from './fr/run.ts'
import { schedules } from './fr/schedules.ts'
import { settings } from './fr/settings.ts'
import { shell } from './fr/shell.ts'
import { signIn } from './fr/sign-in.ts'
import { time } from './fr/time.ts'
import { timeline } from './fr/timeline.ts'
import { train } from './fr/train.ts'
import { ui } from './fr/ui.ts'
import { watch } from './fr/watch.ts'

export const words: Words = {
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
