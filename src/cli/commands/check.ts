import type { Command } from 'commander'
import { type Fault, inAll } from '../../config/fault.ts'
import { defaultModelOf } from '../../config/find.ts'
import { refusal } from '../../config/normalize.ts'
import type { Project } from '../../config/project.ts'
import { expressionFaults } from '../../features/define/check-expressions.ts'
import { sizeOfChoice } from '../../ml/learn/auto/choice.ts'
import { isTrainer } from '../../ml/learn/given/params.ts'
import { checkDeep, type DeepOptions } from '../check-deep.ts'
import { type CommonOptions, common, instantOption } from '../options.ts'
import type { Output } from '../output.ts'
import { proposeFormat } from '../propose-format.ts'
import { openContext, readOptions } from '../with-app.ts'

type CheckOptions = DeepOptions & { sample?: string; source?: string; deep?: boolean }

export function define(command: Command): void {
  command
    .option('--sample <path>', 'a file, or a folder of parts, as it would be delivered: proposes the format it needs')
    .option('--source <name>', 'the source that the sample is of, where its name does not say it')
    .option('--deep', 'fits each model and hunts for leaks and hindsight; registers nothing; needs --as-of')
    .option('--model <name>', 'with --deep: this model alone')
    .option('--as-of <date>', 'with --deep: labels that are known on this date', instantOption)
    .option('--from <date>', 'with --deep: all mature periods from this date on', instantOption)
  common(command, 'check --sample deliveries/customers.csv').action(async (options: CheckOptions) => {
    if (options.sample === undefined) await requireFaultless(options)
    if (options.deep) return checkDeep(options)
    const { project, out } = await openContext(options)
    if (options.sample !== undefined) return proposeFormat(project, out, options.sample, options.source)
    out.document({ ...project, defaultModel: defaultModelOf(project)?.name ?? null })
    printProject(project, out)
  })
}

/** Refuses a project with all its faults at once: of its shape, between its parts, and of the SQL of derived features. */
async function requireFaultless(options: CommonOptions): Promise<void> {
  const { faults, projects, dir } = await readOptions(options)
  const all = [...faults, ...(await sqlFaults(projects))]
  if (all.length > 0) throw refusal(dir, all)
}

/** More readings of a faulty project tell little more. */
const READINGS_MAX = 12

/** By the engine that will run it. */
async function sqlFaults(projects: readonly Project[]): Promise<Fault[]> {
  if (projects.every((p) => p.featureViews.every((view) => view.features.every((f) => f.sql === null)))) return []
  const { createDuck } = await import('../../lake/duck.ts')
  const duck = await createDuck()
  try {
    const found: Fault[][] = []
    for (const project of projects.slice(0, READINGS_MAX)) found.push(await expressionFaults(duck, project))
    return inAll(found)
  } finally {
    duck.close()
  }
}

export function printProject(project: Project, out: Output): void {
  out.line(`${project.name} (${project.dir})`)
  out.line()
  out.table(
    ['source', 'file', 'kind', 'key', 'columns', 'checks'],
    project.sources.map((s) => [s.name, s.file, s.kind, s.key.join(', '), s.columns.length, checksOf(s)]),
  )
  out.line()
  out.table(
    ['feature view', 'entity', 'source', 'ttl'],
    project.featureViews.map((v) => [
      v.name,
      v.entity ?? '(none)',
      v.source,
      v.ttlMs === null ? 'none' : `${v.ttlMs / 86_400_000} d`,
    ]),
  )
  out.line()
  // One a line: fifty of them in a cell are read by nobody.
  out.table(
    ['feature', 'type', 'feature view'],
    [...project.featureViews, ...project.onDemandViews].flatMap((v) => v.features.map((f) => [f.name, f.type, v.name])),
  )
  out.line()
  if (project.onDemandViews.length > 0) {
    out.table(
      ['on-demand view', 'from', 'request data'],
      project.onDemandViews.map((v) => [
        v.name,
        v.inputs.map((i) => `${i.view}:${i.feature}`).join(', '),
        v.request.map((c) => c.name).join(', '),
      ]),
    )
    out.line()
  }
  out.table(
    ['feature service', 'features'],
    project.featureServices.map((s) => [s.name, s.features.length]),
  )
  out.line()
  out.table(
    ['label', 'source', 'column', 'horizon'],
    project.labels.map((l) => [l.name, l.source, l.column, `${l.horizonMs / 86_400_000} d`]),
  )
  out.line()
  out.table(
    ['model', 'experiment', 'features', 'label', 'learner'],
    project.models.map((m) => [
      m.name,
      m.experiment,
      m.featureService,
      m.label,
      `${m.learner.kind}, ${isTrainer(m.learner) ? m.learner.command[0] : sizeOfChoice(m.learner)}`,
    ]),
  )
  out.line(defaultModelLine(project))
}

/** Which model /predict, /features and the commands mean where none is named. */
function defaultModelLine(project: Project): string {
  const model = defaultModelOf(project)
  if (model) return `default model: ${model.name}${project.defaultModel === null ? ' (the only one)' : ''}`
  if (project.models.length === 0) return 'default model: none, as there is no model'
  return 'default model: none; predictions and features name one of these, or write defaultModel in weir.config.ts'
}

function checksOf(source: Project['sources'][number]): number {
  return source.checks.length + source.columns.reduce((sum, column) => sum + column.checks.length, 0)
}
