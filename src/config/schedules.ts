/** Schedules of the project, complete, and their faults. */
import { faultOfCron } from '../base/due-times.ts'
import { TERMS_SAID, unknownTerms, withTerms } from '../base/terms.ts'
import { parseDurationMs } from './duration.ts'
import { type Fault, missing } from './fault.ts'
import type { Project, Schedule } from './project.ts'
import { NAMES_OF, SCHEDULABLE } from './schedule-flows.ts'
import type { ScheduleShape } from './schedule-shapes.ts'

const EVERY_MS_MIN = 60_000
const CATCH_UP_MAX = 1_000

export function schedulesOf(shapes: Record<string, ScheduleShape>, sources: readonly string[]): Schedule[] {
  return Object.entries(shapes).map(([name, s]) => ({
    name,
    flow: s.flow,
    input: s.input,
    zone: s.zone,
    timing: s.cron !== null ? { cron: s.cron, zone: s.zone } : s.every === null ? null : { everyMs: msOf(s.every) },
    on: {
      delivered: listOf(s.on.delivered, sources),
      withdrawn: listOf(s.on.withdrawn, sources),
      labels: s.on.labels ?? null,
      drift: s.on.drift ?? null,
    },
    overlap: s.overlap,
    catchUpMost: typeof s.catchUp === 'object' ? s.catchUp.most : { none: 0, last: 1, all: CATCH_UP_MAX }[s.catchUp],
    retries: { times: s.retries.times, firstMs: msOf(s.retries.first), longestMs: msOf(s.retries.longest) },
    timeoutMs: s.timeout.run === null ? null : msOf(s.timeout.run),
    stepTimeoutMs: s.timeout.step === null ? null : msOf(s.timeout.step),
    concurrency: s.concurrency,
  }))
}

export function scheduleFaults(project: Project, shapes: Record<string, ScheduleShape>): Fault[] {
  return Object.entries(shapes).flatMap(([name, shape]) => {
    const path = `schedules.${name}`
    return [
      ...timingFaults(path, shape),
      ...triggerFaults(path, shape, project),
      ...policyFaults(path, shape),
      ...inputFaults(path, name, shape, project),
      ...concurrencyFaults(path, shape, shapes),
    ]
  })
}

function timingFaults(path: string, { cron, every, on, zone }: ScheduleShape): Fault[] {
  const faults: Fault[] = []
  if (cron !== null && every !== null) faults.push({ path, message: 'write cron or every, not both' })
  if (cron === null && every === null && Object.keys(on).length === 0) {
    faults.push({ path, message: 'say when: write cron, every or on' })
  }
  const wrong = cron === null ? undefined : faultOfCron(cron, zone)
  if (wrong !== undefined) faults.push({ path: `${path}.cron`, message: wrong })
  if (every !== null && msOf(every) < EVERY_MS_MIN) faults.push({ path: `${path}.every`, message: 'at least 1m' })
  return faults
}

function triggerFaults(path: string, { on }: ScheduleShape, project: Project): Fault[] {
  const named = (list: readonly { name: string }[]) => list.map(({ name }) => name)
  const [sources, labels, models] = [named(project.sources), named(project.labels), named(project.models)]
  const ofSources = (part: 'delivered' | 'withdrawn') =>
    listOf(on[part], sources)?.flatMap((source) => missing(`${path}.on.${part}`, 'source', source, sources)) ?? []
  return [
    ...ofSources('delivered'),
    ...ofSources('withdrawn'),
    ...(on.labels === undefined ? [] : missing(`${path}.on.labels`, 'label', on.labels, labels)),
    ...(on.drift === undefined ? [] : missing(`${path}.on.drift`, 'model', on.drift, models)),
  ]
}

function policyFaults(path: string, { overlap, catchUp, retries, timeout }: ScheduleShape): Fault[] {
  const faults: Fault[] = []
  const several = catchUp === 'all' || (typeof catchUp === 'object' && catchUp.most > 1)
  if (overlap === 'cancel' && several) {
    const message = "with overlap 'cancel' a later one ends the one before; write 'last' or 'none'"
    faults.push({ path: `${path}.catchUp`, message })
  }
  if (msOf(retries.longest) < msOf(retries.first)) {
    faults.push({ path: `${path}.retries.longest`, message: `shorter than the first pause, ${retries.first}` })
  }
  for (const part of ['run', 'step'] as const) {
    const text = timeout[part]
    if (text !== null && msOf(text) < 1_000) faults.push({ path: `${path}.timeout.${part}`, message: 'at least 1s' })
  }
  return faults
}

/** Two moments, so that a term which is wrong on one of them is found. */
const EXAMPLE = { periodMs: Date.UTC(2026, 0, 31), dueMs: Date.UTC(2026, 1, 2), subject: 'users', about: 'x' }

function inputFaults(path: string, name: string, { flow, input, zone }: ScheduleShape, project: Project): Fault[] {
  if (!Object.hasOwn(SCHEDULABLE, flow)) {
    return missing(`${path}.flow`, 'flow that a schedule can begin named', flow, Object.keys(SCHEDULABLE))
  }
  const unknown = textsIn(input, `${path}.input`).flatMap(({ path, text }) =>
    unknownTerms(text).map((term) => ({ path, message: `{${term}} is no term; there are ${TERMS_SAID}` })),
  )
  if (unknown.length > 0) return unknown
  const example = withTerms(input, { ...EXAMPLE, zone, schedule: name })
  const { shape } = SCHEDULABLE[flow as keyof typeof SCHEDULABLE].input
  const known = Object.keys(shape)
  const extra = Object.keys(input).flatMap((key) => missing(`${path}.input.${key}`, `input of ${flow}`, key, known))
  const read = SCHEDULABLE[flow as keyof typeof SCHEDULABLE].input.safeParse(example, { reportInput: true })
  const wrong = (read.success ? [] : read.error.issues)
    .filter(({ code }) => code !== 'unrecognized_keys')
    .map(({ path: at, message, ...issue }) => ({
      path: [`${path}.input`, ...at].join('.'),
      message: issue.input === undefined ? `is needed: ${saidOf(shape, at[0])}` : message,
    }))
  return [...extra, ...wrong, ...nameFaults(`${path}.input`, example as Record<string, unknown>, project)]
}

function nameFaults(path: string, input: Record<string, unknown>, project: Project): Fault[] {
  return Object.entries(NAMES_OF).flatMap(([member, { what, list }]) => {
    const value = input[member]
    const known = project[list].map(({ name }) => name)
    if (typeof value === 'string') return missing(`${path}.${member}`, what, value, known)
    if (!Array.isArray(value)) return []
    return value.flatMap((one, i) =>
      typeof one === 'string' ? missing(`${path}.${member}.${i}`, what, one, known) : [],
    )
  })
}

/** One name has one bound, wherever it is written. */
function concurrencyFaults(path: string, { concurrency }: ScheduleShape, all: Record<string, ScheduleShape>): Fault[] {
  if (concurrency === null) return []
  const other = Object.entries(all).find(([, s]) => s.concurrency?.name === concurrency.name)
  const first = other?.[1].concurrency
  if (!other || !first || first.most === concurrency.most) return []
  const message = `'${concurrency.name}' has ${first.most} in schedules.${other[0]}; one name has one bound`
  return [{ path: `${path}.concurrency.most`, message }]
}

function textsIn(value: unknown, path: string): { path: string; text: string }[] {
  if (typeof value === 'string') return [{ path, text: value }]
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value).flatMap(([name, one]) => textsIn(one, `${path}.${name}`))
}

function saidOf(shape: Record<string, { meta(): { description?: string } | undefined }>, key: PropertyKey | undefined) {
  return shape[String(key)]?.meta()?.description ?? 'it has no value'
}

function listOf(names: string | string[] | undefined, all: readonly string[]): string[] | null {
  if (names === undefined) return null
  if (names === '*') return [...all]
  return typeof names === 'string' ? [names] : names
}

function msOf(text: string): number {
  return parseDurationMs(text) ?? 0
}
