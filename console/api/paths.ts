/** Every address of the server that the console asks for, each spelled once, by area. */
import * as audit from './paths/audit.ts'
import * as data from './paths/data.ts'
import * as drift from './paths/drift.ts'
import * as experiments from './paths/experiments.ts'
import * as flows from './paths/flows.ts'
import * as identity from './paths/identity.ts'
import * as models from './paths/models.ts'
import * as overview from './paths/overview.ts'
import * as predict from './paths/predict.ts'
import * as run from './paths/run.ts'
import * as schedules from './paths/schedules.ts'
import * as state from './paths/state.ts'
import * as time from './paths/time.ts'
import * as watch from './paths/watch.ts'

export const paths = {
  ...audit,
  ...data,
  ...drift,
  ...experiments,
  ...flows,
  ...schedules,
  ...identity,
  ...models,
  ...overview,
  ...predict,
  ...run,
  ...state,
  ...time,
  ...watch,
}
