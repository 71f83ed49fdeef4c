import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { displayInstant } from '../../base/instant.ts'
import { formatMs } from '../format.ts'
import { type CommonOptions, common } from '../options.ts'
import { snapshotArgument, versionOption } from '../snapshot-argument.ts'
import { withApp } from '../with-app.ts'
import { printImpact } from './impact.ts'
import { printMaterialized } from './materialize.ts'

type Options = CommonOptions & { version?: number; why: string }

export function define(command: Command): void {
  command
    .argument('<source>', 'a source of the project')
    .argument('<as-of>', 'the moment of the delivery, e.g. 2024-01-31, or 2024-01-31/v2')
    .option('--version <number>', 'the version to take back, where the moment has several', versionOption)
    .requiredOption('--why <text>', 'why, for the record')
  common(command, "withdraw labels 2024-01-31 --version 2 --why 'taken from the wrong month'").action(
    (source: string, asOf: string, options: Options) => {
      const { validAt, version } = snapshotArgument(asOf, options.version)
      return withApp(options, async (app, { out }) => {
        const request = { source, validAt, ...(version ? { version } : {}), reason: options.why }
        const report = await app.withdraw(
          { ...request, actor: userInfo().username },
          { onProgress: out.onProgress, onStep: (step) => out.progress(`${step.name}: ${formatMs(step.ms)}`) },
        )
        out.document(report)
        const since = report.snapshot.withdrawn && displayInstant(report.snapshot.withdrawn.recordedAt)
        out.line(`${report.snapshot.id} is withdrawn: whatever is asked for as known since ${since} does not see it`)
        out.line(
          report.countsNow === null
            ? `nothing is left of ${source} for ${displayInstant(validAt)}`
            : `${report.countsNow} counts for ${displayInstant(validAt)} now`,
        )
        printImpact(report.impact, out)
        if (report.views.length > 0) {
          out.line()
          out.line('live views brought back:')
          printMaterialized(report.views, out)
        }
      })
    },
  )
}
