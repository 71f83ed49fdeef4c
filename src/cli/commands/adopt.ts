import type { Command } from 'commander'
import { openDatabase } from '../../db/db.ts'
import { adoptHome } from '../../home/home.ts'
import { storesOf } from '../../home/stores.ts'
import { openObjectStore } from '../../lake/open-store.ts'
import { type CommonOptions, common } from '../options.ts'
import { openContext } from '../with-app.ts'

export function define(command: Command): void {
  command.addHelpText(
    'after',
    '\nA store is changed only where it is given here, by --objects or --online; end the other processes of the home first.',
  )
  common(command, 'adopt --objects s3://bucket/weir').action(adopt)
}

async function adopt(options: CommonOptions): Promise<void> {
  const { project, settings, log, out } = await openContext(options)
  const db = await openDatabase({ home: settings.home, url: settings.databaseUrl, log })
  const objects = await openObjectStore(settings).catch(async (error: unknown) => {
    await db.close()
    throw error
  })
  try {
    const deps = { sql: db, objects, project, stores: storesOf(settings) }
    const moved = { objects: options.objects !== undefined, online: options.online !== undefined }
    const home = await adoptHome(deps, moved)
    out.document(home)
    out.line(`${deps.stores.database} (home ${home.id}) belongs to the project '${home.project}'`)
    for (const { what, from, to } of home.changes) out.line(`${what}: ${from} before, ${to} now`)
    if (home.changes.some(({ what }) => what === 'online')) out.line('Bring the live features there: weir materialize')
  } finally {
    await objects.close()
    await db.close()
  }
}
