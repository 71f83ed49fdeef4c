import type { Instant } from '../base/instant.ts'
import type { Project } from '../config/project.ts'
import type { Sql } from '../db/sql.ts'
import type { Actors, ControlChange } from '../flows/actor.ts'
import type { Flows } from '../flows/flows.ts'
import type { SchedulingDeps } from '../flows/schedules/deps.ts'
import { createSchedules, type Schedules } from '../flows/schedules/schedules.ts'
import { actorNow, asFlow, type Principal, withActor } from '../identity/principal.ts'
import type { Lake } from '../lake/lake.ts'
import { recordDecision } from '../monitoring/decisions.ts'
import { recordFlowChange } from './record-flow-change.ts'
import { recordScheduleChange } from './record-schedule-change.ts'
import { type Makers, schedulableFlows } from './schedulable.ts'
import { scheduleWorld } from './schedule-world.ts'

/** Who wishes runs of flows: whoever acts now, on whose behalf they then act. */
export const flowActors: Actors = {
  now: actorNow,
  during: (actor, body) => withActor(asFlow(actor as Principal), body),
}

type Deps = {
  project: Project
  lake: Lake
  flows: Flows
} & Pick<SchedulingDeps, 'clock' | 'log' | 'db' | 'build' | 'retention' | 'onNews'> &
  Makers

/** The schedules of the project file, which begin the product's flows. */
export function createProjectSchedules({ project, lake, flows, ...rest }: Deps): Schedules {
  return createSchedules({
    ...rest,
    executorId: flows.executorId,
    actors: flowActors,
    actorOf: (schedule): Principal => ({ name: `schedule ${schedule}`, kind: 'flow', token: null, from: null }),
    rules: project.schedules,
    flows: schedulableFlows({ project, ...rest }),
    world: scheduleWorld({ lake, project }),
    random: Math.random,
    onChange: recordBegun,
    onScheduleChange: recordScheduleChange,
  })
}

/** A training that begins by itself is a decision on its model, on the timeline beside those that it follows from. */
async function recordBegun(sql: Sql, change: ControlChange): Promise<void> {
  await recordFlowChange(sql, change)
  const { action, flow, runId, input, to } = change
  if (action !== 'started' || !TRAINS.includes(flow)) return
  const { model } = input as { model: string }
  const { schedule, because, due } = to as { schedule: string; because: string; due: Instant }
  const says = `schedule ${schedule} begins ${flow} (${because})`
  await recordDecision(sql, {
    ...{ model, kind: 'retrain', verdict: 'begun', says, at: due, flowRun: runId },
    details: { schedule, because },
  })
}

const TRAINS = ['train_baseline', 'train_and_compare']
