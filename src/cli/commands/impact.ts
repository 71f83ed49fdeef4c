import type { Command } from 'commander'
import { displayInstant } from '../../base/instant.ts'
import { type Impact, impactOf } from '../../pipelines/impact.ts'
import type { CountedAnswers } from '../../predictions/predictions.ts'
import { shortDigest, shortId, shownFrom, shownTime } from '../format.ts'
import { type CommonOptions, common } from '../options.ts'
import type { Output } from '../output.ts'
import { snapshotArgument, versionOption } from '../snapshot-argument.ts'
import { withApp } from '../with-app.ts'

type Options = CommonOptions & { version?: number }

export function define(command: Command): void {
  command
    .argument('<source>', 'a source of the project')
    .argument('<as-of>', 'the moment of the delivery, e.g. 2024-01-31, or 2024-01-31/v2')
    .option('--version <number>', 'its version, where the moment has several', versionOption)
  common(command, 'impact labels 2024-01-31/v2').action((source: string, asOf: string, options: Options) => {
    const { validAt, version } = snapshotArgument(asOf, options.version)
    return withApp(options, async (app, { out }) => {
      const impact = await impactOf(app, { source, validAt, ...(version ? { version } : {}) })
      out.document(impact)
      const { id, withdrawn } = impact.snapshot
      out.line(withdrawn ? `${id}, withdrawn ${displayInstant(withdrawn.recordedAt)}: ${withdrawn.reason}` : id)
      printImpact(impact, out)
    })
  })
}

export function printImpact(impact: Impact, out: Output): void {
  const { trainingSets, runs, versions, liveViews, unanswered } = impact
  if (trainingSets.length === 0) out.line('no training set was built from it')
  else {
    out.table(
      ['training set', 'of', 'as of', 'known at', 'rows', 'built'],
      trainingSets.map((set) => [
        shortDigest(set.digest),
        set.kind === 'labels' ? set.name : `${set.name} (own rows)`,
        set.asOf && displayInstant(set.asOf),
        shownFrom(set.knownAt),
        set.rows,
        shownTime(set.builtAt),
      ]),
    )
  }
  if (unanswered !== null) out.line(`runs and versions cannot be told: ${unanswered}`)
  if (runs && runs.length > 0)
    out.table(
      ['run', 'name', 'status'],
      runs.map((r) => [shortId(r.runId), r.runName, r.status]),
    )
  if (versions && versions.length > 0) {
    out.table(
      ['model', 'version', 'stage', 'aliases'],
      versions.map((v) => [v.name, v.version, v.stage, v.aliases.join(', ')]),
    )
  }
  const live = versions?.filter((v) => v.stage === 'Production').map((v) => `${v.name} ${v.version}`) ?? []
  if (live.length > 0) out.line(`in Production: ${live.join(', ')}`)
  // The report of a flow of a release before has none.
  printAnswers(out, 'answers made from it', impact.answers ?? [])
  printAnswers(out, 'answers of versions trained from it', impact.versionAnswers ?? [])
  out.line(liveViews.length === 0 ? 'no live view shows it' : `live views: ${liveViews.map((v) => v.view).join(', ')}`)
}

function printAnswers(out: Output, what: string, counts: readonly CountedAnswers[]): void {
  if (counts.length === 0) return
  out.table(
    [what, 'version', 'arm', 'answers', 'first', 'last'],
    counts.map((c) => [c.model, c.version, c.arm, c.answers, shownTime(c.first), shownTime(c.last)]),
  )
}
