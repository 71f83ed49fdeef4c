import { displayInstant, parseInstant } from '../base/instant.ts'
import { requireModel } from '../config/find.ts'
import type { Project } from '../config/project.ts'
import type { Flows } from '../flows/flows.ts'
import type { Lake } from '../lake/lake.ts'
import type { MonthQuality, Quality } from '../monitoring/quality/quality.ts'
import { type AskedFlow, askedFlow } from './asked-flow.ts'
import { stepsOfProject } from './same-project.ts'

/** `at`: the month; where left out the newest ones, so that what labels changed of any of them is measured again. */
export type MeasureRequest = { model: string; at?: string | undefined; knownAt?: string | undefined }

export const MEASURE_FLOW = 'measure_quality'

/** So many months are opened again where none is named. */
const MONTHS = 12

export type MeasureQuality = AskedFlow<MeasureRequest, MonthQuality[]>

/** The flow `measure_quality`: how good the answers of a month were, with the labels that there are; one step a month. */
export function defineMeasureQuality(
  flows: Flows,
  { project, lake, quality }: { project: Project; lake: Pick<Lake, 'changedAt'>; quality: Quality },
): MeasureQuality {
  flows.define<MeasureRequest & { project: string }, MonthQuality[]>(MEASURE_FLOW, async (run, input) => {
    const step = stepsOfProject(run, project, input.project)
    const { model, at, knownAt } = input
    const months = await step('choose months', async () =>
      at === undefined ? (await quality.periods(model)).slice(0, MONTHS) : [parseInstant(at, 'at')],
    )
    const k = knownAt === undefined ? {} : { knownAt: parseInstant(knownAt, 'known-at') }
    const done: MonthQuality[] = []
    for (const month of months)
      done.push(await step(`quality of ${displayInstant(month)}`, () => quality.measure({ model, at: month, ...k })))
    return done
  })
  return askedFlow<MeasureRequest, MonthQuality[]>(flows, MEASURE_FLOW, { project, lake }, ({ model }) => {
    requireModel(project, model)
  })
}
