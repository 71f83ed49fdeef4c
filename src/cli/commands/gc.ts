import { type Command, InvalidArgumentError, Option } from 'commander'
import { instantOfMs } from '../../base/instant.ts'
import { parseDurationMs } from '../../config/duration.ts'
import { collectGarbage } from '../../pipelines/collect-garbage.ts'
import { collectStorage, type StorageReport } from '../../pipelines/collect-storage.ts'
import type { RetentionReport } from '../../predictions/predictions.ts'
import { shortId, shownTime } from '../format.ts'
import { type CommonOptions, collect, common } from '../options.ts'
import { withApp } from '../with-app.ts'

type Options = CommonOptions & { olderThan: number; experiment?: string[]; dryRun?: boolean }

const DAY_MS = 86_400_000

export function define(command: Command): void {
  command
    .addOption(
      new Option('--older-than <duration>', 'deleted so long ago, e.g. 12h')
        .argParser(durationOption)
        .default(30 * DAY_MS, '30d'),
    )
    .option('--experiment <name>', 'only of this experiment (may be repeated)', collect)
    .option('--dry-run', 'say what would go, and remove nothing')
  common(command, 'gc --older-than 30d --dry-run').action((options: Options) =>
    withApp(options, async (app, { out }) => {
      const { olderThan: olderThanMs, experiment: experiments, dryRun } = options
      const report = await collectGarbage(app, { olderThanMs, experiments, dryRun })
      const { settings } = app
      const storage = experiments ? undefined : await collectStorage(app, { ...settings, dryRun })
      const answers = experiments ? undefined : await app.predictions.dropOld({ dryRun: dryRun === true })
      out.document({ ...report, storage: storage ?? null, answers: answers ?? null })
      const verb = report.dryRun ? 'would be removed' : 'removed'
      out.line(`${report.runs.length} runs and ${report.experiments.length} experiments ${verb}, with their artifacts`)
      if (storage) for (const line of linesOf(storage, verb)) out.line(line)
      if (answers) for (const line of monthLines(answers, verb)) out.line(line)
      if (report.uploads > 0) out.line(`${report.uploads} unfinished uploads given up`)
      const rows = [...report.runs.map((run) => ({ ...run, usedBy: '' })), ...report.kept]
      if (rows.length === 0) return
      out.table(
        ['run', 'id', 'deleted', 'kept for'],
        rows.map((run) => [run.name, shortId(run.runId), shownTime(instantOfMs(run.deletedMs)), run.usedBy]),
      )
    }),
  )
}

function linesOf(storage: StorageReport, verb: string): string[] {
  const { models, datasets, handedOver, cache, merged, flows } = storage
  const kinds: [string, { files: number; bytes: number } | null][] = [
    ['copies of models that runs have', models],
    ['training sets that no version was trained from', datasets],
    ['files that were handed over for deliveries', handedOver],
    ['copies of objects on this host', cache],
    ['merged files that others have replaced', merged.removed],
  ]
  const lines = kinds.flatMap(([what, removed]) =>
    removed && removed.files > 0 ? [`${removed.files} ${what} ${verb} (${removed.bytes} bytes)`] : [],
  )
  const { files, into } = merged.merged
  if (files > 0) {
    const done = verb === 'removed' ? 'are read' : 'would be read'
    lines.push(`${files} small deliveries of changes ${done} together, from ${into} file${into === 1 ? '' : 's'}`)
  }
  if (flows > 0) lines.push(`${flows} runs of flows ${verb}`)
  if (datasets === null) lines.push('training sets were left: the tracking server could not be asked which are in use')
  return lines
}

function monthLines({ months, busy }: RetentionReport, verb: string): string[] {
  return [
    ...months.map(({ model, month, rows, bytes }) => {
      const what = `${rows} answer${rows === 1 ? '' : 's'} of ${model}`
      return `the month ${month} of the prediction log ${verb}: ${what} (${bytes} bytes)`
    }),
    ...busy.map(
      ({ model, month }) => `the month ${month} of the answers of ${model} was left: somebody reads it; ask again`,
    ),
  ]
}

function durationOption(text: string): number {
  const ms = parseDurationMs(text)
  if (ms === undefined) throw new InvalidArgumentError('write a duration like 30d, 12h or 0s')
  return ms
}
