import { constants } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { PlatformError } from '../../base/errors.ts'
import { CONFIG_FILE } from '../../config/load.ts'
import { createOutput } from '../output.ts'
import { completedPackage, projectFiles } from '../project-files.ts'

const EXAMPLE = fileURLToPath(new URL(`../../../examples/streamflow/${CONFIG_FILE}`, import.meta.url))

export function define(command: Command): void {
  command
    .argument('<dir>', 'folder of the project; it is made where it is not there yet')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nA file that is there already is kept as it is; a folder with a weir.config.ts is refused.' +
        '\n\nExample:\n  $ npx weir init my-project',
    )
    .action(init)
}

async function init(dir: string, options: { json?: boolean }): Promise<void> {
  const folder = resolve(dir)
  const there = await namesIn(folder)
  if (there.includes(CONFIG_FILE)) {
    throw new PlatformError(
      'already_exists',
      `${folder} has a ${CONFIG_FILE} already, so it is a project; name another folder`,
    )
  }
  await mkdir(folder, { recursive: true })
  await copyFile(EXAMPLE, join(folder, CONFIG_FILE), constants.COPYFILE_EXCL)
  const written = [CONFIG_FILE]
  const kept: string[] = []
  for (const [name, content] of Object.entries(await projectFiles(folder))) {
    const done = there.includes(name) ? await complete(folder, name) : await writeNew(join(folder, name), content)
    if (done) written.push(name)
    else kept.push(name)
  }
  const next = [
    ...(folder === process.cwd() ? [] : [`cd ${dir}`]),
    'npm install',
    'npx weir check',
    'npx weir ingest DIR --as-of 2024-01-31',
    'npx weir up',
  ]
  const out = createOutput(options)
  out.document({ dir: folder, written, kept, next })
  out.line(`${folder} has the reference project now (${written.join(', ')}): edit ${CONFIG_FILE}, then`)
  for (const line of next) out.line(`  ${line}`)
  if (kept.length > 0) out.line(`Kept as it was: ${kept.join(', ')}`)
}

async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw new PlatformError('invalid_argument', `${folder} cannot be read as a folder: ${error.code}`)
  })
}

async function writeNew(file: string, content: string): Promise<true> {
  await writeFile(file, content, { flag: 'wx' })
  return true
}

/** Only the bare package.json of an `npm install` is added to; see `completedPackage`. */
async function complete(folder: string, name: string): Promise<boolean> {
  if (name !== 'package.json') return false
  const file = join(folder, name)
  const completed = await completedPackage(folder, await readFile(file, 'utf8'))
  if (completed === undefined) return false
  await writeFile(file, completed)
  return true
}
