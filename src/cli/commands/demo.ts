import { mkdir } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import type { App } from '../../app.ts'
import { must } from '../../base/assert.ts'
import { PlatformError } from '../../base/errors.ts'
import { parseInstant } from '../../base/instant.ts'
import { withProgress } from '../../base/progress.ts'
import type { Project } from '../../config/project.ts'
import type { IngestReport } from '../../ingest/ingest.ts'
import type { TrainingReport } from '../../pipelines/train-baseline.ts'
import { formatMs, formatNumber } from '../format.ts'
import { nextFreePort } from '../free-port.ts'
import { orInterrupted, untilSignal } from '../interrupt.ts'
import { type CommonOptions, common, SERVER } from '../options.ts'
import type { Output } from '../output.ts'
import { printAddresses } from '../serving.ts'
import { openContext, withAppOf } from '../with-app.ts'

type Options = CommonOptions & { data?: string; serve: boolean }

const EXAMPLE = fileURLToPath(new URL('../../../examples/streamflow', import.meta.url))

/** Folders of the data, and what they describe. */
const MONTHS = [
  ['month_000', '2024-01-31'],
  ['month_001', '2024-02-29'],
] as const

/**
 * Both for the training and for what is online: so the customer's features are those that the documents show, and the
 * demo says with one command more what February changes.
 */
const AS_OF = '2024-01-31'
const CUSTOMER = '7590-VHVEG'

export function define(command: Command): void {
  command
    .option('--data <dir>', `real months: a folder with ${MONTHS.map(([name]) => name).join(' and ')}`)
    .option('--no-serve', 'end after the prediction')
  common(command, 'demo --no-serve', [...SERVER, 'threads']).action(demo)
}

async function demo(options: Options): Promise<void> {
  const startedMs = performance.now()
  const context = await openContext({ ...options, project: options.project ?? EXAMPLE })
  const { out, settings } = context
  // Nobody needs the port of a server that ends at once.
  const port = options.serve ? await nextFreePort(settings) : 0
  if (port > settings.port) out.line(`port ${settings.port} is taken; this demo takes ${port}`)
  context.settings = { ...settings, port }
  const stopped = untilSignal()
  const step = stepper(out)
  out.line(`Weir demo: ${context.project.name}, data in ${settings.home}`)
  const openedMs = performance.now()
  let serving = false
  const run = async (app: App) => {
    step.done('database', settings.databaseUrl ? 'PostgreSQL by DATABASE_URL' : 'embedded PostgreSQL', openedMs)
    // What serves afterwards is a worker too, and does its own flows as one.
    if (options.serve) await app.flows.start()
    const report = await mainJob(app, options, step)
    const { startServer } = await import('../../server.ts')
    const server = await step(
      'server',
      () => startServer(app),
      ({ url }) => url,
    )
    try {
      const prediction = await step('prediction', () => ask(server.url, settings.token), say)
      const seconds = (performance.now() - startedMs) / 1000
      out.document({ ...report, prediction, url: options.serve ? server.url : null, seconds })
      out.line()
      out.line(
        `${report.repeated ? 'Everything was there already' : 'From tables to a live prediction'}: ${seconds.toFixed(1)} s`,
      )
      if (options.serve) {
        nextSteps(server.url, context.project, out)
        serving = true
        await stopped
        out.progress('ending')
      }
    } finally {
      await server.close()
    }
  }
  const heeded = () => serving
  await withAppOf(context, (app) =>
    orInterrupted(app, context, stopped, () => withProgress(out.onProgress, () => run(app)), heeded),
  )
}

/** Tables → snapshots → features → a trained and promoted version; each step finds what an earlier demo did. */
async function mainJob(app: App, options: Options, step: Step) {
  const folder = options.data === undefined ? await madeUpMonths(app, step) : resolve(options.data)
  const months: IngestReport[] = []
  for (const [name, asOf] of MONTHS) {
    const ingest = () => app.ingestMonth({ dir: join(folder, name), asOf, actor: userInfo().username }, step)
    const report = await step(`ingest ${asOf}`, ingest, sayIngest)
    for (const { message } of report.sources.flatMap((s) => s.findings)) step.note(`warning: ${message}`)
    months.push(report)
  }
  const views = await step(
    `materialize ${AS_OF}`,
    () => app.features.materialize({ asOf: parseInstant(AS_OF, 'as-of') }),
    (done) =>
      done.map((m) => `${m.view} ${m.outcome === 'materialized' ? formatNumber(m.rows) : m.outcome}`).join(', '),
  )
  const { name: model } = must(app.project.models[0], 'the reference project has a model')
  const training = await trainStep(app, model, step)
  const promoted = await step(
    'promote',
    () => promote(app, training),
    (was) =>
      was ? `version ${training.version} is in Production already` : `version ${training.version} to Production`,
  )
  const repeated = promoted && training.reused && months.every((m) => m.state === 'unchanged')
  return {
    months: months.map(monthJson),
    materialized: views,
    training: {
      rows: training.rows,
      features: training.features,
      metrics: training.metrics,
      seconds: training.metrics.train_time_sec ?? null,
      training_set: training.trainingSet,
      run_id: training.runId,
      reused: training.reused,
    },
    model: { name: training.name, version: training.version },
    repeated,
  }
}

async function madeUpMonths(app: App, step: Step): Promise<string> {
  const folder = join(app.settings.home, 'demo-months')
  const make = async () => {
    const { writeMonths } = await import('../../generator/streamflow.ts')
    await mkdir(folder, { recursive: true })
    await writeMonths(folder, MONTHS.length)
  }
  await step('tables', make, () => `${MONTHS.length} made-up months in ${folder}`)
  return folder
}

function trainStep(app: App, model: string, step: Step): Promise<TrainingReport> {
  const { threads } = app.settings
  return step(
    `train ${AS_OF}`,
    (passing) =>
      app.trainBaseline(
        { model, asOf: AS_OF, reuse: true, threads },
        { onProgress: step.onProgress, onStep: (s) => passing(`  ${s.name} ${formatMs(s.ms)}`) },
      ),
    (t) => {
      const auc =
        t.metrics.val_auc === undefined
          ? ''
          : `, AUC ${t.metrics.val_auc.toFixed(3)}, F1 ${t.metrics.val_f1?.toFixed(3)}`
      const done = t.reused ? 'trained before' : 'registered'
      return `${formatNumber(t.rows)} rows, ${t.features} features${auc}; ${t.name} version ${t.version} ${done}`
    },
  )
}

/** Whether the version was in Production already. */
async function promote(app: App, { name, version }: TrainingReport): Promise<boolean> {
  const live = await app.mlflow.registry.inStage(name, 'Production')
  if (live?.version === version) return true
  await app.mlflow.registry.transition({
    name,
    version,
    stage: 'Production',
    archiveExisting: true,
    actor: 'weir demo',
    comment: 'the demo promotes what it trained',
  })
  return false
}

type Answer = { prediction: number; probability: number; features_as_of: string; [member: string]: unknown }

async function ask(url: string, token: string | null): Promise<Answer> {
  const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) }
  const body = JSON.stringify({ user_id: CUSTOMER })
  const answer = await fetch(`${url}/predict`, { method: 'POST', headers, body })
  const told = (await answer.json()) as Answer & { detail?: string }
  if (answer.status !== 200)
    throw new PlatformError('unavailable', `POST /predict answered ${answer.status}: ${told.detail}`)
  return told
}

function say({ prediction, probability, features_as_of }: Answer): string {
  return `${CUSTOMER}: ${prediction}, probability ${probability.toFixed(4)} (features of ${features_as_of.slice(0, 10)})`
}

function sayIngest({ state, sources }: IngestReport): string {
  const rows = sources.reduce((sum, source) => sum + source.rows, 0)
  const what = state === 'unchanged' ? 'was there already' : 'checked, kept'
  return `${sources.length} sources, ${formatNumber(rows)} rows, ${what}`
}

function monthJson({ asOf, state, sources }: IngestReport) {
  return {
    as_of: asOf.slice(0, 10),
    state,
    sources: sources.map(({ source, rows, digest, outcome, version }) => ({ source, rows, digest, outcome, version })),
  }
}

type Step = ReturnType<typeof stepper>

/** Shows what begins, on a terminal, until it is told what came of it, with its time. */
function stepper(out: Output) {
  const done = (name: string, says: string, sinceMs: number) =>
    out.line(`  ${name.padEnd(23)} ${formatMs(performance.now() - sinceMs).padStart(7)}  ${says}`)
  const step = async <T>(
    name: string,
    work: (passing: (text: string) => void) => Promise<T>,
    says: (result: T) => string,
  ): Promise<T> => {
    const sinceMs = performance.now()
    out.passing(`  ${name} …`)
    const result = await work(out.passing)
    done(name, says(result), sinceMs)
    return result
  }
  return Object.assign(step, {
    done,
    onProgress: out.onProgress,
    note: (text: string) => out.line(`${' '.repeat(34)}${text}`),
  })
}

function nextSteps(url: string, read: Project, out: Output): void {
  const project = `--project ${read.dir}`
  out.line()
  printAddresses(url, read, out)
  out.line()
  out.line('Try, in another terminal:')
  out.line(`  curl -s ${url}/predict -H 'content-type: application/json' -d '{"user_id":"${CUSTOMER}"}'`)
  out.line(`  npx weir models streamflow_churn ${project}`)
  out.line(`  npx weir materialize ${project}     # brings February online; ask again`)
  out.line()
  out.line('Ctrl-C ends it; what it made stays.')
}
