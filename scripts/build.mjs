// Compiles src/ to dist/ and copies the SQL migrations beside it. Runs at `npm ci` (prepare) and before tests, half a
// second. Types are the business of `npm run types`. Files are replaced in place and only what has no source any more is
// deleted, so that a process that runs from dist/ meanwhile never finds it empty.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
const tsc = join(root, 'node_modules/typescript/bin/tsc')

execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--noCheck'], { cwd: root, stdio: 'inherit' })
cpSync(join(root, 'src/db/migrations'), join(dist, 'db/migrations'), { recursive: true })

for (const file of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
  const source = join(root, 'src', file.replace(/\.(d\.ts|js|js\.map)$/, '.ts'))
  if (/\.(ts|js|map)$/.test(file) && !existsSync(source)) rmSync(join(dist, file))
  if (file.endsWith('.sql') && !existsSync(join(root, 'src', file))) rmSync(join(dist, file))
}
