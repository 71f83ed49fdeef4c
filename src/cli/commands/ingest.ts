import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { displayInstant, type Instant } from '../../base/instant.ts'
import type { Checked, IngestReport } from '../../ingest/ingest.ts'
import { printLink } from '../console-link.ts'
import { shortDigest } from '../format.ts'
import { type CommonOptions, collect, common, instantOption } from '../options.ts'
import type { Output } from '../output.ts'
import { withApp } from '../with-app.ts'

type Options = CommonOptions & { asOf: Instant; source?: string[]; dryRun?: boolean }

export function define(command: Command): void {
  command
    .argument('[dir]', 'folder with one file for each source; not needed where all come from PostgreSQL')
    .requiredOption('--as-of <date>', 'the moment that the files describe, e.g. 2024-01-31', instantOption)
    .option('--source <name>', 'only this source (may be repeated)', collect)
    .option('--dry-run', 'check only, and take nothing in')
  common(command, 'ingest ./month_000 --as-of 2024-01-31').action((dir: string | undefined, options: Options) =>
    withApp(options, async (app, { out }) => {
      const month = { dir, asOf: options.asOf, sources: options.source }
      if (options.dryRun) return printChecked(await app.ingest.checkMonth(month), out)
      const report = await app.ingestMonth({ ...month, actor: userInfo().username }, { onProgress: out.onProgress })
      out.document(report)
      printIngest(report, out)
      await printLink(app, out, '/data')
    }),
  )
}

function printChecked(checked: Checked, out: Output): void {
  out.document(checked)
  out.line(`${displayInstant(checked.asOf)}: checked, nothing was taken in`)
  out.table(
    ['source', 'rows', ''],
    checked.sources.map((s) => [s.source, s.rows, s.same ? 'was there already' : 'would be taken in']),
  )
  for (const finding of checked.findings) out.line(`warning: ${finding.message}`)
}

export function printIngest(report: IngestReport, out: Output): void {
  const says = report.state === 'unchanged' ? 'nothing new, everything was there already' : 'taken in'
  out.line(`${displayInstant(report.asOf)}: ${says}`)
  out.table(
    ['source', 'rows', 'version', 'outcome', 'digest'],
    report.sources.map((s) => [
      s.source,
      s.rows,
      s.version,
      s.same ? `${s.outcome} (same ${s.same})` : s.outcome,
      shortDigest(s.digest),
    ]),
  )
  for (const finding of [...report.findings, ...report.sources.flatMap((s) => s.findings)])
    out.line(`warning: ${finding.message}`)
}
