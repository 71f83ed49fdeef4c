import { PlatformError } from '../base/errors.ts'

/** Names the code that this process runs, as it is now; null where that cannot be told. */
export type BuildName = () => Promise<string | null>

/** Refuses to go on with what another build began: what is recorded and what comes would be of two different programs. */
export function requireSameBuild(flow: string, was: string | null, now: string | null): void {
  if (was === null || was === now) return
  throw new PlatformError(
    'conflict',
    `this run of '${flow}' was submitted with another build of Weir than this process has (its code, its package-lock.json, ` +
      'its Node or its platform differ). Nothing more is done. To finish it, start `weir worker` of that build before you give the ' +
      'command again there; or give the command again here, and it starts from the beginning',
  )
}
