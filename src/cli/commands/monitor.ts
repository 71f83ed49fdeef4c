import type { Command } from 'commander'
import type { Instant } from '../../base/instant.ts'
import { formatMs } from '../format.ts'
import { type CommonOptions, common, instantOption } from '../options.ts'
import { withApp } from '../with-app.ts'
import { printComparison } from './compare.ts'

type Options = CommonOptions & { from?: Instant; to?: Instant; retrain?: boolean }

export function define(command: Command): void {
  command
    .argument('<model>', 'a model of the project')
    .option('--from <date>', 'the reference month (default: the one before --to)', instantOption)
    .option('--to <date>', 'the month that is looked at (default: the newest)', instantOption)
    .option('--retrain', 'where retraining is triggered, compare a candidate with the champion right away')
  common(command, 'monitor streamflow_churn --from 2024-01-31 --to 2024-02-29', ['threads']).action(
    (model: string, options: Options) =>
      withApp(options, async (app, { settings, out }) => {
        const { from, to, retrain } = options
        const told = {
          onProgress: out.onProgress,
          onStep: (step: { name: string; ms: number }) => out.progress(`${step.name}: ${formatMs(step.ms)}`),
        }
        const report = await app.monitorMonth({ model, from, to }, told)
        const comparison =
          retrain && report.verdict === 'RETRAINING_TRIGGERED'
            ? await app.trainAndCompare({ model, asOf: report.to, threads: settings.threads }, told)
            : null
        out.document(comparison === null ? report : { ...report, comparison })
        for (const line of report.lines) out.line(line)
        if (comparison !== null) printComparison(comparison, out)
      }),
  )
}
