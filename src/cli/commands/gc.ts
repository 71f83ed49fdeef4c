import { type Command, InvalidArgumentError } from 'commander'
import { displayInstant, instantOfMs } from '../../base/instant.ts'
import { parseDurationMs } from '../../config/duration.ts'
import { collectGarbage } from '../../pipelines/collect-garbage.ts'
import { type CommonOptions, collect, common } from '../options.ts'
import { withApp } from '../with-app.ts'

type Options = CommonOptions & { olderThan: number; experiment?: string[]; dryRun?: boolean }

const DAY_MS = 86_400_000

export function define(command: Command): void {
  command
    .option('--older-than <duration>', 'deleted so long ago, e.g. 12h (default: 30d)', durationOption, 30 * DAY_MS)
    .option('--experiment <name>', 'only of this experiment (may be repeated)', collect)
    .option('--dry-run', 'say what would go, and remove nothing')
  common(command, 'gc --older-than 30d --dry-run').action((options: Options) =>
    withApp(options, async (app, { out }) => {
      const { olderThan: olderThanMs, experiment: experiments, dryRun } = options
      const report = await collectGarbage(app, { olderThanMs, experiments, dryRun })
      out.document(report)
      const verb = report.dryRun ? 'would be removed' : 'removed'
      out.line(`${report.runs.length} runs and ${report.experiments.length} experiments ${verb}, with their artifacts`)
      if (report.uploads > 0) out.line(`${report.uploads} unfinished uploads given up`)
      const rows = [...report.runs.map((run) => ({ ...run, usedBy: '' })), ...report.kept]
      if (rows.length === 0) return
      out.table(
        ['run', 'id', 'deleted', 'kept for'],
        rows.map((run) => [run.name, run.runId, displayInstant(instantOfMs(run.deletedMs)), run.usedBy]),
      )
    }),
  )
}

function durationOption(text: string): number {
  const ms = parseDurationMs(text)
  if (ms === undefined) throw new InvalidArgumentError('write a duration like 30d, 12h or 0s')
  return ms
}
