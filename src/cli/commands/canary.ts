import { userInfo } from 'node:os'
import { type Command, InvalidArgumentError } from 'commander'
import type { App } from '../../app.ts'
import { PlatformError } from '../../base/errors.ts'
import { displayInstant } from '../../base/instant.ts'
import { shareSaid } from '../../registry/arm-words.ts'
import { canaryMove, stageMove } from '../../registry/asked-moves.ts'
import { saysOf } from '../../registry/promotion-words.ts'
import { armsOf, requireOwnVersions } from '../../serving/arms/routes.ts'
import { type CommonOptions, common } from '../options.ts'
import type { Output } from '../output.ts'
import { withApp } from '../with-app.ts'

type Options = CommonOptions & { share?: number; promote?: boolean; rollBack?: boolean; reason?: string }

export function define(command: Command): void {
  command
    .argument('<model>', 'a registered model')
    .argument('[version]', 'the version to try, or that is tried; without it the arms are listed', versionArgument)
    .option(
      '--share <share>',
      'of the keys that it answers for: 5% or 0.05; again with more to let it grow',
      shareArgument,
    )
    .option('--promote', 'it comes to Production')
    .option('--roll-back', "its keys are the champion's again")
    .option('--reason <text>', 'why, for the history')
  common(command, "canary streamflow_churn 3 --share 5% --reason 'AUC 0.86 against 0.84'").action(
    (name: string, version: number | undefined, options: Options) =>
      withApp(options, async (app, { out }) => {
        requireOwnVersions(app.project)
        if (version === undefined) return listArms(app, name, out)
        const said = { actor: userInfo().username, comment: requireReason(options.reason) }
        const { share, promote = false, rollBack = false } = options
        if ([share !== undefined, promote, rollBack].filter(Boolean).length !== 1) {
          throw new PlatformError('invalid_argument', 'name one of --share, --promote and --roll-back')
        }
        if (rollBack) {
          const was = await app.registry.stopArm(name, version, said)
          out.document(was)
          return out.line(`version ${version} of ${name} is rolled back: its keys are the champion's again`)
        }
        const move = promote
          ? stageMove({ name, version, stage: 'Production', archiveExisting: true })
          : canaryMove({ name, version, share: share ?? 0 })
        const asked = await app.registry.promote(move, said)
        out.document(asked)
        if (asked.state === 'waiting') {
          return out.line(`${saysOf(asked.request)}: request ${asked.request.id} waits for another pair of eyes`)
        }
        out.line(
          promote
            ? `version ${version} of ${name} is in Production`
            : `version ${version} of ${name} answers for ${shareSaid(share ?? 0)} of the keys`,
        )
      }),
  )
}

/** The versions that answer, or are tried, with what they came to on all servers. */
export async function listArms({ db, registry }: App, name: string, out: Output): Promise<void> {
  await registry.getModel(name)
  const arms = await armsOf({ sql: db, registry }, name)
  out.document(arms)
  if (arms.length === 0) return out.line(`no version of ${name} is in Production, and none is tried`)
  const short = (value: number | null | undefined) => (value == null ? null : Number(value.toPrecision(3)))
  out.table(
    ['version', 'arm', 'keys', 'answered', 'failed', 'p99 ms', 'mean score', 'differs', 'since'],
    arms.map(({ version, role, share, numbers, began_at: began }) => [
      version,
      role,
      role === 'shadow' ? null : shareSaid(share),
      numbers?.rows ?? null,
      numbers?.failed ?? null,
      short(numbers?.p99_ms),
      short(numbers?.mean_score),
      role === 'shadow' && numbers?.differs_share != null
        ? shareSaid(Number(numbers.differs_share.toPrecision(3)))
        : null,
      began === null ? null : displayInstant(began),
    ]),
  )
}

export function versionArgument(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('write a version number, such as 2')
}

export function requireReason(reason: string | undefined): string {
  if (reason !== undefined && reason.trim() !== '') return reason
  throw new PlatformError('invalid_argument', 'say why: --reason TEXT')
}

function shareArgument(text: string): number {
  const found = /^(\d+(?:\.\d+)?)(%?)$/.exec(text.replace(/\s+%$/, '%'))
  const share = found ? Number((Number(found[1]) / (found[2] === '%' ? 100 : 1)).toPrecision(12)) : Number.NaN
  if (share > 0 && share <= 1) return share
  throw new InvalidArgumentError('write a share of the keys, such as 5% or 0.05')
}
