import type { Command } from 'commander'
import { displayInstant, type Instant } from '../../base/instant.ts'
import type { JoinMode } from '../../features/offline/training-set.ts'
import type { DividedRows, TrainingReport } from '../../pipelines/train-baseline.ts'
import type { Comparison } from '../../training/training.ts'
import { printLink } from '../console-link.ts'
import { formatMs, formatNumber } from '../format.ts'
import { type CommonOptions, common, instantOption } from '../options.ts'
import type { Output } from '../output.ts'
import { withApp } from '../with-app.ts'
import { modeOption } from './dataset.ts'

type Options = CommonOptions & { asOf: Instant; from?: Instant; knownAt?: Instant; mode: JoinMode; reuse?: boolean }

export function define(command: Command): void {
  command
    .argument('<model>', 'a model of the project')
    .requiredOption('--as-of <date>', 'labels that are known on this date', instantOption)
    .option('--from <date>', 'all mature periods from this date on (default: the newest alone)', instantOption)
    .option('--known-at <time>', 'as the snapshots were known at this time (default: now)', instantOption)
    .addOption(modeOption())
    .option('--reuse', 'make no new version when one was trained from the same inputs by the same code')
  common(command, 'train streamflow_churn --as-of 2024-01-31', ['threads']).action((model: string, options: Options) =>
    withApp(options, async (app, { settings, out }) => {
      const { asOf, from, knownAt, mode, reuse } = options
      const report = await app.trainBaseline(
        { model, asOf, from, knownAt, mode, reuse, threads: settings.threads },
        { onProgress: out.onProgress, onStep: (step) => out.progress(`${step.name}: ${formatMs(step.ms)}`) },
      )
      out.document(report)
      printTraining(report, out)
      // The console shows what is here, not what another MLflow server has.
      if (app.project.tracking !== null || out.json) return
      const { experimentId } = await app.mlflow.tracking.runs.get(report.runId)
      await printLink(app, out, `/experiments/${experimentId}/runs/${report.runId}`)
    }),
  )
}

export function printTraining(report: TrainingReport, out: Output): void {
  const { name, version, rows, features, metrics } = report
  const done = report.reused ? 'was trained from the same inputs before' : 'registered'
  out.line(`${name} version ${version} ${done}: ${formatNumber(rows)} rows, ${features} features`)
  out.line(`as of ${displayInstant(report.asOf)}, known at ${displayInstant(report.knownAt)}, run ${report.runId}`)
  if (report.split) for (const line of splitLines(report.split)) out.line(line)
  if (report.comparison) out.line(comparisonLine(report.comparison))
  out.table(['metric', 'value', '95 % interval'], metricRows(metrics))
}

const MEASURES = { binary: 'an AUC', multiclass: 'a mean AUC of the classes', regression: 'an R²' } as const

/** What measured the model, and what rows at random would have said of it. */
function splitLines({ by, trainRows, testRows, holdOutRows, flattery, predicts }: DividedRows): string[] {
  const held = holdOutRows > 0 ? `, kept ${formatNumber(holdOutRows)} from every fit (holdout_…)` : ''
  const rows = `learned from ${formatNumber(trainRows)} rows, measured on ${formatNumber(testRows)} (split by ${by})${held}`
  if (flattery === null) return [rows]
  const says = `rows at random would have said ${MEASURES[predicts]} that is ${Math.abs(flattery).toFixed(4)}`
  return [rows, flattery > 0 ? `${says} higher than what new entities get` : `${says} lower`]
}

/** Where the champion may have learned from the rows its advantage says nothing, so no figure of it is shown. */
function comparisonLine(comparison: Comparison): string {
  const { version } = comparison
  if ('reason' in comparison) return `not compared with version ${version} in Production: ${comparison.reason}`
  const rows = formatNumber(comparison.rows)
  if (comparison.unseen)
    return `compared with version ${version} in Production on ${rows} rows that neither has seen (…_over_champion)`
  return `compared with version ${version} in Production on rows that it may have learned from, which speaks for it: champion_comparison.json of the run. split.holdOut keeps rows from every fit`
}

/** The ends of an interval stand beside their metric. */
function metricRows(metrics: Record<string, number>): [string, number, string][] {
  return Object.entries(metrics)
    .filter(([name]) => !/_(low|high)$/.test(name))
    .map(([name, value]) => {
      const [low, high] = [metrics[`${name}_low`], metrics[`${name}_high`]]
      const interval = low === undefined || high === undefined ? '' : `${formatNumber(low)} to ${formatNumber(high)}`
      return [name, value, interval]
    })
}
