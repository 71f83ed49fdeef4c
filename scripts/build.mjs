// Compiles src/ to dist/ and copies the SQL migrations beside it. Runs at `npm ci` (prepare) and before tests.
import { execFileSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url))

rmSync(`${root}/dist`, { recursive: true, force: true })
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
cpSync(`${root}/src/db/migrations`, `${root}/dist/db/migrations`, { recursive: true })
