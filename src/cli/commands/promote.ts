import { userInfo } from 'node:os'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { PlatformError } from '../../base/errors.ts'
import type { Stage } from '../../registry/registry.ts'
import { isOwn, notOurs } from '../../registry/source.ts'
import { printLink } from '../console-link.ts'
import { type CommonOptions, common } from '../options.ts'
import { withApp } from '../with-app.ts'

type Options = CommonOptions & { stage?: Stage; alias?: string; keepExisting?: boolean; comment?: string }

export function define(command: Command): void {
  command
    .argument('<model>', 'a registered model')
    .argument('<version>', 'its version number', versionArgument)
    .addOption(new Option('--stage <stage>', 'the new stage').choices(['None', 'Staging', 'Production', 'Archived']))
    .option('--alias <name>', 'an alias to point to the version')
    .option('--keep-existing', 'leave other versions in the stage; without it they are archived')
    .option('--comment <text>', 'why, for the history')
  common(command, 'promote streamflow_churn 2 --stage Production').action(
    (name: string, version: number, options: Options) => {
      const { stage, alias, comment } = options
      if (stage === undefined && alias === undefined) {
        throw new PlatformError('invalid_argument', 'name a --stage or an --alias')
      }
      return withApp(options, async (app, { out }) => {
        const { mlflow, project } = app
        const { registry } = mlflow
        const actor = userInfo().username
        const archiveExisting = !options.keepExisting && (stage === 'Production' || stage === 'Staging')
        if (stage) await registry.transition({ name, version, stage, archiveExisting, actor, comment })
        if (alias) await registry.setAlias({ name, version, alias, actor, comment })
        const now = await registry.getVersion(name, version)
        out.document(now)
        if (stage === 'Production' && project.tracking === null && !isOwn(now.location)) {
          out.progress(`not served: ${notOurs(now).message}`)
        }
        out.line(`${name} ${version}: ${now.stage}${now.aliases.length > 0 ? `, ${now.aliases.join(', ')}` : ''}`)
        if (project.tracking === null)
          await printLink(app, out, `/models/${encodeURIComponent(name)}/versions/${version}`)
      })
    },
  )
}

function versionArgument(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('write a version number, such as 2')
}
