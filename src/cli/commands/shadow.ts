import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { requireOwnVersions } from '../../serving/arms/routes.ts'
import { type CommonOptions, common } from '../options.ts'
import { withApp } from '../with-app.ts'
import { listArms, requireReason, versionArgument } from './canary.ts'

type Options = CommonOptions & { stop?: boolean; reason?: string }

export function define(command: Command): void {
  command
    .argument('<model>', 'a registered model')
    .argument('[version]', 'the version to compute unseen; without it the arms are listed', versionArgument)
    .option('--stop', 'it is computed no longer')
    .option('--reason <text>', 'why, for the history')
  common(command, "shadow streamflow_churn 3 --reason 'to see what it says'").action(
    (name: string, version: number | undefined, options: Options) =>
      withApp(options, async (app, { out }) => {
        requireOwnVersions(app.project)
        if (version === undefined) return listArms(app, name, out)
        const said = { actor: userInfo().username, comment: requireReason(options.reason) }
        if (options.stop) {
          out.document(await app.registry.stopArm(name, version, said))
          return out.line(`version ${version} of ${name} is computed no longer`)
        }
        await app.registry.shadow(name, version, said)
        out.document(await app.registry.arms(name))
        out.line(`version ${version} of ${name} is computed for what is answered, and given to nobody`)
      }),
  )
}
