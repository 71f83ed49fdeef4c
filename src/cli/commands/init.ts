import { cp, mkdir, readdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { PlatformError } from '../../base/errors.ts'
import { createOutput } from '../output.ts'

const EXAMPLE = fileURLToPath(new URL('../../../examples/streamflow', import.meta.url))

export function define(command: Command): void {
  command
    .argument('<dir>', 'folder to make; it must be empty or not there yet')
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExample:\n  $ npx weir init my-project')
    .action(init)
}

async function init(dir: string, options: { json?: boolean }): Promise<void> {
  const folder = resolve(dir)
  const there = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw new PlatformError('invalid_argument', `${folder} is no folder that can be read: ${error.code}`)
  })
  if (there.length > 0) {
    throw new PlatformError(
      'already_exists',
      `${folder} is not empty (${there.slice(0, 3).join(', ')}); name a new folder`,
    )
  }
  await mkdir(folder, { recursive: true })
  await cp(EXAMPLE, folder, { recursive: true, filter: (source) => !source.endsWith('.weir') })
  const out = createOutput(options)
  const next = [
    `npx weir check --project ${dir}`,
    `npx weir ingest DIR --as-of 2024-01-31 --project ${dir}`,
    `npx weir up --project ${dir}`,
  ]
  out.document({ dir: folder, next })
  out.line(`${folder} has the reference project now: edit weir.config.ts, then`)
  for (const line of next) out.line(`  ${line}`)
}
