import type { Command } from 'commander'
import { displayInstant, type Instant } from '../../base/instant.ts'
import { shortDigest, shownFrom } from '../format.ts'
import { type CommonOptions, common, instantOption } from '../options.ts'
import { withApp } from '../with-app.ts'

type Options = CommonOptions & { source?: string; knownAt?: Instant }

export function define(command: Command): void {
  command
    .option('--source <name>', 'only this source')
    .option('--known-at <time>', 'as it was known at this time', instantOption)
  common(command, 'snapshots --source labels').action((options: Options) =>
    withApp(options, async (app, { out }) => {
      const snapshots = await app.lake.history({ source: options.source, knownAt: options.knownAt })
      out.document(snapshots)
      if (snapshots.length === 0) out.line('no snapshots yet; run: weir ingest DIR --as-of DATE')
      else
        out.table(
          ['source', 'as of', 'version', 'rows', 'bytes', 'recorded', 'digest', 'withdrawn'],
          snapshots.map((s) => [
            s.source,
            displayInstant(s.validAt),
            s.version,
            s.rows,
            s.bytes,
            shownFrom(s.recordedAt),
            shortDigest(s.digest),
            s.withdrawn && `${shownFrom(s.withdrawn.recordedAt)} by ${s.withdrawn.actor}: ${s.withdrawn.reason}`,
          ]),
        )
    }),
  )
}
