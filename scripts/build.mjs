// Compiles src/ to dist/ and copies the SQL migrations beside it. Runs when npm has installed, before `npm pack` and before
// tests; half a second. Types are the business of `npm run types`. It is made elsewhere first, then only what differs is
// moved to dist/, each file at once, and what has no source any more is deleted: a process that runs from dist/ meanwhile
// never finds a file empty or half written.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'

/** Of a kernel whose threads work on one memory. */
const SHARED = ['--enable', 'threads', '--sharedMemory', '--initialMemory', '2', '--maximumMemory', '65536']

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
const tsc = join(root, 'node_modules/typescript/bin/tsc')

// Beside dist/, so that the source maps point to the same places.
const made = mkdtempSync(join(root, '.build-'))
mkdirSync(dist, { recursive: true })
try {
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--noCheck', '--outDir', made], {
    cwd: root,
    stdio: 'inherit',
  })
  cpSync(join(root, 'src/db/migrations'), join(made, 'db/migrations'), { recursive: true })
  buildKernel('boosting', 'ml/learn/boosting', SHARED)
  buildKernel('trees', 'ml/model')
  buildKernel('shap', 'ml/explain')
  buildConsole()
  const files = filesIn(made)
  for (const file of files) {
    if (sameBytes(join(made, file), join(dist, file))) continue
    mkdirSync(dirname(join(dist, file)), { recursive: true })
    renameSync(join(made, file), join(dist, file))
  }
  for (const file of filesIn(dist)) if (!files.includes(file)) rmSync(join(dist, file), { force: true })
} finally {
  rmSync(made, { recursive: true, force: true })
}

/**
 * Loops that take the time as WebAssembly: kernels/NAME.ts becomes NAME.wasm in the folder of the TypeScript that uses it.
 * Compiling takes some seconds: it is done anew only when the source, the options or the compiler have changed, which the
 * file beside it remembers.
 */
function buildKernel(name, folder, more = []) {
  const compiler = join(root, 'node_modules/assemblyscript')
  // Everything works without, in about twice the time.
  if (!existsSync(compiler)) return
  const options = [
    '-O3',
    '--noAssert',
    '--runtime',
    'stub',
    '--importMemory',
    '--enable',
    'simd',
    '--memoryBase',
    '1024',
    ...more,
  ]
  const source = join(root, `kernels/${name}.ts`)
  const { version } = JSON.parse(readFileSync(join(compiler, 'package.json'), 'utf8'))
  const madeOf = createHash('sha256')
    .update([readFileSync(source, 'utf8'), version, ...options].join('\n'))
    .digest('hex')
  const [wasm, sum] = [join(folder, `${name}.wasm`), join(folder, `${name}.wasm.made-of`)]
  mkdirSync(join(made, folder), { recursive: true })
  if (existsSync(join(dist, sum)) && existsSync(join(dist, wasm)) && readFileSync(join(dist, sum), 'utf8') === madeOf) {
    cpSync(join(dist, wasm), join(made, wasm))
  } else {
    const output = ['-o', join(made, wasm)]
    execFileSync(process.execPath, [join(compiler, 'bin/asc.js'), source, ...output, ...options], {
      cwd: root,
      stdio: 'inherit',
    })
  }
  writeFileSync(join(made, sum), madeOf)
}

/**
 * The console: Vite makes it, then each file is compressed once for all who will ask. It takes some seconds, so it is made
 * anew only when its source or one of its libraries has changed.
 */
function buildConsole() {
  const vite = join(root, 'node_modules/vite/bin/vite.js')
  // An installation without the libraries of development: the server says that there is no console.
  if (!existsSync(vite)) return
  const sources = ['console', 'src/wire', 'src/plots'].flatMap((folder) =>
    filesIn(join(root, folder))
      .sort()
      .map((file) => join(folder, file)),
  )
  const sum = createHash('sha256')
  for (const file of ['package-lock.json', 'scripts/build.mjs', ...sources]) {
    sum.update(`${file}\n`).update(readFileSync(join(root, file)))
  }
  const madeOf = sum.digest('hex')
  const [before, now] = [join(dist, 'console'), join(made, 'console')]
  const remembered = join(before, 'made-of')
  if (existsSync(remembered) && readFileSync(remembered, 'utf8') === madeOf) {
    cpSync(before, now, { recursive: true })
    return
  }
  const config = join(root, 'console/vite.config.ts')
  execFileSync(process.execPath, [vite, 'build', '--config', config, '--outDir', now, '--logLevel', 'warn'], {
    cwd: root,
    stdio: 'inherit',
    // Under a test runner it is 'test', with which Vite would take React's build for development: half as large again.
    env: { ...process.env, NODE_ENV: 'production' },
  })
  for (const file of filesIn(now)) compress(join(now, file))
  writeFileSync(join(now, 'made-of'), madeOf)
}

function compress(path) {
  const bytes = readFileSync(path)
  if (bytes.length < 1024) return
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
  writeFileSync(`${path}.br`, brotliCompressSync(bytes))
}

function filesIn(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
}

function sameBytes(a, b) {
  return existsSync(b) && readFileSync(a).equals(readFileSync(b))
}
