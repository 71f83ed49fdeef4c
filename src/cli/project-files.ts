/** What `weir init` puts beside the project file, so that an editor and npm understand the folder. */
import { readFile } from 'node:fs/promises'
import { basename, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Weir's own folder, seen from src/cli or dist/cli. */
const PACKAGE = fileURLToPath(new URL('../..', import.meta.url))

type Json = Record<string, unknown>

/** The files of a new project in `folder`, by name. */
export async function projectFiles(folder: string): Promise<Record<string, string>> {
  return {
    'package.json': text(await newPackage(folder)),
    'tsconfig.json': text(TSCONFIG),
    '.gitignore': 'node_modules/\n.weir/\n',
    'README.md': readme(basename(folder)),
  }
}

/**
 * `npm install FILE.tgz` in an empty folder makes a package.json that says nothing but what to install. Such a one gets
 * the rest; undefined where it says more, as then it is its owner's and is left alone.
 */
export async function completedPackage(folder: string, there: string): Promise<string | undefined> {
  const found = objectIn(there)
  if (found === undefined) return undefined
  const said = Object.keys(found).filter((key) => key !== 'dependencies' && key !== 'devDependencies')
  if (said.length > 0) return undefined
  const own = await newPackage(folder)
  const merged = (key: 'dependencies' | 'devDependencies') => ({
    ...(own[key] as Json),
    ...((found as Json)[key] as Json),
  })
  return text({ ...own, dependencies: merged('dependencies'), devDependencies: merged('devDependencies') })
}

/**
 * Weir is named by its place on this machine: the registry has a package of another owner under this name. No install
 * script is needed (our own package.json names them): what that of PostgreSQL's package does is done at the first start.
 */
async function newPackage(folder: string): Promise<Json> {
  const own = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
    devDependencies?: Record<string, string>
    allowScripts: Record<string, false>
  }
  return {
    name: packageName(basename(folder)),
    private: true,
    type: 'module',
    scripts: { check: 'weir check', up: 'weir up', types: 'tsc --noEmit' },
    dependencies: { weir: `file:${relative(folder, PACKAGE).replaceAll('\\', '/')}` },
    devDependencies: { typescript: own.devDependencies?.typescript ?? '*' },
    allowScripts: own.allowScripts,
  }
}

/** `module: preserve` reads `import` as Node and bundlers do, whatever package.json says of its type. */
const TSCONFIG = {
  compilerOptions: {
    target: 'es2023',
    module: 'preserve',
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    types: [],
  },
  include: ['*.ts'],
}

function readme(name: string): string {
  return `# ${name}

A project of Weir: tables in, checked and versioned; features, a model and live predictions out.

    npm install                              # Weir itself, and the types that an editor shows
    npx weir check                           # is weir.config.ts right?
    npx weir ingest DIR --as-of 2024-01-31   # a folder with a file for each source
    npx weir train MODEL --as-of 2024-01-31
    npx weir up                              # serves at http://127.0.0.1:8000, its API at /docs
`
}

/** What npm takes as a name: small letters, digits, '-', '_' and '.', neither of the last two first. */
function packageName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+|-+$/g, '')
  return name === '' || name === 'weir' ? 'weir-project' : name
}

function objectIn(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Json) : undefined
  } catch {
    return undefined
  }
}

function text(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
