import type { Command } from 'commander'
import { displayInstant, type Instant } from '../../base/instant.ts'
import type { CompareReport } from '../../pipelines/train-and-compare.ts'
import { formatMs, formatNumber } from '../format.ts'
import { type CommonOptions, common, instantOption } from '../options.ts'
import type { Output } from '../output.ts'
import { withApp } from '../with-app.ts'

type Options = CommonOptions & { asOf: Instant; from?: Instant; knownAt?: Instant; now?: boolean }

export function define(command: Command): void {
  command
    .argument('<model>', 'a model of the project')
    .requiredOption('--as-of <date>', 'labels that are known on this date', instantOption)
    .option('--from <date>', 'all mature periods from this date on (default: the newest alone)', instantOption)
    .option('--known-at <time>', 'as the snapshots were known at this time (default: now)', instantOption)
    .option('--now', 'also within the cool-down')
  common(command, 'compare streamflow_churn --as-of 2024-02-29', ['threads']).action(
    (model: string, options: Options) =>
      withApp(options, async (app, { settings, out }) => {
        const { asOf, from, knownAt, now } = options
        const report = await app.trainAndCompare(
          { model, asOf, from, knownAt, now, threads: settings.threads },
          { onProgress: out.onProgress, onStep: (step) => out.progress(`${step.name}: ${formatMs(step.ms)}`) },
        )
        out.document(report)
        printComparison(report, out)
      }),
  )
}

export function printComparison(report: CompareReport, out: Output): void {
  for (const line of report.lines) out.line(line)
  const { how, champion, rows, candidate, asOf } = report
  if (how !== null && rows !== null)
    out.line(`${HOW[how](champion)} (${formatNumber(rows)} rows as of ${displayInstant(asOf)})`)
  if (candidate.runId !== null && candidate.version === null)
    out.line(`no version was made; run ${candidate.runId} tells what was tried`)
}

const HOW = {
  own: (champion: number | null) =>
    `measured on entities that neither the candidate nor version ${champion} has learned from`,
  again: (champion: number | null) =>
    `version ${champion} was trained without a hold-out: it was learned again from what it was trained from, without the entities that measure both`,
  seen: (champion: number | null) => `version ${champion} may have learned from the entities that measure both`,
} as const
